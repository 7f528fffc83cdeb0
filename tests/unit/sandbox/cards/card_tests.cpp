#include <boost/test/unit_test.hpp>

#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/cards/markup.h"
#include "sandbox/sandbox.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

Json::Value json(const char* text) { return *parse_json(text); }

// What a browser is given to draw.
Json::Value drawn(const Json::Value& view) { return *parse_json(view["adaptive"].asString()); }

// Two cards; the first has two actions that differ in their bodies alone, one of them in a ShowCard.
const char* const kTwoCards = R"({"type": "message", "attachments": [
    {"content": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "one"}], "actions": [
        {"type": "Action.ShowCard", "title": "More", "card": {"type": "AdaptiveCard", "actions": [
            {"type": "Action.Http", "title": "Take", "method": "POST", "url": "https://localhost/take",
             "body": "{\"item\": 1}"}]}},
        {"type": "Action.Http", "title": "Take", "method": "POST", "url": "https://localhost/take",
         "body": "{\"item\": 2}"}]}},
    {"contentType": "no card"},
    {"content": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "two"}], "actions": [
        {"type": "Action.Http", "title": "Take", "method": "GET", "url": "https://localhost/take"}]}}]})";

}  // namespace

BOOST_AUTO_TEST_CASE(every_card_of_an_envelope_is_drawn) {
    const auto views = card_views(json(kTwoCards), "teams");
    BOOST_REQUIRE_EQUAL(views.size(), 2);
    BOOST_TEST(drawn(views[0])["body"][0]["text"].asString() == "one");
    BOOST_TEST(drawn(views[1])["body"][0]["text"].asString() == "two");
    BOOST_TEST(card_views(json(R"({"type": "AdaptiveCard"})"), "teams").size() == 1);
    BOOST_TEST(card_views(json(R"({"type": "message", "attachments": []})"), "teams").size() == 1);
    BOOST_TEST(card_views(json(R"({"text": "x"})"), "groups").front()["card_text"].asString() == "<p>x</p>\n");
    const std::string html = card_html(Pages(""), json(kTwoCards), "teams", "7", "entra");
    BOOST_TEST(html.find("data-post=\"7\"") != html.rfind("data-post=\"7\""));
}

BOOST_AUTO_TEST_CASE(an_action_is_found_by_the_path_that_was_drawn_into_it) {
    const Json::Value card = json(kTwoCards);
    const auto views = card_views(card, "teams");
    const Json::Value actions = drawn(views[0])["actions"];
    for (const Json::Value& action : {actions[0]["card"]["actions"][0], actions[1], drawn(views[1])["actions"][0]}) {
        const Json::Value* const found = find_action(card, action["sandboxPath"].asString());
        BOOST_REQUIRE(found != nullptr);
        BOOST_TEST((*found)["body"] == action["body"]);
        BOOST_TEST((*found)["method"] == action["method"]);
    }
    for (const char* path : {"t0.h2", "t1.h1", "t2.h0", "t.h0", "t0.h", "t0", "t0.a0", "adaptive", "", "a0"})
        BOOST_TEST(find_action(card, path) == nullptr, path);
    // A path that the card itself brings is none.
    const auto forged = card_views(json(R"({"type": "AdaptiveCard", "actions": [
        {"type": "Action.Http", "sandboxPath": "t9.h9"}]})"),
                                   "teams");
    BOOST_TEST(drawn(forged[0])["actions"][0]["sandboxPath"].asString() == "t0.h0");
}

BOOST_AUTO_TEST_CASE(an_actions_call_has_method_and_content_type_as_the_card_says) {
    const auto call = [](const char* text) { return *action_call(json(text)); };
    BOOST_TEST(call(R"({"type": "Action.Http", "method": "GET"})").method == "GET");
    BOOST_TEST(call(R"({"type": "Action.Http"})").method == "POST");
    BOOST_TEST(call(R"({"type": "Action.Http", "method": "PUT"})").method == "PUT");
    BOOST_TEST(call(R"({"@type": "HttpPOST", "method": "GET"})").method == "POST");

    BOOST_TEST(call(R"({"type": "Action.Http"})").content_type == "application/json");
    const ActionCall form = call(R"({"type": "Action.Http", "title": "T", "url": "https://localhost/", "body": "a=1",
        "headers": [{"name": "content-type", "value": "application/x-www-form-urlencoded"},
                    {"name": "X-Own", "value": "y"}]})");
    BOOST_TEST(form.content_type == "application/x-www-form-urlencoded");
    BOOST_TEST(form.headers == std::vector<std::string>{"X-Own: y"}, boost::test_tools::per_element());
    BOOST_TEST(form.name + form.target + form.body == "Thttps://localhost/a=1");
    BOOST_TEST(
        call(R"({"@type": "HttpPOST", "headers": [{"name": "Content-Type", "value": "text/plain"}]})").content_type ==
        "text/plain");
    BOOST_TEST(call(R"({"@type": "HttpPOST", "bodyContentType": "application/x-www-form-urlencoded",
        "headers": [{"name": "Content-Type", "value": "text/plain"}]})")
                   .content_type == "application/x-www-form-urlencoded");
    BOOST_TEST(!action_call(json(R"({"@type": "OpenUri"})")).has_value());
    BOOST_TEST(!action_call(json(R"({"type": "Action.Submit"})")).has_value());
}

BOOST_AUTO_TEST_CASE(a_card_brings_headers_of_its_own_and_none_of_the_requests_or_the_services) {
    Json::Value action = json(R"({"type": "Action.Http"})");
    for (const char* name : {"Transfer-Encoding", "connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect",
                             "Host", "Content-Length", "Proxy-Authorization", "Proxy-Connection", "Action-Request-Id",
                             "action-authorization", "Card-Correlation-Id", "", "no token", "X:", "X;", "\xc3\xa9"}) {
        Json::Value header;
        header["name"] = name;
        header["value"] = "x";
        action["headers"].append(header);
    }
    BOOST_TEST(action_call(action)->headers.empty());
    action["headers"] =
        json(R"([{"name": "X-Empty", "value": ""}, {"name": "X-Blank", "value": " "}, {"name": "X-None"},
                                 {"name": "Accept", "value": "a"}, {"name": "Cardinal", "value": "b"}])");
    const std::vector<std::string> sent = {"X-Empty;", "X-Blank;", "X-None;", "Accept: a", "Cardinal: b"};
    BOOST_TEST(action_call(action)->headers == sent, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_single_action_card_is_open_in_outlook) {
    const auto opened = [](const char* actions, const char* kind) {
        const Json::Value card = json((std::string(R"({"text": "x", "potentialAction": )") + actions + "}").c_str());
        return card_html(Pages(""), card, kind, "1").find("<details class=\"action-card\" open>") != std::string::npos;
    };
    const char* const one = R"([{"@type": "ActionCard", "name": "A", "inputs": [], "actions": []}])";
    BOOST_TEST(opened(one, "groups"));
    BOOST_TEST(opened(one, "mail"));
    BOOST_TEST(!opened(one, "teams"));
    BOOST_TEST(!opened(R"([{"@type": "ActionCard", "name": "A"}, {"@type": "OpenUri", "name": "B"}])", "groups"));
    BOOST_TEST(!opened(R"([{"@type": "OpenUri", "name": "B"}])", "groups"));
}

BOOST_AUTO_TEST_CASE(html_of_a_card_for_teams_is_what_a_page_may_hold) {
    BOOST_TEST(limited_html("a <B>b</B><br/><i>i") == "a <b>b</b><br><i>i</i>");
    BOOST_TEST(limited_html("<a href=\"https://x.example/?a=1&amp;b=2\" onclick=\"x()\">l</a>") ==
               "<a rel=\"noreferrer\" target=\"_blank\" href=\"https://x.example/?a=1&amp;b=2\">l</a>");
    BOOST_TEST(limited_html("<a href='javascript:x()'>l</a>") == "<a>l</a>");
    BOOST_TEST(limited_html("<script>x</script><img src=x onerror=y>") ==
               "&lt;script&gt;x&lt;/script&gt;&lt;img src=x onerror=y&gt;");
    BOOST_TEST(limited_html("</div></b>x<b style='y'><em>z</b>w") == "x<b><em>z</em></b>w");
    BOOST_TEST(limited_html("a & b &amp; &#228; &x< 1 < 2 <") == "a &amp; b &amp; &#228; &amp;x&lt; 1 &lt; 2 &lt;");
    BOOST_TEST(limited_html("<a href=\"https://x\"><b>&quot;<i ") ==
               "<a rel=\"noreferrer\" target=\"_blank\" href=\"https://x\"><b>&quot;&lt;i </b></a>");

    const Json::Value card = json(R"({"text": "<b>*x*</b>", "sections": [{"markdown": false, "text": "<b>*y*</b>",
        "facts": [{"name": "n", "value": "<i>z</i>"}]}, {"text": "<b>*y*</b>"}]})");
    const auto section = [&](const char* kind, int i) { return card_views(card, kind).front()["sections"][i]; };
    BOOST_TEST(section("teams", 0)["section_text"].asString() == "<b>*y*</b>");
    BOOST_TEST(section("teams", 0)["facts"][0]["fact_value"].asString() == "<i>z</i>");
    for (const Json::Value& markdown : {section("groups", 0), section("teams", 1)})
        BOOST_TEST(markdown["section_text"].asString() == "<p>&lt;b&gt;<em>y</em>&lt;/b&gt;</p>\n");
}

BOOST_AUTO_TEST_CASE(titles_and_names_of_facts_are_markdown_in_every_look) {  // F22
    const Json::Value card =
        json(R"({"title": "deploy \\*prod\\* **failed** <b>x</b>", "sections": [{"title": "\\*s\\*",
        "activityTitle": "_a_", "facts": [{"name": "\\*n\\* *m*", "value": "\\*v\\*"}]}]})");
    for (const char* kind : {"teams", "groups"}) {
        const Json::Value view = card_views(card, kind).front();
        const Json::Value& section = view["sections"][0];
        BOOST_TEST(view["card_title"].asString() ==
                   "<p>deploy *prod* <strong>failed</strong> &lt;b&gt;x&lt;/b&gt;</p>\n");
        BOOST_TEST(section["section_title"].asString() == "<p>*s*</p>\n");
        BOOST_TEST(section["activity_title"].asString() == "<p><em>a</em></p>\n");
        BOOST_TEST(section["facts"][0]["fact_name"].asString() == "<p>*n* <em>m</em></p>\n");
        BOOST_TEST(section["facts"][0]["fact_value"].asString() == "<p>*v*</p>\n");
    }
}

BOOST_AUTO_TEST_CASE(a_card_is_drawn_as_json_net_reads_it) {  // F19
    const Json::Value card = json(R"({"text": 5, "title": true, "sections": [{"markdown": "False", "text": "<b>x</b>",
        "facts": [{"name": 0.1, "value": 17}, {"name": "n"}, {"name": "big", "value": 12345678901}]}],
        "potentialAction": [{"@type": "ActionCard", "name": "A", "inputs": [{"@type": "MultichoiceInput", "id": "m",
            "isMultiSelect": "false", "isRequired": "true", "choices": [{"display": 1, "value": 2}]},
            {"@type": "TextInput", "id": "t", "maxLength": "3"}]}, {"@type": "HttpPost", "name": "P"}]})");
    const Json::Value view = card_views(card, "teams").front();
    BOOST_TEST(view["card_text"].asString() == "<p>5</p>\n");
    BOOST_TEST(view["card_title"].asString() == "<p>true</p>\n");
    const Json::Value& section = view["sections"][0];
    BOOST_TEST(section["section_text"].asString() == "<b>x</b>");
    BOOST_TEST(section["facts"][0]["fact_name"].asString() == "0.1");
    BOOST_TEST(section["facts"][0]["fact_value"].asString() == "17");
    BOOST_TEST(section["facts"][1]["fact_value"].asString() == "");
    BOOST_TEST(section["facts"][2]["fact_value"].asString() == "12345678901");
    const Json::Value& actions = view["sections"][1]["actions"];
    const Json::Value& choice = actions[0]["inputs"][0];
    BOOST_TEST(choice["is_select"].asBool());
    BOOST_TEST(choice["required"].asBool());
    BOOST_TEST(choice["choices"][0]["choice_value"].asString() == "2");
    BOOST_TEST(actions[0]["inputs"][1]["max_length"].asInt() == 3);
    BOOST_TEST(actions[1]["is_post"].asBool());
    BOOST_TEST(action_call(card["potentialAction"][1]).has_value());
}

// What a browser without JavaScript shows of an Adaptive Card's text.
std::string plain_text(const char* text, const char* more = "") {
    const Json::Value view =
        card_views(json((std::string(R"({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": )") + text +
                         "}]" + more + "}")
                            .c_str()),
                   "teams")
            .front();
    return view["sections"][0]["section_text"].asString();
}

BOOST_AUTO_TEST_CASE(an_adaptive_cards_markdown_is_emphasis_lists_and_links) {
    BOOST_TEST(plain_text("\"**b** _i_ [l](https://x.example)\"") ==
               "<p><strong>b</strong> <em>i</em> <a href=\"https://x.example\">l</a></p>\n");
    BOOST_TEST(plain_text(R"("- a\n  - b\n1. c")").find("<li>b</li>") != std::string::npos);
    for (const char* text : {"# a", "###### a", "> a", "~~a~~", "---", "***", "a\n===", "a\n---", "`a`", "``a`b``",
                             "| a |\n|---|", "![a", "\\\\`a`", "~~~\na\n~~~", "   # a"}) {
        Json::Value value(text);
        const std::string html = plain_text(value.toStyledString().c_str());
        for (const char* tag : {"<h", "<blockquote", "<code", "<pre", "<hr", "<del", "<img", "<table"})
            BOOST_TEST(html.find(tag) == std::string::npos, text << ": " << html);
    }
    BOOST_TEST(plain_text(R"("# a `b` ~~c~~")") == "<p># a `b` ~~c~~</p>\n");
    BOOST_TEST(plain_text(R"("a\n\n    b")") == "<p>a</p>\n<p>b</p>\n");
    BOOST_TEST(plain_text(R"("```\na\n```")") == "<p>```\na\n```</p>\n");
    BOOST_TEST(plain_text("\"![a](https://x.example)\"").find("<img") == std::string::npos);
    for (const char* link : {"\"<xss:xss>\"", "\"[a](xss:x)\"", "\"[a](javascript:x)\"", "\"[a](data:x)\""})
        BOOST_TEST(plain_text(link).find("href") == std::string::npos, link);
    // A MessageCard has all of it.
    BOOST_TEST(card_views(json(R"({"text": "# a"})"), "teams").front()["card_text"].asString() == "<h1>a</h1>\n");
}

BOOST_AUTO_TEST_CASE(a_mention_is_drawn_as_a_name_when_the_card_declares_it) {
    const char* const entity = R"(, "msteams": {"entities": [{"type": "mention", "text": "<at>Ann_B <x> c_d</at>",
        "mentioned": {"id": "ann@x.example", "name": "Ann"}}]})";
    BOOST_TEST(plain_text(R"("Hi **<at>Ann_B <x> c_d</at>**!")", entity) ==
               "<p>Hi <strong><span class=\"mention\">Ann_B &lt;x&gt; c_d</span></strong>!</p>\n");
    BOOST_TEST(plain_text(R"("Hi <at>Bob</at>")", entity) == "<p>Hi &lt;at&gt;Bob&lt;/at&gt;</p>\n");
    for (const char* none :
         {"", R"(, "msteams": {"entities": [{"type": "mention", "text": "<at>Bob</at>"}]})",
          R"(, "msteams": {"entities": [{"type": "mention", "text": "Bob", "mentioned": {"id": "b"}}]})",
          R"(, "msteams": {"entities": ["x", 5, null]})", R"(, "msteams": "x")"})
        BOOST_TEST(plain_text(R"("<at>Bob</at>")", none) == "<p>&lt;at&gt;Bob&lt;/at&gt;</p>\n", none);
    // A MessageCard has none.
    BOOST_TEST(card_views(json(R"({"text": "<at>Bob</at>"})"), "teams").front()["card_text"].asString() ==
               "<p>&lt;at&gt;Bob&lt;/at&gt;</p>\n");
}

BOOST_AUTO_TEST_CASE(what_a_card_asks_of_its_inputs_is_asked_of_whoever_presses) {
    const Json::Value card = json(R"({"@type": "ActionCard", "inputs": [
        {"@type": "TextInput", "id": "t", "title": "Text", "maxLength": 3, "isRequired": true},
        {"@type": "MultichoiceInput", "id": "c", "title": "Choice", "choices": [{"value": "a"}, {"value": "b"}]},
        {"@type": "MultichoiceInput", "id": "m", "isMultiSelect": true,
         "choices": [{"value": "x"}, {"value": "y"}]}]})");
    const auto problem = [&](const std::map<std::string, std::string, std::less<>>& fields) {
        return read_inputs(card, fields).problem;
    };
    BOOST_TEST(problem({{"in-t", "é\r\nü"}}) == "");
    BOOST_TEST(problem({{"in-t", "abcd"}}) == "Text may have 3 characters at most.");
    BOOST_TEST(problem({}) == "Text is required.");
    BOOST_TEST(problem({{"in-t", "a"}, {"in-c", ""}}) == "");
    BOOST_TEST(problem({{"in-t", "a"}, {"in-c", "b"}, {"in-m~0", "x"}, {"in-m~1", "y"}}) == "");
    BOOST_TEST(problem({{"in-t", "a"}, {"in-c", "a,b"}}) == "Choice does not offer that choice.");
    BOOST_TEST(problem({{"in-t", "a"}, {"in-m~1", "z"}}) == "m does not offer that choice.");
    BOOST_TEST(read_inputs(card, {{"in-m~0", "x"}, {"in-m~1", "y"}}).values["m"] == "x,y");
}

BOOST_AUTO_TEST_CASE(a_form_that_browsers_send_has_the_cards_own_ids) {
    Request request;
    request.content_type = "multipart/form-data; boundary=b";
    request.body = "--b\r\nContent-Disposition: form-data; name=\"in-a%22b%0D%0Ac%25\"\r\n\r\nx\r\n--b--\r\n";
    BOOST_TEST(parse_form_data(request).get("in-a\"b\r\nc%25") == "x");
}

BOOST_AUTO_TEST_CASE(a_new_card_takes_the_place_of_the_one_that_was_pressed) {
    const Json::Value fresh = json(R"({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "new"}]})");
    const auto texts = [](const Json::Value& card) {
        std::string all;
        for (const Json::Value* const one : adaptive_cards(card)) all += (*one)["body"][0]["text"].asString() + " ";
        return all;
    };
    BOOST_TEST(texts(with_new_card(json(kTwoCards), "t0.h1", fresh)) == "new two ");
    BOOST_TEST(texts(with_new_card(json(kTwoCards), "t1.h0", fresh)) == "one new ");
    BOOST_TEST(texts(with_new_card(fresh, "t0.h0", json(kTwoCards))) == "one two ");
    BOOST_TEST(with_new_card(json(kTwoCards), "t0.h0", json(R"({"text": "x"})"))["text"].asString() == "x");
    BOOST_TEST(with_new_card(json(R"({"text": "x"})"), "a0", fresh) == fresh);
}
