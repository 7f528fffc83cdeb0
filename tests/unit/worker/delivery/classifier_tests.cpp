#include "lib/json/json_text.h"
#include "worker/delivery/classifier.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

namespace o365 {
namespace {

Json::Value parse(const std::string& text) {
    const std::optional<Json::Value> value = parse_json(text);
    BOOST_REQUIRE(value.has_value());
    return *value;
}

constexpr std::string_view kWebhook =
    "https://contoso.webhook.office.com/webhookb2/11aa22bb-0000@tenant/IncomingWebhook/0f1e2d3c4b5a/"
    "QuiteASecretOfLetters";

struct Rules {
    Classifier classifier{parse(R"([
        {"rule_id": 1, "name": "a count", "dialect": "connector", "status_from": 200, "status_to": 299,
         "body_pattern": "^[[:space:]]*[1-9][0-9]*[[:space:]]*$", "outcome": "delivered"},
        {"rule_id": 2, "name": "throttled", "dialect": "connector", "status_from": 200, "status_to": 299,
         "body_pattern": "http error 429", "outcome": "throttled"},
        {"rule_id": 3, "name": "accepted", "dialect": "workflow", "status_from": 200, "status_to": 299,
         "body_pattern": null, "outcome": "accepted"}])")};

    Judgement judge(std::string_view dialect, int status, const std::string& body) const {
        PostResult result;
        result.transport = TransportStatus::answered;
        result.status = status;
        result.body = body;
        return classifier.judge(dialect, result, kWebhook);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(classifier_tests, Rules)

BOOST_AUTO_TEST_CASE(a_positive_number_is_delivered) {
    for (const char* body : {"1", " 12 \r\n"}) BOOST_TEST(judge("connector", 200, body).outcome == "delivered", body);
}

// F1: the far end may have shown the card.
BOOST_AUTO_TEST_CASE(an_unknown_text_inside_a_200_is_in_doubt_and_told) {
    for (const char* body : {"0", "1 of 2", "OK", "true", "\"1\"", "-1", "1\n2"}) {
        const Judgement judgement = judge("connector", 200, body);
        BOOST_TEST(judgement.outcome == "in_doubt", body);
        BOOST_TEST(judgement.rule_id == 0);
        BOOST_TEST(judgement.problem == "HTTP 200: answer not understood: " + excerpt(body, kWebhook));
    }
    BOOST_TEST(judge("connector", 200, "").problem == "HTTP 200: answer not understood (the answer is empty)");
    BOOST_TEST(judge("connector", 418, "teapot").outcome == "retry");
    BOOST_TEST(judge("connector", 418, "teapot").problem == "HTTP 418: no rule fits: teapot");
    BOOST_TEST(judge("connector", 200, std::string("1\0x", 3)).outcome == "delivered");
}

BOOST_AUTO_TEST_CASE(an_excerpt_holds_no_url_and_nothing_that_looks_like_a_secret) {
    const auto of = [](std::string_view body) { return excerpt(body, kWebhook); };
    BOOST_TEST(of("see https://x.example/a?b=c now") == "see *** now");
    BOOST_TEST(of("/webhookb2/11aa22bb-0000@tenant/x") == "***");
    BOOST_TEST(of("no webhook '0F1E2D3C4B5A' here") == "no webhook '***' here");
    BOOST_TEST(of("\"QuiteASecretOfLetters\"") == "\"***\"");
    BOOST_TEST(of("id 123e4567-e89b-12d3-a456-426614174000, sig=abc") == "id ***, ***");
    BOOST_TEST(of(R"({"error":{"code":"DirectApiRequestHasMoreThanOneAuthorization"}})") ==
               R"({"error":{"code":"DirectApiRequestHasMoreThanOneAuthorization"}})");
    BOOST_TEST(of(R"({"statusCode":200,"reasonPhrase":"OK"})") == R"({"statusCode":200,"reasonPhrase":"OK"})");
}

BOOST_AUTO_TEST_CASE(an_excerpt_is_one_line_of_at_most_200_characters_of_utf8) {
    const auto of = [](std::string_view body) { return excerpt(body, kWebhook); };
    BOOST_TEST(of(" \r\n ") == "");
    BOOST_TEST(of("a\r\n\tb\x1b[31m") == "a b [31m");
    BOOST_TEST(of("a\xe2\x80\xae"
                  "b\xc2\x9b"
                  "c") == "a b c");
    BOOST_TEST(of("caf\xe9 \xff") == "caf? ?");
    std::string umlauts;
    for (int i = 0; i < 300; ++i) umlauts += "\xc3\xa4";
    BOOST_TEST(of(umlauts) == umlauts.substr(0, 400));
    BOOST_TEST(of(std::string(3, '\0') + "x") == "x");
    // Cut within a character.
    BOOST_TEST(of(std::string(4095, ' ') + "\xc3\xa4").empty());
}

BOOST_AUTO_TEST_CASE(case_does_not_matter_and_the_rule_is_named) {
    const Judgement judgement =
        judge("connector", 200, "Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0");
    BOOST_TEST(judgement.outcome == "throttled");
    BOOST_TEST(judgement.rule_id == 2);
    BOOST_TEST(judgement.problem == "HTTP 200: throttled");
}

BOOST_AUTO_TEST_CASE(a_rule_holds_for_its_dialect_alone) {
    BOOST_TEST(judge("workflow", 202, "").outcome == "accepted");
    BOOST_TEST(judge("connector", 202, "").outcome == "in_doubt");
}

BOOST_AUTO_TEST_CASE(what_was_not_answered_is_judged_without_rules) {
    PostResult result;
    result.problem = "no connection";
    BOOST_TEST(classifier.judge("connector", result, kWebhook).outcome == "retry");
    result.transport = TransportStatus::in_doubt;
    BOOST_TEST(classifier.judge("connector", result, kWebhook).outcome == "in_doubt");
}

// F2: status decides, where no rule looks at the body.
BOOST_AUTO_TEST_CASE(a_success_that_breaks_off_is_accepted_of_a_workflow_and_in_doubt_of_a_connector) {
    PostResult result;
    result.transport = TransportStatus::in_doubt;
    result.problem = "no answer in time";
    result.status = 202;
    const Judgement accepted = classifier.judge("workflow", result, kWebhook);
    BOOST_TEST(accepted.outcome == "accepted");
    BOOST_TEST(accepted.rule_id == 3);
    BOOST_TEST(accepted.problem.empty());
    BOOST_TEST(classifier.judge("connector", result, kWebhook).outcome == "in_doubt");
    BOOST_TEST(classifier.judge("connector", result, kWebhook).problem == "no answer in time");
    result.status = 0;
    BOOST_TEST(classifier.judge("workflow", result, kWebhook).outcome == "in_doubt");
}

BOOST_AUTO_TEST_CASE(f8_what_our_side_failed_at_is_held_and_is_no_failure) {
    for (const TransportStatus status : {TransportStatus::our_side, TransportStatus::no_route}) {
        PostResult result;
        result.transport = status;
        result.problem = "no connection to the proxy";
        const Judgement judgement = classifier.judge("connector", result, kWebhook);
        BOOST_TEST(judgement.outcome == "held");
        BOOST_TEST(judgement.problem == "no connection to the proxy");
        BOOST_TEST(!is_end(judgement.outcome));
    }
}

BOOST_AUTO_TEST_CASE(a_long_body_is_looked_at_from_its_beginning) {
    BOOST_TEST(judge("connector", 200, std::string(60000, 'x') + "HTTP error 429").outcome == "in_doubt");
}

BOOST_AUTO_TEST_CASE(a_rule_whose_pattern_is_none_is_left_out_and_named) {
    const Json::Value rules = parse(
        R"([{"rule_id": 7, "name": "x", "dialect": "connector", "status_from": 1, "status_to": 2,
             "body_pattern": "(", "outcome": "dead"}])");
    const Classifier classifier(rules);
    BOOST_TEST(classifier.problem() ==
               "response rule 7 is left out: its body_pattern is no POSIX extended regular expression");
    PostResult result;
    result.transport = TransportStatus::answered;
    result.status = 1;
    BOOST_TEST(classifier.judge("connector", result, kWebhook).outcome == "retry");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
