// Reads the header field Retry-After (RFC 9110 10.2.3). Immutable inputs, no state: any thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

// What one answer says about waiting. Field values are given in the order in which they arrive.
class RetryAfter {
  public:
    // A value of a Retry-After field: seconds, a list of seconds, or a date. What is neither is ignored.
    void add(std::string_view value);
    // The value of the answer's Date field.
    void set_date(std::string_view value);
    // How many seconds to wait: the largest value, at most a day. A date is measured against the answer's own Date, so
    // that the clock of this machine does not matter; against `now` only where the answer has no Date. nullopt when the
    // answer asks for no wait or names a time that has passed.
    std::optional<std::int64_t> seconds(std::time_t now) const;

  private:
    std::int64_t seconds_ = 0;
    std::int64_t until_ = 0;  // the latest date, in seconds since 1970
    std::int64_t date_ = 0;
};

}  // namespace o365
