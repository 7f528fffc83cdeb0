#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "lib/json_text.h"
#include "sandbox/answers.h"

using namespace o365;

namespace {

std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers()) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox_answers_tests)

BOOST_AUTO_TEST_CASE(every_answer_has_the_words_that_were_seen) {
    const auto body = [](std::string_view name) { return make_answer("connector", name, 0).body; };
    BOOST_TEST(body("ok") == "1");
    BOOST_TEST(body("400-in-200-short").ends_with("returned HTTP error 400 with ContextId 01=2.."));
    BOOST_TEST(body("404-provider").starts_with("Unknown Connector provider "));
    BOOST_TEST(body("get") == "Invalid webhook request - GET not supported");
    BOOST_TEST(make_answer("connector", "get", 0).status == 405);
    BOOST_TEST(make_answer("connector", "no such answer", 0).status == 500);
    for (const Answer& answer : answers()) BOOST_TEST(make_answer("connector", answer.name, 0).status == answer.status);
}

BOOST_AUTO_TEST_CASE(errors_of_a_workflow_are_json) {
    for (const Answer& answer : answers()) {
        const Response response = make_answer("workflow", answer.name, 7);
        if (response.status < 400 || response.status == 405 || response.status == 410) continue;
        BOOST_TEST(header(response, "Content-Type") == "application/json; charset=utf-8", answer.name);
        const auto error = parse_json(response.body);
        BOOST_REQUIRE(error.has_value());
        BOOST_TEST(!(*error)["error"]["code"].asString().empty(), answer.name);
        BOOST_TEST(!(*error)["error"]["message"].asString().empty(), answer.name);
        BOOST_TEST(header(response, "Retry-After") == "7", answer.name);
    }
    BOOST_TEST(make_answer("workflow", "ok", 0).status == 202);
    BOOST_TEST(header(make_answer("connector", "429", 0), "Content-Type") == "text/plain; charset=utf-8");
}

BOOST_AUTO_TEST_CASE(a_pace_changes_when_and_not_what) {
    for (const char* name : {"ok", "400-text", "429"}) {
        const Response slow = make_answer("connector", name, 0, "slow");
        BOOST_TEST(slow.after.count() == 3000, name);
        BOOST_TEST(slow.body == make_answer("connector", name, 0).body, name);
        BOOST_TEST(header(make_answer("connector", name, 0, "slow-answer"), "X-Accel-Limit-Rate") == "100", name);
    }
    BOOST_TEST(make_answer("connector", "ok", 0).after.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_body_is_judged_by_the_kind_of_webhook) {
    BOOST_TEST(judge_body(R"({"text": "x"})") == "ok");
    BOOST_TEST(judge_body(R"({"text": " "})") == "400-text");
    BOOST_TEST(judge_body(R"({"text": "x", "text": "y"})") == "400-json");
    BOOST_TEST(judge_body(R"({"text": "x", "n": 1e999})") == "400-json");
    BOOST_TEST(judge_body(R"({"text": "\udc00"})") == "400-json");
    BOOST_TEST(judge_trigger(R"({"text": 5})") == "ok");
    BOOST_TEST(judge_trigger("no JSON") == "400-json");
}

BOOST_AUTO_TEST_SUITE_END()
