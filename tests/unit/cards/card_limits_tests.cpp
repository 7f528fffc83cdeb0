#include "lib/cards/card_limits.h"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(card_limits_tests)

BOOST_AUTO_TEST_CASE(quotes_and_backslashes_count_as_two) {
    BOOST_TEST(counted_bytes("") == 0U);
    BOOST_TEST(counted_bytes(R"({"a":"\n"})") == 10U + 5U);
    BOOST_TEST(counted_bytes("\u00e4") == 2U);
}

BOOST_AUTO_TEST_CASE(a_body_fits_up_to_the_last_byte) {
    const auto list = [](std::size_t letters) {
        Json::Value body(Json::arrayValue);
        body.append(std::string(letters, 'x'));
        return body;
    };
    const std::size_t around = counted_bytes(R"([""])");
    BOOST_TEST(fits_far_end(list(kFarEndCounts - around)));
    BOOST_TEST(!fits_far_end(list(kFarEndCounts - around + 1)));
}

BOOST_AUTO_TEST_CASE(a_summary_ends_with_a_whole_character) {
    const std::string letter = "\U0001F642";
    std::string text;
    for (std::size_t i = 0; i < kSummaryCharacters; ++i) text += letter;
    BOOST_TEST(summary_beginning(text) == text);
    BOOST_TEST(summary_beginning(text + letter) == text);
    BOOST_TEST(summary_beginning("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
