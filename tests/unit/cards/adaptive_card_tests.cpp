#include "lib/cards/adaptive_card.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/unit/cards/sample_cards.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(adaptive_card_tests)

BOOST_AUTO_TEST_CASE(an_envelope_has_type_and_attachments) {
    BOOST_TEST(is_envelope(card(R"({"type": "message", "attachments": []})")));
    for (const char* none : {R"({"type": "message"})", R"({"type": "message", "attachments": null})",
                             R"({"type": "AdaptiveCard", "attachments": []})", R"(["message"])"})
        BOOST_TEST(!is_envelope(card(none)), none);
}

BOOST_AUTO_TEST_CASE(a_card_in_its_envelope_is_what_it_was) {
    const Json::Value bare = card(R"({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "t"}]})");
    const Json::Value envelope = adaptive_envelope(bare);
    BOOST_TEST(is_envelope(envelope));
    BOOST_TEST((envelope["attachments"][0]["content"] == bare));
    BOOST_TEST(envelope["attachments"][0]["contentType"].asString() == kAdaptiveType);
    BOOST_TEST(envelope["summary"].asString() == "t");
    BOOST_TEST(!has_summary(in_envelope(bare)));
}

BOOST_AUTO_TEST_CASE(a_summary_that_is_there_stays) {
    const Json::Value named = card(R"({"type": "message", "summary": "s", "attachments": [{"content":
        {"type": "AdaptiveCard", "fallbackText": "f"}}]})");
    BOOST_TEST((with_summary(named) == named));
    Json::Value blank = named;
    blank["summary"] = " ";
    BOOST_TEST(with_summary(blank)["summary"].asString() == "f");
    const Json::Value empty = card(R"({"type": "message", "attachments": []})");
    BOOST_TEST((with_summary(empty) == empty));
}

BOOST_AUTO_TEST_SUITE_END()
