#include "lib/base/secret.h"

#include <boost/test/unit_test.hpp>
#include <utility>

namespace o365 {

BOOST_AUTO_TEST_SUITE(secret_tests)

BOOST_AUTO_TEST_CASE(a_secret_prints_as_stars_and_four_digits) {
    const Secret secret{"https://contoso.webhook.office.com/webhookb2/1"};
    const std::string shown = fmt::format("{}", secret);
    BOOST_TEST(shown.size() == 7U);
    BOOST_TEST(shown.substr(0, 3) == "***");
    BOOST_TEST(shown.find("contoso") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_secrets_can_be_told_apart) {
    BOOST_TEST(Secret("one").redacted() != Secret("two").redacted());
}

BOOST_AUTO_TEST_CASE(an_empty_secret_prints_as_stars_alone) { BOOST_TEST(Secret().redacted() == "***"); }

BOOST_AUTO_TEST_CASE(taking_a_string_over_empties_it) {
    std::string text = "a webhook that is long enough for the heap";
    const Secret secret(std::move(text));
    BOOST_TEST(secret.reveal() == "a webhook that is long enough for the heap");
    BOOST_TEST(text.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the promise
}

BOOST_AUTO_TEST_CASE(moving_leaves_nothing_behind) {
    Secret short_one{"short"};
    const Secret moved = std::move(short_one);
    BOOST_TEST(moved.reveal() == "short");
    BOOST_TEST(short_one.empty());  // NOLINT(bugprone-use-after-move): likewise
}

BOOST_AUTO_TEST_CASE(wiping_overwrites_the_bytes) {
    std::string text = "secret";
    const char* const bytes = text.data();
    wipe(text);
    BOOST_TEST(text.empty());
    BOOST_TEST(bytes[1] == '\0');  // the small-string buffer is still there to look at
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
