// The clock of delivery, an interface so that a test can set the time. Leases are measured with it: docs/delivery.md,
// "What a crash costs".
#pragma once

#include "lib/base/boot_clock.h"

namespace o365 {

class Clock {
  public:
    using duration = BootClock::duration;
    using time_point = BootClock::time_point;

    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    // Never goes back. From any thread.
    virtual time_point now() const noexcept = 0;
};

class SystemClock : public Clock {
  public:
    time_point now() const noexcept override { return BootClock::now(); }
};

}  // namespace o365
