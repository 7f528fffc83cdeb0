#include "lib/cards/card_body.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/cards/to_adaptive.h"
#include "tests/unit/cards/sample_cards.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

std::string pretty(const Json::Value& value) {
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "  ";
    writer["emitUTF8"] = true;
    return Json::writeString(writer, value) + "\n";
}

// Where two texts part: the first lines that differ.
std::string difference(const std::string& expected, const std::string& got) {
    const auto at = std::ranges::mismatch(expected, got);
    const auto from = static_cast<std::size_t>(at.in1 - expected.begin());
    const std::size_t line = expected.rfind('\n', from == 0 ? 0 : from - 1);
    const std::size_t start = line == std::string::npos ? 0 : line + 1;
    return "\n- " + expected.substr(start, 300) + "\n+ " + got.substr(std::min(start, got.size()), 300);
}

void compare_with(const std::filesystem::path& path, const Json::Value& got) {
    if (std::getenv("O365_WRITE_CARDS") != nullptr) std::ofstream(path, std::ios::binary) << pretty(got);
    const std::string expected = read(path);
    const std::string text = pretty(got);
    BOOST_TEST((expected == text), path.filename().string() << difference(expected, text));
}

std::string summary_of(const std::string& text) {
    const std::string sent = card_body(text, "workflow").text;
    BOOST_TEST((card(sent) == card_for_dialect(card(text), "workflow").card), text);
    return card(sent)["summary"].asString();
}

constexpr std::string_view kExtra = R"({"recipient": "ann \"A\"", "mode": ""})";

}  // namespace

BOOST_AUTO_TEST_SUITE(card_body_tests)

BOOST_AUTO_TEST_CASE(golden_cards_convert_as_they_did) {
    const auto paths = golden_cards();
    BOOST_TEST(paths.size() >= 40U);
    for (const std::filesystem::path& path : paths) {
        const Json::Value source = card(read(path));
        const std::string stem = path.stem();
        const bool is_adaptive = source["type"].asString() == "AdaptiveCard";
        const ConvertedCard adaptive = card_for_dialect(source, "workflow", example_action_link);
        BOOST_TEST(adaptive.problem == "", stem);
        compare_with(kCards / (stem + ".adaptive.json"), adaptive.card);
        if (is_adaptive) {
            const ConvertedCard message = card_for_dialect(source, "connector");
            BOOST_TEST(message.problem == "", stem);
            compare_with(kCards / (stem + ".messagecard.json"), message.card);
        } else {
            const std::size_t most =
                most_converted_bytes(source, size_as_jsonb(source), example_action_link(103).size());
            BOOST_TEST(compact_json(adaptive.card).size() <= most, stem);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_message_card_for_a_connector_passes_as_it_is) {
    const std::string text = R"({"text": "not even {parsed", )";
    BOOST_TEST(card_body(text, "connector").text == text);
    const std::string mentions = R"({"text": "\"AdaptiveCard\" is a word", "title": "\"AdaptiveCard\""})";
    BOOST_TEST(card_body(mentions, "connector").text == mentions);
    const std::string value = R"({"text": "AdaptiveCard", "title": "AdaptiveCard"})";
    BOOST_TEST(card_body(value, "connector").text == value);
}

BOOST_AUTO_TEST_CASE(an_envelope_for_workflows_passes_as_it_is) {
    for (const std::string text :
         {R"({"type": "message", "attachments": [{"a": 1.0}]})", R"({"a": 1, "type": "message", "attachments": []})"})
        BOOST_TEST(card_body(text, "workflow").text == text);
}

BOOST_AUTO_TEST_CASE(a_bare_adaptive_card_gets_its_envelope) {
    const Json::Value sent = card(card_body(R"({"body": [], "type": "AdaptiveCard"})", "workflow").text);
    BOOST_TEST(sent["type"].asString() == "message");
    BOOST_TEST(sent["attachments"][0]["content"]["type"].asString() == "AdaptiveCard");
    BOOST_TEST(sent["attachments"][0]["contentUrl"].isNull());
}

BOOST_AUTO_TEST_CASE(a_bare_adaptive_card_keeps_its_numbers_and_texts) {
    const std::string bare = R"({"body": [{"a b": 0.1, "c": "\"d \\", "e": [1.10, 1e300]}], "type": "AdaptiveCard"})";
    const std::string sent = card_body(bare, "workflow").text;
    BOOST_TEST(sent == R"({"attachments":[{"content":{"body":[{"a b":0.1,"c":"\"d \\","e":[1.10,1e300]}],)"
                       R"("type":"AdaptiveCard"},"contentType":"application/vnd.microsoft.card.adaptive",)"
                       R"("contentUrl":null}],"type":"message"})");
    BOOST_TEST((card(sent) == card_for_dialect(card(bare), "workflow").card));
}

BOOST_AUTO_TEST_CASE(f10_a_notification_says_what_the_card_is_about) {
    BOOST_TEST(summary_of(R"({"title":"Disk full on db1","text":"93 %"})") == "Disk full on db1");
    BOOST_TEST(summary_of(R"({"title":"deploy\\_prod **failed**","text":"t"})") == "deploy_prod failed");
    BOOST_TEST(summary_of(R"({"text":"\n\n## **93 %** of [db1](https://a.example) &amp; `x`\nmore"})") ==
               "93 % of db1 & x");
    BOOST_TEST(summary_of(R"({"text":"- one\n- two"})") == "one");
    BOOST_TEST(summary_of(R"({"summary":"s","title":"t","text":"x"})") == "s");
    BOOST_TEST(summary_of(R"({"summary":"s"})") == "s");
    const std::string many = summary_of(R"({"text":")" + std::string(300, 'x') + "\"}");
    BOOST_TEST(many == std::string(100, 'x'));
    BOOST_TEST(summary_of(R"({"type":"AdaptiveCard","fallbackText":"f","speak":"s","body":[]})") == "f");
    BOOST_TEST(summary_of(R"({"type":"AdaptiveCard","speak":"s","body":[]})") == "s");
    BOOST_TEST(summary_of(R"({"type":"AdaptiveCard","speak":"<s>x</s>","body":[{"type":"Container","items":[
        {"type":"TextBlock","text":""},{"type":"TextBlock","text":"**Hi** there"}]},
        {"type":"TextBlock","text":"y"}]})") == "Hi there");
    BOOST_TEST(summary_of(
                   R"({"type":"message","attachments":[{"content":
        {"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"t"}]}}]})") == "t");
    BOOST_TEST(summary_of(
                   R"({"type":"message","summary":"s","attachments":[{"content":
        {"type":"AdaptiveCard","fallbackText":"f"}}]})") == "s");
    BOOST_TEST(summary_of(R"({"type":"AdaptiveCard","body":[]})") == "");
    // Texts that are nothing but HTML.
    BOOST_TEST(summary_of(R"({"text":"<table><tr><td>db1</td><td>93 %</td></tr><tr><td>x</td></tr></table>"})") ==
               "db1 93 %");
    BOOST_TEST(summary_of(R"({"text":"<blockquote>quoted &amp; true</blockquote>"})") == "quoted & true");
    BOOST_TEST(summary_of(R"({"text":"<script>run()</script><p>after"})") == "after");
    BOOST_TEST(summary_of(R"({"text":"<!-- none -->\nshown"})") == "shown");
    BOOST_TEST(summary_of(R"({"text":"<!-- none -->","sections":[{"facts":[{"name":"Disk","value":"93 %"}]}]})") ==
               "93 %");
    BOOST_TEST(summary_of(R"({"text":"<style>b","sections":[{},{"activityTitle":"Ann"}]})") == "Ann");
    // Cards without a TextBlock.
    const auto of_body = [](const std::string& body) {
        return summary_of(R"({"type":"AdaptiveCard","version":"1.4","body":[)" + body + "]}");
    };
    BOOST_TEST(of_body(R"({"type":"RichTextBlock","inlines":["Disk ",{"type":"TextRun","text":"full"}]})") ==
               "Disk full");
    BOOST_TEST(of_body(R"({"type":"FactSet","facts":[{"title":"**Disk**","value":"93 %"}]})") == "Disk: 93 %");
    BOOST_TEST(of_body(R"({"type":"Image","url":"https://a.example/a.png","altText":"a chart"})") == "a chart");
    BOOST_TEST(of_body(R"({"type":"ImageSet","images":[{"type":"Image","altText":"one"}]})") == "one");
    BOOST_TEST(of_body(R"({"type":"Chart.Pie","title":"Disks"})") == "Disks");
    BOOST_TEST(of_body(R"({"type":"Table","rows":[{"cells":[{"items":[{"type":"TextBlock","text":"in"}]}]}]})") ==
               "in");
    BOOST_TEST(of_body(R"({"type":"FactSet","facts":[{"title":"a"}]},{"type":"TextBlock","text":"text"})") == "text");
    BOOST_TEST(of_body(R"({"type":"ActionSet","actions":[{"type":"Action.OpenUrl","title":"Open"}]})") == "Open");
    // An empty summary says nothing.
    for (const char* none : {R"("")", R"(" ")", "null"}) {
        const Json::Value sent = card(card_body(std::string(R"({"type":"message","summary":)") + none +
                                                    R"(,"attachments":[{"content":
        {"type":"AdaptiveCard","fallbackText":"f"}}]})",
                                                "workflow")
                                          .text);
        BOOST_TEST(sent["summary"].asString() == "f", none);
        BOOST_TEST(sent.size() == 3U);
    }
    const std::string full =
        R"({"type":"AdaptiveCard","body":[{"type":"TextBlock","text":")" + std::string(28'100, 'x') + R"("}]})";
    BOOST_TEST(!card(card_body(full, "workflow").text).isMember("summary"));
}

BOOST_AUTO_TEST_CASE(nested_too_deep_is_a_problem_and_no_crash) {
    const std::string deep = R"({"x": )" + std::string(5000, '[') + std::string(5000, ']') + "}";
    BOOST_TEST(card_body(deep, "workflow").problem != "");
}

BOOST_AUTO_TEST_CASE(a_workflow_that_takes_the_bare_card_gets_it_without_its_envelope) {
    const auto bare = [](const char* card) { return card_body(card, "workflow", {}, {}, Payload::card).text; };
    const std::string adaptive =
        R"({"type": "AdaptiveCard", "version": "1.2", "body": [{"type": "TextBlock", "text": "x", "size": 0.1}]})";
    BOOST_TEST(bare(adaptive.c_str()) == adaptive);
    for (const std::string& card : {R"({"type": "message", "attachments": [
             {"contentType": "application/vnd.microsoft.card.adaptive", "content": )" +
                                        adaptive + "}]}",
                                    std::string(R"({"@type": "MessageCard", "text": "x"})")}) {
        const auto sent = parse_json(bare(card.c_str()));
        BOOST_REQUIRE(sent);
        BOOST_TEST((*sent)["type"].asString() == "AdaptiveCard", card);
        BOOST_TEST(!sent->isMember("attachments"));
    }
    const std::string message_card = R"({"@type": "MessageCard", "text": "x"})";
    BOOST_TEST(card_body(message_card, "connector", {}, {}, Payload::card).text == message_card);
}

BOOST_AUTO_TEST_CASE(extra_fields_stand_beside_the_card_in_an_envelope_and_nowhere_else) {
    const auto sent = [](const std::string& text, std::string_view dialect = "workflow",
                         Payload payload = Payload::envelope, std::string_view extra = kExtra) {
        return card_body(text, dialect, {}, {}, payload, extra).text;
    };
    const std::string message_card = R"({"@type": "MessageCard", "text": "x"})";
    const std::string adaptive = R"({"type": "AdaptiveCard", "body": [{"a": 0.1}]})";
    const std::string envelope = R"({"type": "message", "attachments": [{"a": 1.0}]})";
    for (const std::string& text : {message_card, adaptive, envelope}) {
        Json::Value with = card(sent(text));
        BOOST_TEST(with["recipient"].asString() == "ann \"A\"", text);
        BOOST_TEST(with["mode"].isString(), text);
        with.removeMember("recipient");
        with.removeMember("mode");
        BOOST_TEST((with == card(sent(text, "workflow", Payload::envelope, ""))), text);
    }
    BOOST_TEST(sent(adaptive).find("0.1") != std::string::npos);
    BOOST_TEST(sent(envelope).starts_with(R"({"type": "message", "attachments": [{"a": 1.0}])"));
    for (const std::string& text : {message_card, adaptive, envelope}) {
        BOOST_TEST(sent(text, "workflow", Payload::card) == sent(text, "workflow", Payload::card, ""), text);
        BOOST_TEST(sent(text, "connector") == sent(text, "connector", Payload::envelope, ""), text);
    }
    // What the card's own envelope has wins; a summary of extra is as good as one of the card.
    BOOST_TEST(card(sent(R"({"type": "message", "recipient": "bob", "attachments": []})"))["recipient"].asString() ==
               "bob");
    for (const std::string& text : {message_card, std::string(R"({"type":"AdaptiveCard","fallbackText":"f"})")})
        BOOST_TEST(card(sent(text, "workflow", Payload::envelope, R"({"summary": "s"})"))["summary"].asString() == "s");
    BOOST_TEST(card(sent(R"({"type":"message","summary":"","attachments":[{"content":{"type":"AdaptiveCard",)"
                         R"("fallbackText":"f"}}]})"))["recipient"]
                   .isString());
    BOOST_TEST(card_body(adaptive, "workflow", {}, {}, Payload::envelope, "[1]").problem != "");
}

BOOST_AUTO_TEST_SUITE_END()
