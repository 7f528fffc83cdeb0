#include "lib/cards/message_card.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/unit/cards/sample_cards.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

MessageCard read_card(const std::string& text) { return read_message_card(card(text)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(message_card_tests)

BOOST_AUTO_TEST_CASE(every_field_is_read) {
    const MessageCard read = read_card(R"({"title": "a", "text": "b", "summary": "c", "themeColor": "d",
        "potentialAction": [{"@type": "OpenUri", "name": "e", "targets": [{"os": "iOS", "uri": "f"}]}],
        "sections": [{"title": "g", "activityImage": "h", "activityImageType": "i", "activityTitle": "j",
            "activitySubtitle": "k", "activityText": "l", "text": "m", "facts": [{"name": "n", "value": "o"}],
            "images": [{"image": "p", "title": "q"}], "heroImage": {"image": "r", "title": "s"}, "startGroup": true,
            "markdown": false, "potentialAction": [{"@type": "ViewAction", "name": "t", "target": ["u"]}]}]})");
    BOOST_TEST(read.title + read.text + read.summary + read.theme_color == "abcd");
    BOOST_REQUIRE_EQUAL(read.actions.size(), 1U);
    BOOST_TEST(read.actions[0].type == "OpenUri");
    BOOST_TEST(read.actions[0].name + read.actions[0].targets.at(0).os + read.actions[0].targets[0].uri == "eiOSf");
    BOOST_REQUIRE_EQUAL(read.sections.size(), 1U);
    const CardSection& section = read.sections[0];
    BOOST_TEST(section.title + section.activity_image + section.activity_image_type + section.activity_title +
                   section.activity_subtitle + section.activity_text + section.text ==
               "ghijklm");
    BOOST_TEST(section.facts.at(0).name + section.facts[0].value == "no");
    BOOST_TEST(section.images.at(0).url + section.images[0].title == "pq");
    BOOST_TEST(section.hero.url + section.hero.title == "rs");
    BOOST_TEST((section.has_hero && section.starts_group && section.is_html && section.is_object));
    BOOST_TEST(section.actions.at(0).targets.at(0).uri == "u");
    BOOST_TEST((read.wrong_types.empty() && section.wrong_types.empty()));
}

BOOST_AUTO_TEST_CASE(what_is_absent_is_empty) {
    for (const char* text : {"{}", "[]", R"({"title": null, "sections": null, "potentialAction": null})"}) {
        const MessageCard read = read_card(text);
        BOOST_TEST((read.title.empty() && read.sections.empty() && read.actions.empty()), text);
        BOOST_TEST(read.wrong_types.empty(), text);
    }
    const CardSection section = read_card(R"({"sections": [{}]})").sections.at(0);
    BOOST_TEST(!(section.has_hero || section.starts_group || section.is_html));
}

BOOST_AUTO_TEST_CASE(wrong_types_are_named_and_keep_their_places) {
    const MessageCard read = read_card(R"({"title": [], "text": {}, "summary": 17, "potentialAction": "x",
        "sections": [5, {"title": {}, "facts": 1, "images": [6, {"image": "i"}], "heroImage": "h", "markdown": []}]})");
    BOOST_TEST(read.wrong_types == std::vector<std::string>({"title", "text", "potentialAction"}),
               boost::test_tools::per_element());
    BOOST_TEST(read.summary == "17");
    BOOST_REQUIRE_EQUAL(read.sections.size(), 2U);
    BOOST_TEST(!read.sections[0].is_object);
    BOOST_TEST(read.sections[1].wrong_types == std::vector<std::string>({"title", "facts", "heroImage"}),
               boost::test_tools::per_element());
    BOOST_TEST(read.sections[1].images.at(1).url == "i");
    BOOST_TEST(read.sections[1].is_html);
}

BOOST_AUTO_TEST_CASE(a_button_leads_to_its_default_address_or_its_first) {
    const auto address = [](const std::string& targets) {
        return web_address_of(read_card_action(card(R"({"@type": "OpenUri", "targets": [)" + targets + "]}")));
    };
    const std::string phone = R"({"os": "iOS", "uri": "https://i.example/"})";
    const std::string other = R"({"os": "android", "uri": "https://a.example/"})";
    BOOST_TEST(address(phone + "," + other) == "https://i.example/");
    BOOST_TEST(address(phone + R"(,{"os": "default", "uri": "https://d.example/"})") == "https://d.example/");
    BOOST_TEST(address(R"({"os": "default", "uri": "tel:1"},)" + phone) == "https://i.example/");
    BOOST_TEST(address("\"https://t.example/\"") == "https://t.example/");
    BOOST_TEST(address(R"({"os": "default"}, 17)") == "");
    BOOST_TEST(web_address_of(read_card_action(card(R"({"@type": "HttpPOST", "target": "https://a.example/"})"))) ==
               "");
}

BOOST_AUTO_TEST_CASE(the_first_line_is_the_first_that_is_shown) {
    BOOST_TEST(first_line(read_card(R"({"title": " ", "text": "**b**\nc"})")) == "b");
    BOOST_TEST(first_line(read_card(R"({"sections": [{}, {"facts": [{"name": "n"}], "text": "t"}]})")) == "t");
    BOOST_TEST(first_line(read_card(R"({"sections": [{"facts": [{"name": "n"}, {"value": "v"}]}]})")) == "n");
    BOOST_TEST(first_line(read_card(R"({"summary": "s"})")) == "");
}

BOOST_AUTO_TEST_SUITE_END()
