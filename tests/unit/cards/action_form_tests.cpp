#include "lib/cards/action_form.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/http/url.h"
#include "lib/json/json_text.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

Json::Value json(std::string_view text) { return *parse_json(text); }

const std::string kForm = "&form=" + std::string(43, 'f');

// The form of an ActionCard with those inputs and one button.
Json::Value with_inputs(const std::string& inputs, const std::string& body = "") {
    Json::Value card = json(R"({"@type": "ActionCard", "name": "A", "inputs": [)" + inputs +
                            R"(], "actions": [{"@type": "HttpPOST", "name": "Send", "target": "https://a.example"}]})");
    card["actions"][0]["body"] = body;
    return card;
}

ActionAnswer read(const Json::Value& action, const std::string& fields) {
    return read_action_form(action, Parameters::parse("press=0" + kForm + (fields.empty() ? "" : "&" + fields)));
}

// What is said of the only input.
std::string problem(const std::string& input, const std::string& fields) {
    const ActionAnswer answer = read(with_inputs(input), fields);
    return answer.problems.empty() ? "" : answer.problems.at(0);
}

int refusal(const Json::Value& action, const std::string& form) {
    try {
        read_action_form(action, Parameters::parse(form));
    } catch (const BadRequest& error) {
        return error.status();
    }
    return 0;
}

const char* const kText = R"({"@type": "TextInput", "id": "t", "title": "T", "isRequired": true, "maxLength": 3})";
const char* const kOne = R"({"@type": "MultichoiceInput", "id": "m", "choices": [
    {"display": "One", "value": "1"}, {"display": "Two, \"quoted\"", "value": "two\n\""}], "value": "two\n\""})";

}  // namespace

BOOST_AUTO_TEST_SUITE(action_form_tests)

BOOST_AUTO_TEST_CASE(what_was_typed_stays_inside_the_string_of_the_body) {
    const InputValues values = {{"a", "\",\"b\": 1 \\ \n {{a.value}}"}, {"b c", "x&y=z "}, {"e", ""}};
    BOOST_TEST(fill_in(R"({"a": "{{a.value}}", "e": "{{e.value}}"})", values, "application/json") ==
               R"({"a": "\",\"b\": 1 \\ \n {{a.value}}", "e": ""})");
    BOOST_TEST(fill_in("a={{b c.value}}&b={{x.value}}&{{b c}}", values,
                       "application/x-www-form-urlencoded; charset=utf-8") == "a=x%26y%3Dz%20&b={{x.value}}&{{b c}}");
    // However the card writes that it is a form, what was typed adds no parameter.
    for (const char* type : {"Application/X-WWW-Form-URLencoded", " application/x-www-form-urlencoded ;charset=utf-8"})
        BOOST_TEST(fill_in("a={{b c.value}}", values, type) == "a=x%26y%3Dz%20");
    BOOST_TEST(fill_in("{{a.value", values, "application/json") == "{{a.value");
    BOOST_TEST(
        parse_json(fill_in(R"({"a": "{{a.value}}"})", {{"a", "\x01\x1f\u2028"}}, "application/json")).has_value());
}

BOOST_AUTO_TEST_CASE(the_type_of_a_body_is_its_own_or_that_of_its_header) {
    BOOST_TEST(body_content_type(json(R"({"headers": [{"name": "content-TYPE", "value": "text/plain"}]})")) ==
               "text/plain");
    BOOST_TEST(body_content_type(json(R"({"bodyContentType": "application/x-www-form-urlencoded",
        "headers": [{"name": "Content-Type", "value": "text/plain"}]})")) == "application/x-www-form-urlencoded");
    BOOST_TEST(body_content_type(json(R"({"headers": [5, {"name": "Content-Type", "value": ""}]})")) ==
               "application/json");
}

BOOST_AUTO_TEST_CASE(a_text_is_there_short_enough_and_of_one_line) {
    BOOST_TEST(problem(kText, "i0=abc") == "");
    BOOST_TEST(problem(kText, "") == "required");
    BOOST_TEST(problem(kText, "i0=%20%0D%0A") == "required");
    BOOST_TEST(problem(kText, "i0=abcd") == "too_long");
    BOOST_TEST(problem(kText, "i0=%F0%9F%99%82%F0%9F%99%82%F0%9F%99%82") == "");
    BOOST_TEST(problem(kText, "i0=a%0Ab") == "one_line");
    const std::string area = R"({"@type": "TextInput", "id": "t", "isMultiline": true, "maxLength": 3})";
    BOOST_TEST(problem(area, "i0=a%0D%0Ab") == "");
    BOOST_TEST(read(with_inputs(area, "{{t.value}}"), "i0=a%0D%0Ab").body == "a\\nb");
    BOOST_TEST(problem(R"({"@type": "TextInput", "id": "t"})", "i0=" + std::string(2000, 'x')) == "");
    BOOST_TEST(problem(R"({"@type": "TextInput", "id": "t", "maxLength": 1e9})", "i0=" + std::string(2001, 'x')) ==
               "too_long");
    BOOST_TEST(problem(R"({"@type": "TextInput", "id": "t", "maxLength": -1})", "i0=x") == "");
}

BOOST_AUTO_TEST_CASE(a_date_is_one_of_the_calendar) {
    const std::string day = R"({"@type": "DateInput", "id": "d"})";
    const std::string time = R"({"@type": "DateInput", "id": "d", "includeTime": true, "isRequired": true})";
    for (const char* good : {"", "2024-02-29", "0001-01-01", "9999-12-31"})
        BOOST_TEST(problem(day, std::string("i0=") + good) == "", good);
    for (const char* bad : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "0000-01-01", "2024-1-1",
                            "24-01-01", "2024-01-01T10:00", "2024-01-01 ", "2024/01/01", "today", "+024-01-01"})
        BOOST_TEST(problem(day, "i0=" + url_encode(bad)) == "date", bad);
    for (const char* good : {"2024-02-29T00:00", "2024-02-29T23:59"})
        BOOST_TEST(problem(time, "i0=" + url_encode(good)) == "", good);
    for (const char* bad :
         {"2024-02-29", "2024-02-29T24:00", "2024-02-29T10:60", "2024-02-29T10:00Z", "2024-02-30T10:00"})
        BOOST_TEST(problem(time, "i0=" + url_encode(bad)) == "date", bad);
    BOOST_TEST(problem(time, "i0=") == "required");
}

BOOST_AUTO_TEST_CASE(a_choice_is_one_of_the_card_by_its_place) {
    const ActionAnswer second = read(with_inputs(kOne, "{{m.value}}"), "i0=1");
    BOOST_TEST(second.inputs["m"].asString() == "two\n\"");
    BOOST_TEST(second.body == "two\\n\\\"");
    BOOST_TEST(read(with_inputs(kOne), "").inputs["m"].asString() == "");
    for (const char* bad : {"2", "-1", "01", "+1", "1 ", "two", "99999999999"})
        BOOST_TEST(problem(kOne, "i0=" + url_encode(bad)) == "choice", bad);
}

BOOST_AUTO_TEST_CASE(of_several_choices_each_has_its_field) {
    const std::string boxes = R"({"@type": "MultichoiceInput", "id": "m", "isMultiSelect": true, "isRequired": true,
        "choices": [{"display": "A", "value": "a"}, {"display": "B", "value": "b,c"},
        {"display": "D", "value": "d"}]})";
    const ActionAnswer answer = read(with_inputs(boxes, "{{m.value}}"), "i0-1=1&i0-0=1");
    BOOST_TEST(answer.body == "a,b,c");
    BOOST_REQUIRE_EQUAL(answer.inputs["m"].size(), 2U);
    BOOST_TEST(answer.inputs["m"][1].asString() == "b,c");
    BOOST_TEST(problem(boxes, "") == "required");
    BOOST_TEST(refusal(with_inputs(boxes), "press=0" + kForm + "&i0-1=x") == 400);
    BOOST_TEST(refusal(with_inputs(boxes), "press=0" + kForm + "&i0-3=1") == 400);
    BOOST_TEST(refusal(with_inputs(boxes), "press=0" + kForm + "&i0=1") == 400);
}

BOOST_AUTO_TEST_CASE(a_hostile_form_is_refused_before_anything_is_made_of_it) {
    const Json::Value card = with_inputs(kText);
    BOOST_TEST(refusal(card, "press=0" + kForm + "&i0=a") == 0);
    for (const std::string& form :
         {std::string(), std::string("press=0&i0=a"), "i0=a" + kForm, "press=1" + kForm, "press=-1" + kForm,
          "press=00" + kForm, "press=" + kForm, "press=0" + kForm + "&i1=a",
          "press=0" + kForm + "&target=https://evil.example", "press=0" + kForm + "&i0=a&i0=b",
          "press=0" + kForm + "&press=0", "press=0" + kForm + "f", "press=0" + kForm + "&i0=%C0%AF",
          "press=0" + kForm + "&i0=%00", "press=0" + kForm + "&i0=%ED%A0%80",
          "press=0" + kForm + "&i0=" + std::string(8193, 'x')})
        BOOST_TEST(refusal(card, form) == 400, form.substr(0, 100));
    // An OpenUri is no button, nor is anything of a card that is none.
    BOOST_TEST(refusal(json(R"({"@type": "ActionCard", "actions": [{"@type": "OpenUri"}]})"), "press=0" + kForm) ==
               400);
    for (const char* odd : {"[]", R"({"@type": "ActionCard", "actions": {"0": {"@type": "HttpPOST"}}})", "{}",
                            R"({"@type": "ActionCard", "inputs": [5, null], "actions": [null, 5, "x"]})"}) {
        BOOST_TEST(refusal(json(odd), "press=0" + kForm) == 400, odd);
        BOOST_TEST(!action_view(json(odd), Json::Value())["can_press"].asBool(), odd);
    }
    BOOST_TEST(!read(with_inputs("5, null, {}"), "").inputs.empty());
}

BOOST_AUTO_TEST_CASE(a_body_that_a_form_blows_up_is_refused) {
    std::string body;
    for (int i = 0; i < 200; ++i) body += "{{t.value}}";
    const Json::Value card = with_inputs(R"({"@type": "TextInput", "id": "t"})", body);
    BOOST_TEST(refusal(card, "press=0" + kForm + "&i0=x") == 0);
    BOOST_TEST(refusal(card, "press=0" + kForm + "&i0=" + std::string(2000, 'x')) == 413);
}

BOOST_AUTO_TEST_CASE(an_http_post_has_one_button_and_no_inputs) {
    const Json::Value post = json(R"({"@type": "HttpPOST", "name": " ", "target": "https://a.example",
        "body": "{{t.value}}", "inputs": [{"@type": "TextInput", "id": "t"}]})");
    const Json::Value view = action_view(post, Json::Value());
    BOOST_TEST(view["fields"].empty());
    BOOST_REQUIRE_EQUAL(view["buttons"].size(), 1U);
    BOOST_TEST(view["buttons"][0]["button_name"].asString() == "OK");
    BOOST_TEST(read(post, "").body == "{{t.value}}");
    BOOST_TEST(refusal(post, "press=0&i0=x" + kForm) == 400);
}

BOOST_AUTO_TEST_CASE(only_addresses_of_the_web_are_links) {
    const Json::Value view = action_view(json(R"({"@type": "ActionCard", "actions": [
        {"@type": "OpenUri", "name": "a", "targets": [{"os": "iOS", "uri": "https://i.example/"},
            {"os": "default", "uri": "https://d.example/?{{x.value}}"}]},
        {"@type": "OpenUri", "name": "b", "targets": [{"os": "default", "uri": "javascript:alert"}]},
        {"@type": "ActionCard", "name": "c", "targets": [{"os": "default", "uri": "https://n.example/"}]},
        {"@type": "HttpPOST", "name": "d", "target": "https://a.example"}]})"),
                                         Json::Value());
    BOOST_REQUIRE_EQUAL(view["links"].size(), 1U);
    BOOST_TEST(view["links"][0]["uri"].asString() == "https://d.example/?{{x.value}}");
    BOOST_REQUIRE_EQUAL(view["buttons"].size(), 1U);
    BOOST_TEST(view["buttons"][0]["step"].asString() == "3");
}

BOOST_AUTO_TEST_CASE(a_form_that_comes_back_shows_what_was_typed_and_what_is_wrong) {
    const Json::Value texts = json(R"({"too_long": "{max} at most"})");
    const Json::Value card = with_inputs(std::string(kText) + "," + kOne);
    const Json::Value fresh = action_view(card, texts);
    BOOST_TEST(fresh["fields"][0]["typed"].asString() == "");
    BOOST_TEST(fresh["fields"][1]["choices"][1]["chosen"].asBool());
    const Parameters form = Parameters::parse("press=0&i0=<long>&i1=0" + kForm);
    const ActionAnswer answer = read_action_form(card, form);
    BOOST_TEST(answer.body.empty());
    const Json::Value again = action_view(card, texts, &form, answer.problems);
    BOOST_TEST(again["has_problems"].asBool());
    BOOST_TEST(again["fields"][0]["typed"].asString() == "<long>");
    BOOST_TEST(again["fields"][0]["error"].asString() == "3 at most");
    BOOST_TEST(again["fields"][1]["error"].asString() == "");
    BOOST_TEST(again["fields"][1]["choices"][0]["chosen"].asBool());
    BOOST_TEST(!again["fields"][1]["choices"][1]["chosen"].asBool());
}

BOOST_AUTO_TEST_CASE(a_field_of_a_date_begins_with_the_date_of_the_card) {
    const auto typed = [](const std::string& more) {
        return action_view(with_inputs(R"({"@type": "DateInput", "id": "d", )" + more + "}"),
                           Json::Value())["fields"][0]["typed"]
            .asString();
    };
    BOOST_TEST(typed(R"("value": "2026-02-28T10:00:00Z")") == "2026-02-28");
    BOOST_TEST(typed(R"("value": "2026-02-28T10:00:00Z", "includeTime": true)") == "2026-02-28T10:00");
    BOOST_TEST(typed(R"("value": "2026-02-28", "includeTime": true)") == "");
    BOOST_TEST(typed(R"("value": "tomorrow")") == "");
}

BOOST_AUTO_TEST_SUITE_END()
