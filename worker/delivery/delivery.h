// The delivery loop (docs/delivery.md): claims lanes, fetches their cards, has their webhooks opened, gives them to the
// sender, reports what came of them. The database thread drives it: so database time and network time overlap, and
// neither holds a lock while it waits. step() makes one pass without waiting, so that a test can drive it by its own
// clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/exit_code.h"
#include "lib/base/log.h"
#include "lib/database/database.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/lane.h"
#include "worker/delivery/outbox.h"
#include "worker/delivery/sender.h"
#include "worker/delivery/settings_snapshot.h"
#include "worker/delivery/webhook_store.h"

namespace o365 {

// What --once ends with; the numbers are the exit codes of o365-worker.
enum class Outlook {
    drained = exit_code::kDone,
    failing = exit_code::kUnavailable,
    waiting = exit_code::kTryAgainLater,
};

class Delivery {
  public:
    // `max_transfers`: as the sender has it.
    Delivery(const Clock& clock, Outbox& outbox, WebhookStore& webhooks, Sender& sender, int max_transfers);

    // How long a worker that ends tries to report to a database that does not answer; then leases end by themselves.
    static constexpr std::chrono::seconds kLastWord{3};

    // Before the first step: for --once, when delivery ends at the latest. No POST starts after it; those under way are
    // finished. It ends earlier when nothing is due.
    void end_at(Clock::time_point deadline);
    // Claims nothing more, finishes what is under way, reports it, then step() ends: at the latest post_timeout_seconds
    // and kLastWord later, whatever webhooks and the database do. From any thread, not from a signal handler.
    void stop() noexcept;

    // How long to wait before the next step.
    struct Wait {
        std::chrono::microseconds longest{0};
        bool for_reports = true;  // reports of the sender end the wait; otherwise only stop() does
        bool finishing = false;   // stop() is known
    };
    // One pass. The first one registers the worker and is repeated while the database is not there or takes no writes;
    // later ones come back by themselves after it was away. nullopt: delivery has ended. Throws DatabaseError when the
    // database refuses the worker's start, std::runtime_error when the sender has failed.
    std::optional<Wait> step();
    // Waits as step() said.
    void wait(const Wait& wait);
    // Whether the worker is registered: lanes may go to the sender.
    bool started() const noexcept { return snapshot_ != nullptr; }

    // After the last step: says that the worker ends, so that nobody takes it for one that was killed. Without a
    // connection it is left unsaid: health then reports the worker as lost.
    void say_stopped(bool comes_back) noexcept;
    // After the last step of --once: says so and asks what is left, in kLastWord. Throws DatabaseError when the
    // database was lost at the end, std::runtime_error when its environment is another than this worker's.
    Outlook outlook();

  private:
    bool gathers() const noexcept;
    bool has_time_left();
    Wait next_wait(bool finishing, bool found);
    Wait database_lost(const DatabaseError& error, bool finishing);
    void database_answered();
    void start();
    void use(SettingsSnapshot next);
    void heartbeat();
    void check_refused_hosts();
    bool report_and_claim(bool claims);
    void report_each();
    void take_reported(std::vector<LaneReport>& reports, const Reported& reported);
    void forget_released(const LaneReport& report);
    int lanes_wanted(std::size_t held) const;
    void take_lanes(std::vector<Claimed> claimed, Clock::time_point asked);
    void pass_on(std::vector<std::shared_ptr<Lane>> lanes);
    void give_back(std::shared_ptr<Lane> lane);
    void fetch_cards(bool finishing);
    void adapt_bytes_per_call(Clock::duration took);
    bool needs_opening(Lane& lane);
    void recheck();

    const Clock& clock_;
    Outbox& outbox_;
    WebhookStore& webhooks_;
    Sender& sender_;
    const int max_transfers_;
    std::optional<Clock::time_point> deadline_;
    std::shared_ptr<const SettingsSnapshot> snapshot_;      // null: not started
    std::map<std::int64_t, std::shared_ptr<Lane>> active_;  // leased to us, by subscription
    std::deque<std::shared_ptr<Lane>> to_fetch_;            // leased, their cards are not here yet
    std::vector<LaneReport> reports_;                       // kept over a lost connection: a report may be repeated
    int bytes_per_call_;                                    // of cards; fewer over a slow connection
    Clock::time_point heartbeat_at_{};
    Clock::time_point rechecked_at_{};
    Clock::time_point forgot_unused_at_{};

    // How long to wait.
    std::chrono::microseconds poll_;
    std::chrono::milliseconds backoff_;
    std::optional<Clock::time_point> worked_at_;  // when there was something to do
    std::optional<DatabaseError> lost_;           // the last failure, while the database does not answer
    log::Repeated lost_told_;
    std::optional<Clock::time_point> all_back_at_;  // while ending: when the last lane was given back
};

}  // namespace o365
