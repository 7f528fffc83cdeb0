// What the cookies are called that tie attempts to connect to a browser. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace o365 {

// A prefix that only this host can set.
inline constexpr std::string_view kAttemptCookiePrefix = "__Host-o365-";
inline constexpr std::size_t kAttemptCookieDigits = 8;

// The prefix and the first hex digits of `hash`, the SHA-256 of the attempt's state, or of the cookie's own value where
// there was no state of ours.
std::string attempt_cookie_name(std::string_view hash);

}  // namespace o365
