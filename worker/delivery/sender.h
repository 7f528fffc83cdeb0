// Posts the cards of leased lanes, those of each lane one after the other, and hands the results to the database
// thread. It decides when a POST may start (docs/delivery.md, "Claim, POST, report"). step() makes one pass: run()
// repeats it in the sender's own thread, a test calls it with its own clock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "lib/http_client/transport.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/host_gate.h"
#include "worker/delivery/lane.h"
#include "worker/delivery/settings_snapshot.h"

namespace o365 {

class Sender {
  public:
    // `max_transfers`: how many POSTs may run at once.
    Sender(Transport& transport, const Clock& clock, int max_transfers);

    // Call it before anything else. No POST starts after `deadline`.
    void end_at(Clock::time_point deadline) noexcept { send_until_ = deadline; }

    // ---- any thread ----

    // Starts no further POST; lanes come back when running POSTs have ended. Ends wait().
    void stop() noexcept;
    bool stopped() const noexcept { return stopped_; }
    // Whether run() has failed; the log says why.
    bool failed() const noexcept { return failed_; }

    // ---- the database thread ----

    // Sets the settings, from the next pass on. Call it before send().
    void use(std::shared_ptr<const SettingsSnapshot> snapshot);
    // Takes lanes over. Each comes back in a report that releases it.
    void send(const std::vector<std::shared_ptr<Lane>>& lanes);
    // Waits until there are `enough` reports, until stop() unless `finishing`, or until run() has failed, at most
    // `longest`. Afterwards fewer than `enough` reports do not wake the database thread either.
    void wait(std::chrono::microseconds longest, std::size_t enough, bool finishing);
    std::vector<LaneReport> take_reports();
    // Whether a lane has waited too long for a transfer within the last ten seconds.
    bool is_slow() const noexcept { return clock_.now() - gave_back_at_.load() < kSlow; }
    // Whether a POST has failed on this side within the last half minute while another worker was alive.
    bool leaves_lanes_to_others() const noexcept { return clock_.now() < leaves_until_.load(); }
    // Says that no further lane comes: run() ends after the last one.
    void finish();

    // ---- the sender's thread ----

    // Makes passes until finish() was called and all lanes are handed over. An exception ends it: see failed().
    void run() noexcept;
    // Makes one pass, in which the transport waits at most `longest`. False when run() has nothing left to do.
    bool step(std::chrono::milliseconds longest);

  private:
    // How long is_slow() is true after a lane was given back.
    static constexpr std::chrono::seconds kSlow{10};
    // How long a lane may wait for a transfer before it is given back.
    static constexpr std::chrono::seconds kWaiting{1};

    void start_waiting();
    void report_late_results();
    bool may_send(const Lane& lane) const noexcept;
    bool is_too_late(const Lane& lane) const noexcept;
    void advance(const std::shared_ptr<Lane>& lane);
    void post_next(const std::shared_ptr<Lane>& lane);
    void check_webhook(Lane& lane) const;
    void hold(const std::shared_ptr<Lane>& lane, std::chrono::seconds wait);
    void posted(const std::shared_ptr<Lane>& lane, PostResult result);
    void hand_over(const std::shared_ptr<Lane>& lane, bool releases);

    Transport& transport_;
    const Clock& clock_;
    Clock::time_point send_until_ = Clock::time_point::max();

    // For the sender's thread only.
    std::shared_ptr<const SettingsSnapshot> snapshot_;
    HostGate<std::shared_ptr<Lane>> gate_;  // lanes that wait for a transfer or have one
    Clock::time_point looked_for_late_{};
    std::deque<std::pair<Clock::time_point, std::shared_ptr<Lane>>> unreported_;  // lanes with results, and since when

    std::atomic<Clock::time_point> gave_back_at_{};
    std::atomic<Clock::time_point> leaves_until_{};
    std::atomic<bool> stopped_ = false;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_;  // guards the members below
    std::vector<std::shared_ptr<Lane>> to_send_;
    std::vector<LaneReport> to_report_;
    std::size_t enough_reports_ = 1;
    std::shared_ptr<const SettingsSnapshot> next_snapshot_;
    bool finishes_ = false;
    std::condition_variable changed_;
};

}  // namespace o365
