#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "lib/base/text.h"
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
          R"("potentialAction": [{"@type": "ActionCard", "inputs": [
              {"@type": "MultichoiceInput", "isMultiSelect": "false", "value": 3}]}])",
          R"("potentialAction": [{"@type": "HttpPost", "name": "x"}])"})
        BOOST_TEST(judge_body(std::string(R"({"text": "x", )") + more + "}") == "ok", more);
    BOOST_TEST(judge_body(R"({"text": 5})") == "ok");
    BOOST_TEST(judge_body(R"({"text": false})") == "ok");
    for (const char* more :
         {R"("title": ["x"])", R"("title": {})", R"("hideOriginalBody": "yes")", R"("hideOriginalBody": 1)",
          R"("sections": [{"markdown": ""}])", R"("sections": [{"facts": [{"name": "n", "value": {}}]}])",
          R"("potentialAction": [{"@type": "ActionCard", "inputs": {}}])",
          R"("potentialAction": [{"@type": "ActionCard", "inputs": [
              {"@type": "MultichoiceInput", "isMultiSelect": "no"}]}])",
          R"("potentialAction": [{"@type": "ViewAction", "name": "x", "target": ["https://x.example"]}])"})  // F18
        BOOST_TEST(judge_body(std::string(R"({"text": "x", )") + more + "}") == "400-json", more);
}

BOOST_AUTO_TEST_CASE(what_a_button_needs_is_of_its_type) {
    const auto judged = [](const std::string& action) {
        return judge_body(R"({"text": "x", "potentialAction": [)" + action + "]}");
    };
    for (const char* action : {R"({"@type": "HttpPOST", "body": {"a": 1}})", R"({"@type": "HttpPOST", "target": []})",
                               R"({"@type": "HttpPOST", "headers": {"Content-Type": "x"}})", R"({"name": "no type"})",
                               R"({"@type": "Open"})", R"({"@type": "OpenUri", "targets": "https://a.example"})",
                               R"({"@type": "ActionCard", "inputs": [{"@type": "NumberInput"}]})",
                               R"({"@type": "ActionCard", "inputs": [{"@type": "TextInput", "maxLength": "long"}]})",
                               R"({"@type": "ActionCard", "actions": [{"@type": "ViewAction"}]})",
                               R"({"@type": "OpenUri", "isPrimary": "yes"})"})
        BOOST_TEST(judged(action) == "400-json", action);
    for (const char* action : {R"({"@type": "OpenUri", "name": "x", "targets": []})", R"({"@type": "OpenUri"})",
                               R"({"@type": "OpenUri", "targets": [{"os": "linux", "uri": "www.a.example"}]})",
                               R"({"@type": "HttpPOST", "target": "http://a.example", "url": []})",
                               R"({"@type": "ActionCard", "inputs": [{"@type": "MultichoiceInput", "choices": []}]})",
                               R"({"@type": "ActionCard", "inputs": [{"@type": "TextInput", "maxLength": "200"}]})",
                               R"({"@type": "ActionCard", "actions": [{"@type": "ActionCard"}]})"})
        BOOST_TEST(judged(action) == "ok", action);
    BOOST_TEST(judge_body(R"({"text": "x", "expectedActors": "ann"})") == "400-json");
    const std::string odd = R"({"text": "x", "@type": "ActionCard", "type": {}, "attachments": "y"})";
    BOOST_TEST(judge_body(odd, false) == "ok");
    BOOST_TEST(judge_body(odd) == "400-json");
}

BOOST_AUTO_TEST_CASE(a_flow_takes_the_envelope_or_the_bare_card_and_never_both) {
    const std::string card =
        R"({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]})";
    const std::string envelope = R"({"type": "message", "attachments": [{"content": )" + card + "}]}";
    BOOST_TEST(judge_flow(envelope, "envelope") == "");
    BOOST_TEST(judge_flow(card, "card") == "");
    BOOST_TEST(judge_flow(card, "envelope").find("is of type 'Null'") != std::string::npos);
    const std::string wrong = "AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'";
    for (const std::string& body : {envelope, std::string(R"({"@type": "MessageCard", "text": "x"})"),
                                    std::string(R"({"type": 5})"), std::string("{}")})
        BOOST_TEST(judge_flow(body, "card") == wrong, body);
    BOOST_TEST(judge_flow(R"({"type": "AdaptiveCard", "version": "1.4", "body": []})", "card") ==
               "the card shows nothing");
    BOOST_TEST(judge_flow(R"({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": ")" +
                              std::string(28672, 'x') + R"("}]})",
                          "card") == "Request Entity too large");
}

BOOST_AUTO_TEST_CASE(a_response_step_answers_late_and_with_its_own_words) {
    Response response = make_answer("workflow", "ok", 0);
    answer_by_step(response, std::chrono::seconds(7), R"({"posted": true})");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.body == R"({"posted": true})");
    BOOST_TEST(header(response, "Content-Type") == "application/json; charset=utf-8");
    BOOST_TEST((response.after == std::chrono::seconds(7)));
    BOOST_TEST(!header(response, "x-ms-workflow-run-id").empty());
    answer_by_step(response, std::chrono::seconds(0), "done");
    BOOST_TEST(header(response, "Content-Type") == "text/plain; charset=utf-8");
    BOOST_TEST((response.after == std::chrono::seconds(7)));  // the slowest of a step and a pace
    Response failed = make_answer("workflow", "502", 0);
    answer_by_step(failed, std::chrono::seconds(2), std::nullopt);
    BOOST_TEST(failed.status == 502);
    BOOST_TEST(failed.body.find("NoResponse") != std::string::npos);
    BOOST_TEST((failed.after == std::chrono::seconds(2)));
}

BOOST_AUTO_TEST_CASE(an_adaptive_card_is_shown_or_its_run_says_why_not) {
    const auto note = [](const std::string& body, const char* version = R"("1.4")") {
        return judge_flow(R"({"type": "message", "attachments": [{"content": {"type": "AdaptiveCard", "version": )" +
                          std::string(version) + R"(, "body": [)" + body + "]}}]}");
    };
    const std::string text = R"({"type": "TextBlock", "text": "t"})";
    BOOST_TEST(note(text) == "");
    BOOST_TEST(judge_flow(R"({"attachments": []})").starts_with("attachments has no card"));
    for (const char* version : {R"("1.6")", "2", R"("x")"})
        BOOST_TEST(note(text, version) == "the card's version is none that Teams shows", version);
    BOOST_TEST(note(text, "null") == "the card has no version");
    for (const char* version : {"1.4", "1", R"("1.0")", R"("1.5")"}) BOOST_TEST(note(text, version) == "", version);
    for (const char* wrong :
         {R"({"type": "TextBlock", "text": []})", R"({"type": "TextBlock", "wrap": "yes"})",
          R"({"type": "Input.Text", "maxLength": "long"})", R"({"type": "Image", "url": {}})",
          R"({"type": "Container", "items": {}})", R"({"type": "Container", "items": ["x"]})",
          R"({"type": "FactSet", "facts": [{"title": {}}]})", R"({"text": "no type"})",
          R"({"type": "RichTextBlock", "inlines": [5]})", R"({"type": "Container", "backgroundImage": 5})",
          R"({"type": "ActionSet", "actions": [{"title": "no type"}]})",
          R"({"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "url": "www.a.example"}]})",
          R"({"type": "ActionSet", "actions": [{"type": "Action.OpenUrl"}]})",
          R"({"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "card": {"body": []}}]})",
          R"({"type": "Chart.Pie", "fallback": 5}, {"type": "TextBlock", "fallback": 5})"})
        BOOST_TEST(note(text + "," + wrong).starts_with("AdaptiveSerializationException: "), wrong);
    for (const char* shown :
         {R"({"type": "Chart.Donut"})", R"({"type": "Media"})", R"({"type": "badge"})", R"({"type": "Input.Toggle"})",
          R"({"type": "ActionSet", "actions": [{"type": "Action.Submit"}]})",
          R"({"type": "Nothing", "fallback": {"type": "TextBlock", "text": "t"}})",
          R"({"type": "Container", "backgroundImage": "https://a.example/a.png"})",
          R"({"type": "Table", "rows": [{"cells": [{"items": [{"type": "TextBlock", "text": "t"}]}]}]})",
          R"({"type": "RichTextBlock", "inlines": [{"text": "t"}]})"})
        BOOST_TEST(note(shown) == "", shown);
    for (
        const char* nothing :
        {"", R"({"type": "TextBlock", "text": " \u00a0\u200b\ufeff"})", R"({"type": "Nothing", "fallback": "drop"})",
         R"({"type": "TextBlock", "text": "t", "isVisible": false})", R"({"type": "Container", "items": []})",
         R"({"type": "Action.OpenUrl", "url": "https://a.example"})", R"({"type": "Table", "rows": []})",
         R"({"type": "ColumnSet", "columns": [{"isVisible": "false", "items": [{"type": "TextBlock", "text": "t"}]}]})",
         R"({"type": "Column", "items": [{"type": "TextBlock", "text": "t"}]})"})
        BOOST_TEST(note(nothing) == "the card shows nothing", nothing);
}

BOOST_AUTO_TEST_SUITE_END()
