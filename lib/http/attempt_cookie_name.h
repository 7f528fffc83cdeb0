// The names of the cookies that tie an attempt to connect to a browser. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace o365 {

// Browsers accept a cookie with the prefix __Host- only from this host itself, over TLS and for all paths.
inline constexpr std::string_view kAttemptCookiePrefix = "__Host-o365-";
inline constexpr std::size_t kAttemptCookieDigits = 8;

// The prefix and the first hex digits of `hash`: the SHA-256 of the attempt's state, or of the cookie's own value for
// an attempt without a state.
std::string attempt_cookie_name(std::string_view hash);

}  // namespace o365
