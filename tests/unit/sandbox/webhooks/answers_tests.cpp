#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "lib/json/json_text.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhooks/answers.h"

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

BOOST_AUTO_TEST_CASE(every_answer_says_by_which_id_support_finds_it) {
    for (const Answer& answer : answers()) {
        if (answer.name == "hang-up" || answer.name == "reset") continue;
        const std::string id = header(make_answer("connector", answer.name, 0), "request-id");
        BOOST_TEST(is_guid(id), answer.name);
        BOOST_TEST(id != header(make_answer("connector", answer.name, 0), "request-id"), answer.name);
        BOOST_TEST(header(make_answer("connector", answer.name, 0), "X-BackEndHttpStatus") ==
                   std::to_string(answer.status));
        BOOST_TEST(header(make_answer("workflow", answer.name, 0), "x-ms-request-id").starts_with("sandbox:"));
        BOOST_TEST(header(make_answer("workflow", answer.name, 0), "request-id") == "");
    }
    BOOST_TEST(is_guid(header(make_answer("connector", "other-method", 0), "request-id")));
}

// F1 to F5: answers that senders met, and the status that rules have to look at.
BOOST_AUTO_TEST_CASE(answers_that_are_seldom_have_their_words_too) {
    const auto success = parse_json(make_answer("connector", "200-serialised", 0).body);
    BOOST_TEST((*success)["isSuccessStatusCode"].asBool());
    BOOST_TEST((*success)["statusCode"].asInt() == 200);
    BOOST_TEST(make_answer("connector", "403-not-updated", 0).body == "Webhook Url is not updated");
    const auto code = [](const char* name) {
        return (*parse_json(make_answer("workflow", name, 0).body))["error"]["code"].asString();
    };
    BOOST_TEST(code("workflow-schema") == "TriggerInputSchemaMismatch");
    BOOST_TEST(code("workflow-two-authorizations") == "DirectApiRequestHasMoreThanOneAuthorization");
    BOOST_TEST(code("401-two-authorizations") == "DirectApiRequestHasMoreThanOneAuthorization");
    BOOST_TEST(code("workflow-no-api-version") == "MissingApiVersionParameter");
    BOOST_TEST(code("401-bad-signature") == "AuthorizationFailed");
    BOOST_TEST(code("403-policy") == "DlpViolation");
    BOOST_TEST(code("502") == "NoResponse");
    for (const char* dialect : {"connector", "workflow"}) {
        BOOST_TEST(make_answer(dialect, "200-large", 0).body.size() == 70 * 1024);
        BOOST_TEST(make_answer(dialect, "503-large", 0).body.size() == 70 * 1024);
        BOOST_TEST(make_answer(dialect, "503-large", 0).status == 503);
        BOOST_TEST(make_answer(dialect, "ok", 0, "late").after.count() == 60000);
    }
    BOOST_TEST((*parse_json(make_answer("workflow", "503-large", 0).body))["error"]["code"].asString() ==
               "ServerUnavailable");
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

BOOST_AUTO_TEST_CASE(strings_in_single_quotes_are_read_and_nothing_else_that_is_no_json) {
    const std::string quoted = R"x({'text': "it's (\"so\")", 'title': 'say "no\' \n'})x";
    BOOST_TEST(judge_body("{'text':'Hello World'}") == "ok");
    BOOST_TEST(judge_body(quoted) == "ok");
    BOOST_TEST(standard_json(quoted) == R"x({"text": "it's (\"so\")", "title": "say \"no' \n"})x");
    for (const char* json : {R"({"text": "it's \"so\" \\", "n": [1, true, null]})", R"({"a": "\u0027"})", "[]", ""})
        BOOST_TEST(standard_json(json) == json);
    for (const char* body : {"{'text': 'x'", "{'text': 'x\"}", "{text: 'x'}", "{'text': 'x',}", "{'text': 'x'} // x",
                             "{/* x */ 'text': 'x'}", "{'text': 'x'}'", "{'text': undefined}", "{'text': '\\x'}",
                             "{'text': 'x', \"text\": 'y'}", "{'text': `x`}"})
        BOOST_TEST(judge_body(body) == "400-json", body);
    BOOST_TEST(judge_trigger("{'text': 'x'}") == "400-json");
}

BOOST_AUTO_TEST_CASE(numbers_and_booleans_are_texts_and_texts_are_booleans) {  // F19
    for (const char* more :
         {R"("title": 5)", R"("themeColor": 123)", R"("hideOriginalBody": "true")",
          R"("sections": [{"markdown": "false"}])", R"("sections": [{"startGroup": "True"}])",
          R"("sections": [{"facts": [{"name": "n", "value": 17}]}])",
          R"("sections": [{"facts": [{"name": 1.5, "value": true}]}])", R"("sections": [{"facts": [{"name": "n"}]}])",
          R"("potentialAction": [{"@type": "ActionCard", "inputs": [{"isMultiSelect": "false", "value": 3}]}])",
          R"("potentialAction": [{"@type": "HttpPost", "name": "x"}])"})
        BOOST_TEST(judge_body(std::string(R"({"text": "x", )") + more + "}") == "ok", more);
    BOOST_TEST(judge_body(R"({"text": 5})") == "ok");
    BOOST_TEST(judge_body(R"({"text": false})") == "ok");
    for (const char* more :
         {R"("title": ["x"])", R"("title": {})", R"("hideOriginalBody": "yes")", R"("hideOriginalBody": 1)",
          R"("sections": [{"markdown": ""}])", R"("sections": [{"facts": [{"name": "n", "value": {}}]}])",
          R"("potentialAction": [{"@type": "ActionCard", "inputs": {}}])",
          R"("potentialAction": [{"@type": "ActionCard", "inputs": [{"isMultiSelect": "no"}]}])",
          R"("potentialAction": [{"@type": "ViewAction", "name": "x", "target": ["https://x.example"]}])"})  // F18
        BOOST_TEST(judge_body(std::string(R"({"text": "x", )") + more + "}") == "400-json", more);
}

BOOST_AUTO_TEST_SUITE_END()
