#include "lib/http_client/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <string>

namespace o365 {
namespace {

constexpr std::int64_t kMost = 86400;  // seconds

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Seconds since 1970; 0 when `value` is not a date.
std::int64_t date_of(std::string_view value) {
    return std::max<std::int64_t>(0, curl_getdate(std::string(value).c_str(), nullptr));
}

// "17" or "17.5", rounded up, at most a day. 0 when `value` does not begin with a number.
std::int64_t number_of(std::string_view value) {
    std::int64_t number = 0;
    std::size_t at = 0;
    for (; at < value.size() && is_digit(value[at]); ++at)
        number = std::min<std::int64_t>(kMost, number * 10 + (value[at] - '0'));
    if (at == 0) return 0;
    if (at < value.size() && value[at] == '.' && value.find_first_not_of('0', at + 1) != std::string_view::npos)
        number = std::min(kMost, number + 1);
    return number;
}

}  // namespace

void RetryAfter::add(std::string_view value) {
    if (value.empty()) return;
    if (!is_digit(value.front())) {
        until_ = std::max(until_, date_of(value));
        return;
    }
    // A proxy may join two fields into one: "50, 5".
    while (true) {
        seconds_ = std::max(seconds_, number_of(value));
        const auto comma = value.find(',');
        if (comma == std::string_view::npos) return;
        value.remove_prefix(std::min(value.size(), value.find_first_not_of(" \t", comma + 1)));
    }
}

void RetryAfter::set_date(std::string_view value) { date_ = date_of(value); }

std::optional<std::int64_t> RetryAfter::seconds(std::time_t now) const {
    const std::int64_t from = date_ > 0 ? date_ : static_cast<std::int64_t>(now);
    const std::int64_t longest = std::min(kMost, std::max(seconds_, until_ - from));
    return longest > 0 ? std::optional(longest) : std::nullopt;
}

}  // namespace o365
