// A steady clock that also counts the time in which the machine is suspended (CLOCK_BOOTTIME), as the database's clock
// does. Leases are measured with it: std::chrono::steady_clock (CLOCK_MONOTONIC) stops during suspension. Any thread.
#pragma once

#include <chrono>
#include <ctime>

namespace o365 {

struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): a clock has it by that name

    static time_point now() noexcept {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    }
};

}  // namespace o365
