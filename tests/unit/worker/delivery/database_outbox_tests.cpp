// The typed calls against an installation on the server of tests/with-postgres: each function's columns by their names.
#include "worker/delivery/database_outbox.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "lib/settings/settings.h"

namespace o365 {
namespace {

using namespace std::chrono_literals;

// Made once; each test takes what it sends.
struct Installation {
    Installation() : application("dbname=outbox", "", "outbox_tests") {
        Database("dbname=postgres", "", "outbox_tests").call("create database outbox");
        const std::string install =
            "cd / && psql -qX -v ON_ERROR_STOP=1 -d outbox -f '" O365_SOURCE_DIR "/sql/install.sql' > /dev/null 2>&1";
        if (std::system(install.c_str()) != 0) throw std::runtime_error("sql/install.sql failed");  // NOLINT
        application.call("select o365.set('public_url', 'http://localhost'), o365.set('environment', 'development')");
        application.call(
            "select o365.register_connector('desk', 'Desk', decode('89504e470d0a1a0a', 'hex'), 'short', 'long', "
            "'https://example.org', '{one}', allow_anonymous => true), o365.grant_application('postgres', 'desk')");
        application.call("insert into o365_internal.sealing_key (key_id, kind) values ('sym-00000001', 'symmetric')");
        application.call(
            "insert into o365_internal.subscription (connector_id, app_user, dialect, webhook_host, status, "
            "group_name, sealed, key_id) "
            "select connector_id, 'ann', 'connector', 'far.example', 'active', 'Sales', '\\x00', 'sym-00000001' from "
            "o365_internal.connector");
        application.call(
            "insert into o365_internal.lane (subscription_id) select s.subscription_id from o365_internal.subscription "
            "as s where not exists (select from o365_internal.lane as l where l.subscription_id = s.subscription_id)");
    }
    std::int64_t subscription() {
        return application.call("select subscription_id from o365_internal.subscription").integer(0, 0);
    }
    std::int64_t send(const std::string& text) {
        return application.call("select o365.send($1, jsonb_build_object('text', $2::text))", {subscription(), text})
            .integer(0, 0);
    }
    Database application;
};

Installation& installation() {
    static Installation made;
    return made;
}

Settings settings() {
    Settings settings;
    settings.database = "dbname=outbox";
    settings.environment = "development";
    settings.worker_name = "outbox-tests";
    return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(database_outbox_tests)

BOOST_AUTO_TEST_CASE(a_card_goes_from_the_claim_to_its_end) {
    const std::int64_t card = installation().send("hello");
    DatabaseOutbox outbox(settings());
    const SettingsSnapshot first = outbox.start();
    BOOST_TEST(first.sends, first.why);
    BOOST_TEST(outbox.worker() == first.worker);
    BOOST_TEST(!first.described);
    BOOST_TEST(!first.action_key.empty());
    BOOST_TEST((first.post_timeout > 0ms));
    outbox.describe({"sym-00000001"});
    BOOST_TEST(outbox.heartbeat().described);
    BOOST_TEST(outbox.keys_in_use() == std::vector<std::string>{"sym-00000001"});

    const ReportedAndClaimed turn = outbox.report_and_claim({}, 10);
    BOOST_TEST(turn.fed == 1);
    BOOST_REQUIRE(turn.claimed.size() == 1U);
    const Lease lease = turn.claimed.front().lease;
    BOOST_TEST(lease.subscription_id == installation().subscription());
    BOOST_TEST(lease.secret_version == 1);
    BOOST_TEST(turn.claimed.front().dialect == "connector");
    BOOST_TEST((turn.claimed.front().lasts >= 30s));
    // They came with the lane, as those of few lanes do.
    BOOST_REQUIRE(turn.claimed.front().cards.has_value());
    BOOST_REQUIRE(turn.claimed.front().cards->size() == 1U);
    BOOST_TEST(turn.claimed.front().cards->front().card_id == card);
    BOOST_TEST(outbox.report_and_claim({}, 10).claimed.empty());

    const auto cards = outbox.cards({lease}, 1 << 20);
    BOOST_REQUIRE(cards.size() == 1U);
    BOOST_REQUIRE(cards.front().size() == 1U);
    BOOST_TEST(cards.front().front().card_id == card);
    BOOST_TEST(cards.front().front().body == R"({"text": "hello"})");
    BOOST_TEST(cards.front().front().ends_as.empty());
    BOOST_TEST(!cards.front().front().expires_in.has_value());
    const auto none = outbox.cards({{lease.subscription_id, lease.lease_no + 1, 1}}, 1 << 20);
    BOOST_REQUIRE(none.size() == 1U);
    BOOST_TEST(none.front().empty());

    BOOST_TEST(outbox.recheck({lease}).front().may_send);
    BOOST_TEST(!outbox.recheck({{lease.subscription_id, lease.lease_no, 2}}).front().may_send);
    const auto secrets = outbox.secrets({lease.subscription_id});
    BOOST_REQUIRE(secrets.size() == 1U);
    BOOST_TEST(secrets.front().message.key_id == "sym-00000001");
    BOOST_TEST(secrets.front().message.sealed == std::string(1, '\0'));
    BOOST_TEST(secrets.front().secret_version == 1);

    const std::vector<CardResult> results{{cards.front().front().position, {"delivered", 0, {}}, 200, {}, 7ms}};
    const Reported reported = outbox.report_and_claim({{lease, results, true}}, 0).reported;
    BOOST_TEST(reported.ended == 1);
    BOOST_TEST(reported.known == 0);
    BOOST_TEST(reported.busy.empty());
    // The same again, as after a lost answer.
    BOOST_TEST(outbox.report_and_claim({{lease, results, true}}, 0).reported.known == 1);
    const Backlog backlog = outbox.backlog();
    BOOST_TEST(backlog.due + backlog.waiting + backlog.failing + backlog.paused + backlog.suspended == 0);
    BOOST_TEST(!backlog.unfed);
    outbox.stop(true);
    BOOST_TEST(
        installation()
            .application.call("select comes_back from o365_internal.worker where worker_id = $1", {outbox.worker()})
            .boolean(0, 0));
}

BOOST_AUTO_TEST_CASE(a_card_says_how_long_it_may_leave_and_one_whose_time_has_passed_that_it_ends) {
    for (const std::string interval : {"1 hour", "-1 hour"}) {
        installation().application.call(
            "select o365.send($1, '{\"text\": \"hurry\"}', not_after => now() + $2::interval)",
            {installation().subscription(), interval});
    }
    DatabaseOutbox outbox(settings());
    outbox.start();
    const ReportedAndClaimed turn = outbox.report_and_claim({}, 10);
    BOOST_REQUIRE(turn.claimed.size() == 1U);
    const Lease lease = turn.claimed.front().lease;
    // As they come with the lane, and as they come when they are asked for.
    BOOST_REQUIRE(turn.claimed.front().cards.has_value());
    const auto asked = outbox.cards({lease}, 1 << 20);
    for (const std::vector<Card>& cards : {*turn.claimed.front().cards, asked.front()}) {
        BOOST_REQUIRE(cards.size() == 2U);
        BOOST_REQUIRE(cards.front().expires_in.has_value());
        BOOST_TEST((*cards.front().expires_in > 59min && *cards.front().expires_in <= 1h));
        BOOST_TEST(cards.front().ends_as.empty());
        BOOST_TEST(cards.back().ends_as == "expired");
    }
    const Card& timely = asked.front().front();
    const Card& late = asked.front().back();
    const std::vector<CardResult> results{{timely.position, {"delivered", 0, {}}, 200, {}, 7ms},
                                          {late.position, {late.ends_as, 0, late.reason}, 0, {}, {}}};
    BOOST_TEST(outbox.report_and_claim({{lease, results, true}}, 0).reported.ended == 2);
}

BOOST_AUTO_TEST_CASE(a_lane_that_somebody_has_locked_is_busy) {
    const std::int64_t card = installation().send("locked");
    DatabaseOutbox outbox(settings());
    outbox.start();
    const ReportedAndClaimed turn = outbox.report_and_claim({}, 10);
    BOOST_REQUIRE(turn.claimed.size() == 1U);
    const Lease lease = turn.claimed.front().lease;
    const std::vector<CardResult> results{{card, {"retry", 0, "HTTP 500: \"no\""}, 500, 3, 7ms}};
    Database other("dbname=outbox", "", "outbox_tests");
    other.call("begin");
    other.call("select from o365_internal.lane for update");
    BOOST_TEST(outbox.report_and_claim({{lease, results, true}}, 0).reported.busy ==
               std::set<std::int64_t>{lease.subscription_id});
    other.call("rollback");
    BOOST_TEST(outbox.report_and_claim({{lease, results, true}}, 0).reported.busy.empty());
    BOOST_TEST(outbox.backlog().failing == 1);
    outbox.end_by(BootClock::now());
    BOOST_CHECK_THROW(outbox.backlog(), DatabaseError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
