#include "worker/delivery/sender.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "lib/json/json_text.h"

namespace o365 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StandingClock : public Clock {
  public:
    time_point now() const noexcept override { return now_; }
    time_point now_{seconds(1000)};
};

// Ends every POST with what a test says, in the next run_once().
class Script : public Transport {
  public:
    void post(const Secret& /*url*/, std::string body, MayStart /*may_start*/, Done done,
              milliseconds /*timeout*/) override {
        if (refuses) throw std::runtime_error("libcurl took no further request");
        bodies.push_back(std::move(body));
        under_way_.push_back(std::move(done));
    }
    int in_flight() const noexcept override { return static_cast<int>(under_way_.size()); }
    void run_once(milliseconds /*longest*/) override {
        for (const Done& done : std::exchange(under_way_, {})) done(result);
    }
    void wake() noexcept override {}

    bool refuses = false;
    PostResult result;
    std::vector<std::string> bodies;

  private:
    std::vector<Done> under_way_;
};

struct Posting {
    Posting() {
        auto settings = std::make_shared<SettingsSnapshot>();
        settings->hosts = AllowList({{"connector", "one.example", false, 443, "one.example"},
                                     {"workflow", "two.example", false, 443, "two.example"}});
        settings->classifier = Classifier(*parse_json(
            R"([{"rule_id": 1, "name": "a count", "dialect": "connector", "status_from": 200, "status_to": 299,
                 "body_pattern": "^1$", "outcome": "delivered"},
                {"rule_id": 2, "name": "accepted", "dialect": "workflow", "status_from": 200, "status_to": 299,
                 "body_pattern": null, "outcome": "accepted"}])"));
        settings->others = 1;
        sender.use(std::move(settings));
    }

    // What is reported of a lane with these cards.
    LaneReport report_of(const std::string& dialect, std::vector<std::string> bodies) {
        auto lane = std::make_shared<Lane>(Claimed{.lease = {7, 1, 1}, .dialect = dialect, .lasts = seconds(60)},
                                           clock.now(), milliseconds(20000));
        lane->webhook = std::make_shared<const OpenWebhook>(
            Secret(dialect == "workflow" ? "https://two.example/x" : "https://one.example/webhookb2/x"));
        lane->checked_at = lane->fetched_at = clock.now();
        for (std::string& body : bodies) {
            Card card;
            card.position = card.card_id = static_cast<std::int64_t>(lane->cards.size() + 1);
            card.body = std::move(body);
            lane->cards.push_back(std::move(card));
        }
        sender.send({lane});
        sender.step(milliseconds(0));
        sender.step(milliseconds(0));
        std::vector<LaneReport> reports = sender.take_reports();
        BOOST_REQUIRE(reports.size() == 1U);
        BOOST_TEST(reports[0].releases);
        return std::move(reports[0]);
    }

    StandingClock clock;
    Script script;
    Sender sender{script, clock, 10};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sender_tests, Posting)

BOOST_AUTO_TEST_CASE(a_post_that_cannot_be_begun_is_a_fault_of_this_side_and_no_evidence_against_the_far_end) {
    script.refuses = true;
    const LaneReport report = report_of("connector", {R"({"text": "x"})"});
    BOOST_REQUIRE(report.results.size() == 1U);
    BOOST_TEST(report.results[0].judgement.outcome == "fault");
    BOOST_TEST(report.results[0].judgement.problem ==
               "the worker cannot post the card: libcurl took no further request");
    BOOST_TEST(report.results[0].http_status == 0);
    BOOST_TEST(!report.results[0].took.has_value(), "no POST was made");
}

BOOST_AUTO_TEST_CASE(f8_our_side_leaves_the_lanes_to_other_workers_and_a_host_without_a_route_only_its_own) {
    script.result.problem = "no route";
    script.result.transport = TransportStatus::no_route;
    const LaneReport lost = report_of("connector", {R"({"text": "x"})"});
    BOOST_REQUIRE(lost.results.size() == 1U);
    BOOST_TEST(lost.results[0].judgement.outcome == "held");
    BOOST_TEST(!lost.results[0].retry_after.has_value(), "half a minute, as the database has it");
    BOOST_TEST(!lost.results[0].took.has_value());
    BOOST_TEST(!sender.leaves_lanes_to_others());
    script.result.transport = TransportStatus::our_side;
    const LaneReport down = report_of("connector", {R"({"text": "x"})"});
    BOOST_REQUIRE(down.results.size() == 1U);
    BOOST_TEST(down.results[0].judgement.outcome == "held");
    BOOST_TEST(down.results[0].retry_after.value_or(-1) == 0);
    BOOST_TEST(sender.leaves_lanes_to_others());
}

BOOST_AUTO_TEST_CASE(f2_a_success_that_breaks_off_ends_the_card_of_a_workflow_and_not_that_of_a_connector) {
    script.result.transport = TransportStatus::in_doubt;
    script.result.status = 202;
    script.result.problem = "no answer in time";
    const LaneReport taken = report_of("workflow", {R"({"text": "x"})"});
    BOOST_REQUIRE(taken.results.size() == 1U);
    BOOST_TEST(taken.results[0].judgement.outcome == "accepted");
    BOOST_TEST(taken.results[0].http_status == 202);
    const LaneReport lost = report_of("connector", {R"({"text": "x"})", R"({"text": "y"})"});
    BOOST_REQUIRE(lost.results.size() == 1U);
    BOOST_TEST(lost.results[0].judgement.outcome == "in_doubt");
    BOOST_TEST(lost.results[0].http_status == 0, "which the database reads as an answer that was lost");
    BOOST_TEST(script.bodies.size() == 2U, "the card behind it stays");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
