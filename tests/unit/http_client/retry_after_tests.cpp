#include "lib/http_client/retry_after.h"

#include <boost/test/unit_test.hpp>
#include <initializer_list>

namespace o365 {
namespace {

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::time_t kNow = 784111777;

std::int64_t seconds(std::initializer_list<const char*> values, const char* date = nullptr, std::time_t now = kNow) {
    RetryAfter retry_after;
    if (date != nullptr) retry_after.set_date(date);
    for (const char* value : values) retry_after.add(value);
    return retry_after.seconds(now).value_or(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_after_tests)

BOOST_AUTO_TEST_CASE(no_value_and_nonsense_ask_for_no_wait) {
    BOOST_TEST(!RetryAfter().seconds(kNow).has_value());
    for (const char* value : {"", "0", "-5", "soon", "Sun, 99 Nov", ",", "0.0"})
        BOOST_TEST(seconds({value}) == 0, value);
}

BOOST_AUTO_TEST_CASE(f6_of_several_values_the_largest_counts) {
    BOOST_TEST(seconds({"50", "5"}) == 50);
    BOOST_TEST(seconds({"5", "50"}) == 50);
    BOOST_TEST(seconds({"5, 50"}) == 50);
    BOOST_TEST(seconds({"50,5"}) == 50);
    BOOST_TEST(seconds({"5", "Sun, 06 Nov 1994 08:50:37 GMT"}) == 60);
    BOOST_TEST(seconds({"90", "Sun, 06 Nov 1994 08:50:37 GMT"}) == 90);
}

BOOST_AUTO_TEST_CASE(f6_a_day_is_the_most) {
    BOOST_TEST(seconds({"86401"}) == 86400);
    BOOST_TEST(seconds({"99999999999999999999"}) == 86400);
    BOOST_TEST(seconds({"99999999999999999999999999999999999999999999999999.5"}) == 86400);
    BOOST_TEST(seconds({"Fri, 31 Dec 2199 23:59:59 GMT"}) == 86400);
}

BOOST_AUTO_TEST_CASE(f6_a_date_is_measured_against_the_answer_s_own_date) {
    const char* const date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const char* const later = "Sun, 06 Nov 1994 08:50:17 GMT";
    for (const std::time_t wrong : {-3600, 0, 3600}) BOOST_TEST(seconds({later}, date, kNow + wrong) == 40);
    BOOST_TEST(seconds({later}) == 40);  // without one, by the clock of this machine
    BOOST_TEST(seconds({date}, later) == 0);
    BOOST_TEST(seconds({later}, "no date") == 40);
}

BOOST_AUTO_TEST_CASE(all_three_forms_of_a_date_are_read) {
    for (const char* later :
         {"Sun, 06 Nov 1994 08:50:17 GMT", "Sunday, 06-Nov-94 08:50:17 GMT", "Sun Nov  6 08:50:17 1994"})
        BOOST_TEST(seconds({later}) == 40, later);
}

BOOST_AUTO_TEST_CASE(a_fraction_of_a_second_is_never_too_early) {
    BOOST_TEST(seconds({"1.5"}) == 2);
    BOOST_TEST(seconds({"0.2"}) == 1);
    BOOST_TEST(seconds({"7.0"}) == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
