// The delivery loop (docs/delivery.md): claims lanes, fetches their cards, has their webhooks opened, passes them to
// the sender and reports the results. The database thread runs it and the sender has a thread of its own, so that
// database and network work at the same time. step() makes one pass without waiting, so that a test can run it with its
// own clock. All members but stop() are for the database thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
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

// The result of --once; the numbers are the exit codes of o365-worker.
enum class Outlook {
    drained = exit_code::kDone,
    failing = exit_code::kUnavailable,
    waiting = exit_code::kTryAgainLater,
};

class Delivery {
  public:
    // `max_transfers`: the sender's. All that it refers to must outlive it.
    Delivery(const Clock& clock, Outbox& outbox, WebhookStore& webhooks, Sender& sender, int max_transfers);

    // How long a worker that ends tries to report to a database that does not answer. After that leases end by
    // themselves.
    static constexpr std::chrono::seconds kLastReports{3};

    // For --once, before the first step: when delivery ends at the latest. No POST starts after `deadline`, running
    // ones are finished. Delivery ends earlier when nothing is due.
    void end_at(Clock::time_point deadline);
    // Claims nothing more, finishes running POSTs and reports them; then step() returns nullopt, at the latest
    // post_timeout_seconds and kLastReports later, whatever webhooks and the database do. From any thread, not from a
    // signal handler.
    void stop() noexcept;

    // How long to wait before the next step.
    struct Wait {
        std::chrono::microseconds longest{0};
        bool for_reports = true;  // reports of the sender end the wait; otherwise only stop() does
        bool finishing = false;   // the worker is ending already, so stop() does not end the wait
    };
    // Makes one pass. The first passes register the worker, and are repeated while the database is not there or does
    // not accept writes; later passes continue by themselves after it was away. nullopt: delivery has ended. Throws
    // DatabaseError when the database refuses the worker's start, std::runtime_error when the sender has failed.
    std::optional<Wait> step();
    // Waits as step() returned.
    void wait(const Wait& wait);
    // Whether the worker is registered. The sender's thread may run from then on.
    bool started() const noexcept { return snapshot_ != nullptr; }

    // After the last step: tells the database that the worker ends, so that health does not report it as lost. Does
    // nothing without a connection. `comes_back`: after --once.
    void report_stop(bool comes_back) noexcept;
    // After the last step of --once: does the same and asks what is left, within kLastReports. Throws DatabaseError
    // when the database was lost at the end, std::runtime_error when the database does not let this worker send.
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
    std::map<std::int64_t, std::shared_ptr<Lane>> active_;  // lanes leased to this worker, by subscription
    std::deque<std::shared_ptr<Lane>> to_fetch_;            // those of them whose cards have not been fetched
    std::vector<LaneReport> reports_;                       // to send; kept when the connection is lost
    int bytes_per_call_;                                    // of cards; fewer over a slow connection
    Clock::time_point heartbeat_at_{};
    Clock::time_point rechecked_at_{};
    Clock::time_point forgot_unused_at_{};

    std::chrono::microseconds poll_;              // the wait after a pass
    std::chrono::milliseconds backoff_;           // the wait after a failure
    std::optional<Clock::time_point> worked_at_;  // when there was last something to do
    std::optional<DatabaseError> lost_;           // the last failure, until the database answers
    log::Repeated failures_;
    std::optional<Clock::time_point> all_back_at_;  // while ending: when the sender had given all lanes back
};

}  // namespace o365
