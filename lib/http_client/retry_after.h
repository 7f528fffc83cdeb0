// Reads the header field Retry-After (RFC 9110 10.2.3). One thread at a time.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

namespace o365 {

// How long one answer asks its client to wait.
class RetryAfter {
  public:
    // A value of a Retry-After field: seconds, a list of seconds, or a date. Anything else is ignored.
    void add(std::string_view value);
    // The value of the answer's Date field.
    void set_date(std::string_view value);
    // How many seconds to wait: the largest of all values, at most a day. A date counts from the answer's own Date, so
    // that this machine's clock does not matter; from `now` only when the answer has no Date. nullopt when the answer
    // asks for no wait, or for a time that has passed.
    std::optional<std::int64_t> seconds(std::time_t now) const;

  private:
    std::int64_t seconds_ = 0;
    std::int64_t until_ = 0;  // the latest date, in seconds since 1970
    std::int64_t date_ = 0;
};

}  // namespace o365
