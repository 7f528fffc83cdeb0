#include "fcgi/connect/attempt_cookie.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <string>

namespace o365 {
namespace {

// A header with so many cookies of ours, all different.
Request with_cookies(int count) {
    Request request;
    for (int i = 0; i < count; ++i) request.cookies += fmt::format("{}{:08x}=x; ", kAttemptCookiePrefix, i);
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attempt_cookie_tests)

BOOST_AUTO_TEST_CASE(F36_the_newest_are_looked_at_and_some_of_the_oldest_deleted) {
    const Request request = with_cookies(5000);
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    BOOST_REQUIRE(cookies.size() == 64U);
    BOOST_TEST(cookies.back().name == fmt::format("{}{:08x}", kAttemptCookiePrefix, 4999));
    Response response;
    set_attempt_cookie(response, request, fresh_attempt_cookie(), 3600);
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (const auto& [name, value] : response.headers()) {
        if (name != "Set-Cookie") continue;
        bytes += name.size() + value.size() + 4;
        ++count;
    }
    BOOST_TEST(count == 11U);
    BOOST_TEST(bytes < 2048U);
}

BOOST_AUTO_TEST_CASE(a_cookie_that_comes_twice_and_another_site_s_are_none) {
    Request request;
    request.cookies = fmt::format("{0}00000001=a; theirs=b; {0}00000002=c;{0}00000001=d; {0}0000000g=e; {0}3=f",
                                  kAttemptCookiePrefix);
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    BOOST_REQUIRE(cookies.size() == 1U);
    BOOST_TEST(cookies[0].value == "c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
