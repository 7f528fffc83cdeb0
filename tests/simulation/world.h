// The time and the chance of a simulation: one thread, a clock that only events move, one seed that decides everything.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "worker/delivery/clock.h"

namespace o365::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = Clock::time_point;

constexpr Time kBegin{seconds(1'000'000)};
constexpr Time kNever = Time::max();

class World {
  public:
    explicit World(std::uint64_t seed) : random_(seed) {}

    Time now() const noexcept { return now_; }

    // 0 to `most`, both included.
    std::int64_t up_to(std::int64_t most) {
        return static_cast<std::int64_t>(random_() % (static_cast<std::uint64_t>(most) + 1));
    }
    milliseconds between(milliseconds least, milliseconds most) {
        return least + milliseconds(up_to((most - least).count()));
    }
    // True `per_thousand` times of a thousand.
    bool chance(int per_thousand) { return up_to(999) < per_thousand; }

    // Calls `what` at that time, or at once in the next run() when it has passed.
    void at(Time time, std::function<void()> what) { events_.push({std::max(time, now_), ++order_, std::move(what)}); }

    // Lets everything happen that is due until then. Events may call it too: time goes on inside them.
    void run(Time until) {
        while (!events_.empty() && events_.top().time <= until) {
            const Event event = events_.top();
            events_.pop();
            at_once_ = event.time > now_ ? 0 : at_once_ + 1;
            if (at_once_ > kMostAtOnce) throw std::logic_error("the simulation's time stands still");
            now_ = std::max(now_, event.time);
            event.what();
        }
        now_ = std::max(now_, until);
    }

    // What happened last, for the report of a seed that fails.
    template <class... Args>
    void note(fmt::format_string<Args...> text, Args&&... args) {
        if (!traces) return;
        trace_.push_back(fmt::format("{:>9.3f} ", std::chrono::duration<double>(now_ - kBegin).count()) +
                         fmt::format(text, std::forward<Args>(args)...));
        if (trace_.size() > kMostTraced) trace_.pop_front();
    }
    const std::deque<std::string>& trace() const noexcept { return trace_; }
    bool traces = false;

  private:
    static constexpr std::size_t kMostTraced = 400;
    static constexpr int kMostAtOnce = 100000;
    struct Event {
        Time time;
        std::uint64_t order;
        std::function<void()> what;
        bool operator>(const Event& other) const noexcept {
            return time != other.time ? time > other.time : order > other.order;
        }
    };

    Time now_ = kBegin;
    int at_once_ = 0;  // events since time went on
    std::mt19937_64 random_;
    std::uint64_t order_ = 0;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::deque<std::string> trace_;
};

// The clock of one worker. `behind`: how long it stood still, which no clock of ours does; a planted fault.
class WorkerClock : public Clock {
  public:
    explicit WorkerClock(const World& world) : world_(world) {}
    time_point now() const noexcept override { return world_.now() - behind; }
    duration behind{0};

  private:
    const World& world_;
};

}  // namespace o365::simulation
