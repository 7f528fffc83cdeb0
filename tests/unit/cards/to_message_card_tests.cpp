#include "lib/cards/to_message_card.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/cards/card_body.h"
#include "tests/unit/cards/sample_cards.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(to_message_card_tests)

BOOST_AUTO_TEST_CASE(an_adaptive_card_that_would_lose_something_is_a_problem) {
    for (const char* text :
         {R"({"type": "AdaptiveCard", "body": [{"type": "ColumnSet", "columns": []}]})",
          R"({"type": "AdaptiveCard", "speak": "x", "body": []})",
          R"({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "a"},
             {"type": "TextBlock", "text": "b", "weight": "Bolder"}]})",
          R"({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "a", "color": "good"}]})",
          R"({"type": "AdaptiveCard", "body": [], "actions": [{"type": "Action.ShowCard", "title": "a"}]})"}) {
        BOOST_TEST(message_card_from_adaptive(card(text)).problem != "", text);
        BOOST_TEST(card_body(text, "connector").problem != "", text);
    }
}

BOOST_AUTO_TEST_CASE(no_section_gets_a_sixth_picture) {
    Json::Value source = card(R"({"type": "AdaptiveCard", "body": [{"type": "FactSet", "facts": []}]})");
    for (int i = 0; i < 12; ++i) source["body"].append(card(R"({"type": "Image", "url": "https://a.example/a.png"})"));
    const Json::Value sections = message_card_from_adaptive(source).card["sections"];
    BOOST_REQUIRE_EQUAL(sections.size(), 3U);
    BOOST_TEST(sections[0]["images"].size() == 5U);
    BOOST_TEST(sections[1]["images"].size() == 5U);
    BOOST_TEST(sections[2]["images"].size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
