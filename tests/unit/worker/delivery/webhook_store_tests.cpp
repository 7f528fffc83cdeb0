// What opens webhooks, with real keys and messages: one that pgcrypto sealed to the RSA key, the others sealed here.
#include "worker/delivery/webhook_store.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace o365 {
namespace {

std::string contents(const std::string& name) {
    std::ifstream file(std::string(O365_SOURCE_DIR "/tests/fixtures/") + name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The RSA key that the fixture is sealed to, and a symmetric one.
const Secret& file_text() {
    static const Secret text(contents("rsa_secret_key_that_expires.asc") +
                             "symmetric sym-22a48051 QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n");
    return text;
}

class SetClock : public Clock {
  public:
    time_point now() const noexcept override { return now_; }
    void pass(duration time) { now_ += time; }

  private:
    time_point now_{std::chrono::hours(1)};
};

// The database: webhooks by subscription, and what was adopted.
class SecretsOutbox : public Outbox {
  public:
    std::vector<SealedWebhook> rows;
    std::vector<SealedWebhook> adopted;
    std::optional<Fault> adopt_fails;
    std::vector<std::size_t> asked;  // how many at once

    std::vector<SealedWebhook> secrets(const std::vector<std::int64_t>& ids) override {
        asked.push_back(ids.size());
        std::vector<SealedWebhook> found;
        for (const SealedWebhook& row : rows) {
            if (std::find(ids.begin(), ids.end(), row.subscription_id) != ids.end()) found.push_back(row);
        }
        return found;
    }
    void adopt(std::int64_t id, int version, const SealedMessage& message) override {
        if (adopt_fails) throw DatabaseError(*adopt_fails, "57014", "the database's words");
        adopted.push_back({id, version, message});
    }
    SettingsSnapshot start() override { return nothing_else<SettingsSnapshot>(); }
    SettingsSnapshot heartbeat() override { return nothing_else<SettingsSnapshot>(); }
    void describe(const std::vector<std::string>& /*key_ids*/) override { nothing_else<int>(); }
    std::vector<std::string> keys_in_use() override { return nothing_else<std::vector<std::string>>(); }
    void stop(bool /*comes_back*/) override { nothing_else<int>(); }
    ReportedAndClaimed report_and_claim(const std::vector<Ended>& /*ended*/, int /*lanes*/) override {
        return nothing_else<ReportedAndClaimed>();
    }
    std::vector<std::vector<Card>> cards(const std::vector<Lease>& /*leases*/, int /*bytes*/) override {
        return nothing_else<std::vector<std::vector<Card>>>();
    }
    std::vector<Rechecked> recheck(const std::vector<Lease>& /*leases*/) override {
        return nothing_else<std::vector<Rechecked>>();
    }
    Backlog backlog() override { return nothing_else<Backlog>(); }
    void end_by(Clock::time_point /*when*/) noexcept override {}
    void close() noexcept override {}

  private:
    template <typename T>
    static T nothing_else() {
        throw std::logic_error("the store asks for secrets and adopts, and nothing else");
    }
};

struct Opening {
    Opening() {
        ring.emplace(file_text(), "keys");
        store.emplace(*ring, "keys", outbox, clock);
    }
    // A lane of version 1, whose lease lasts for a minute.
    std::shared_ptr<Lane> lane(std::int64_t id, int version = 1) const {
        Claimed claimed;
        claimed.lease = {id, 1, version};
        claimed.dialect = "connector";
        claimed.lasts = std::chrono::seconds(60);
        return std::make_shared<Lane>(claimed, clock.now(), std::chrono::seconds(10));
    }
    void seal(std::int64_t id, const std::string& text) { outbox.rows.push_back({id, 1, ring->seal(Secret(text))}); }
    void seal(std::int64_t id) {
        seal(id, R"({"purpose": "webhook", "id": ")" + std::to_string(id) +
                     R"(", "webhook": "https://far.example/webhookb2/)" + std::to_string(id) + "\"}");
    }
    // As pgcrypto sealed it to the RSA key.
    void seal_to_rsa() { outbox.rows.push_back({7, 1, {ring->rsa().key_id, contents("webhook_sealed_to_rsa.asc")}}); }
    std::vector<std::shared_ptr<Lane>> open(bool stopping = false) {
        std::vector<std::shared_ptr<Lane>> ready;
        store->open([&](const std::shared_ptr<Lane>& lane) { ready.push_back(lane); }, stopping);
        return ready;
    }
    std::shared_ptr<Lane> open(const std::shared_ptr<Lane>& lane, bool stopping = false) {
        store->add(lane);
        const auto ready = open(stopping);
        BOOST_REQUIRE(ready.size() == 1U);
        BOOST_TEST(store->idle());
        return ready.front();
    }

    SetClock clock;
    SecretsOutbox outbox;
    std::optional<KeyRing> ring;
    std::optional<WebhookStore> store;
};

std::string address(const Lane& lane) { return lane.webhook ? lane.webhook->text.reveal() : std::string(); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(webhook_store_tests, Opening)

BOOST_AUTO_TEST_CASE(a_webhook_is_opened_once_and_kept_for_its_version) {
    seal(1);
    BOOST_TEST(address(*open(lane(1))) == "https://far.example/webhookb2/1");
    BOOST_TEST(outbox.adopted.empty());
    const auto again = lane(1);
    BOOST_TEST(store->find(*again));
    BOOST_TEST(address(*again) == "https://far.example/webhookb2/1");
    BOOST_TEST(!store->find(*lane(1, 2)), "it was renewed");
    BOOST_TEST(!store->find(*lane(2)));
    store->forget(1);
    BOOST_TEST(!store->find(*lane(1)));
}

BOOST_AUTO_TEST_CASE(a_webhook_that_nobody_uses_for_ten_minutes_is_forgotten) {
    seal(1);
    seal(2);
    open(lane(1));
    open(lane(2));
    clock.pass(std::chrono::minutes(9));
    BOOST_TEST(store->find(*lane(2)));
    store->forget_unused();
    BOOST_TEST(store->find(*lane(1)));
    clock.pass(std::chrono::minutes(11));
    BOOST_TEST(store->find(*lane(2)), "using it counts");
    store->forget_unused();
    BOOST_TEST(!store->find(*lane(1)));
    BOOST_TEST(store->find(*lane(2)));
}

BOOST_AUTO_TEST_CASE(a_webhook_under_the_rsa_key_is_opened_and_sealed_anew_under_a_symmetric_one) {
    seal_to_rsa();
    BOOST_TEST(address(*open(lane(7))) == "https://far.example/webhookb2/seven");
    BOOST_REQUIRE(outbox.adopted.size() == 1U);
    const SealedWebhook& adopted = outbox.adopted.front();
    BOOST_TEST(adopted.subscription_id == 7);
    BOOST_TEST(adopted.secret_version == 1);
    BOOST_TEST(adopted.message.key_id == "sym-22a48051");
    // The whole message, the object id with it.
    BOOST_TEST(ring->open(adopted.message.key_id, adopted.message.sealed).reveal() ==
               ring->open(ring->rsa().key_id, contents("webhook_sealed_to_rsa.asc")).reveal());
}

BOOST_AUTO_TEST_CASE(a_webhook_that_cannot_be_adopted_serves_all_the_same) {
    seal_to_rsa();
    outbox.adopt_fails = Fault::retry;
    BOOST_TEST(address(*open(lane(7))) == "https://far.example/webhookb2/seven");
    store->forget(7);
    // Nothing can be said to a database that is gone: the caller hears of it, and the lane is on its way.
    outbox.adopt_fails = Fault::down;
    store->add(lane(7));
    std::vector<std::shared_ptr<Lane>> ready;
    BOOST_CHECK_THROW(store->open([&](const std::shared_ptr<Lane>& lane) { ready.push_back(lane); }, false),
                      DatabaseError);
    BOOST_REQUIRE(ready.size() == 1U);
    BOOST_TEST(address(*ready.front()) == "https://far.example/webhookb2/seven");
    BOOST_TEST(store->idle());
}

BOOST_AUTO_TEST_CASE(whoever_stops_or_is_too_late_opens_nothing_by_rsa) {
    seal_to_rsa();
    const auto stopped = open(lane(7), true);
    BOOST_TEST(!stopped->webhook);
    BOOST_TEST(stopped->cannot_send.empty());
    const auto late = lane(7);
    clock.pass(std::chrono::seconds(50));
    BOOST_TEST(!open(late)->webhook);
    BOOST_TEST(late->cannot_send.empty());
}

BOOST_AUTO_TEST_CASE(a_webhook_that_was_removed_or_renewed_since_the_claim_is_not_opened) {
    seal(1);
    for (const auto& one : {lane(1, 2), lane(3)}) {
        const auto ready = open(one);
        BOOST_TEST(!ready->webhook);
        BOOST_TEST(ready->cannot_send.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_left_to_whoever_has_it_and_a_wrong_message_suspends) {
    seal(1);
    outbox.rows.back().message.key_id = "sym-00000000";
    const auto missing = open(lane(1));
    BOOST_TEST(missing->cannot_send_outcome == "cannot_open");
    BOOST_TEST(missing->cannot_send.find("sym-00000000") != std::string::npos);
    // Damaged; of another subscription; of another purpose; no webhook inside.
    seal(2);
    outbox.rows.back().message.sealed.resize(40);
    seal(3, R"({"purpose": "webhook", "id": "4", "webhook": "https://far.example/webhookb2/4"})");
    seal(5, R"({"purpose": "other", "id": "5", "webhook": "https://far.example/webhookb2/5"})");
    seal(6, "no JSON");
    for (const std::int64_t id : {2, 3, 5, 6}) {
        const auto wrong = open(lane(id));
        BOOST_TEST(!wrong->webhook, id);
        BOOST_TEST(wrong->cannot_send_outcome == "suspend", id);
        BOOST_TEST(!wrong->cannot_send.empty(), id);
        BOOST_TEST(wrong->cannot_send.find("far.example") == std::string::npos, id);
    }
}

BOOST_AUTO_TEST_CASE(webhooks_are_asked_for_32_at_a_time_and_symmetric_ones_come_first) {
    seal_to_rsa();
    store->add(lane(7));
    for (std::int64_t id = 100; id < 140; ++id) {
        seal(id);
        store->add(lane(id));
    }
    const auto ready = open();
    BOOST_TEST(ready.size() == 41U);
    BOOST_TEST((outbox.asked == std::vector<std::size_t>{32, 9}));
    BOOST_TEST(ready.back()->lease.subscription_id == 7);
}

BOOST_AUTO_TEST_CASE(lanes_that_wait_can_be_taken_back) {
    store->add(lane(1));
    store->add(lane(2));
    BOOST_TEST(!store->idle());
    BOOST_TEST(store->take_waiting().size() == 2U);
    BOOST_TEST(store->idle());
    BOOST_TEST(store->adopting() == 0U);
}

BOOST_AUTO_TEST_CASE(the_keys_are_those_of_the_file) {
    BOOST_TEST((store->key_ids() == std::vector<std::string>{ring->rsa().key_id, "sym-22a48051"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
