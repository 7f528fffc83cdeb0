// The delivery loop (docs/delivery.md): a database thread feeds, claims, opens webhooks and reports; a sender thread
// posts. They hand lanes to each other, so that database time and network time overlap and neither locks while it
// waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/boot_clock.h"
#include "lib/base/exit_code.h"
#include "lib/base/log.h"
#include "lib/base/lru_cache.h"
#include "lib/database/database.h"
#include "lib/http_client/http_client.h"
#include "lib/keys/key_ring.h"
#include "lib/settings/settings.h"
#include "worker/delivery/classifier.h"
#include "worker/delivery/host_gate.h"

namespace o365 {

struct Lane;
struct OpenWebhook;

// What became of a card: its end, or why it has none yet.
struct CardEnd {
    std::int64_t position = 0;
    Judgement judgement;
    int http_status = 0;
    std::optional<std::int64_t> retry_after;
    std::optional<std::chrono::milliseconds> took;  // none: no POST was made
};

// What --once ends with; the numbers are the exit codes of o365-worker.
enum class Outlook {
    drained = exit_code::kDone,
    failing = exit_code::kUnavailable,
    waiting = exit_code::kTryAgainLater,
};

class Delivery {
  public:
    Delivery(const Settings& settings, KeyRing keys);
    ~Delivery();

    // Delivers until stop(). Waits for a database that is not there yet, or takes no writes, and comes back by itself
    // after it was away; throws DatabaseError when the database refuses the worker's start, std::runtime_error when the
    // sender thread has failed.
    void run();
    // Delivers what is due and returns when nothing is, or at the deadline: no POST starts after it, those in flight
    // are finished. Throws DatabaseError when it cannot start or cannot report, std::runtime_error when the database's
    // environment is another than this worker's or the sender thread has failed. Once the last POST has ended it
    // returns within kLastWord, whatever the database does.
    Outlook run_once(std::chrono::milliseconds deadline);
    // Claims nothing more, finishes what is in flight, reports it, then run() returns: at the latest
    // post_timeout_seconds and kLastWord later, whatever webhooks and the database do. From any thread, not from a
    // signal handler.
    void stop() noexcept;

    // How long a worker that ends tries to report to a database that does not answer; then leases end by themselves.
    static constexpr std::chrono::seconds kLastWord{3};

  private:
    using Clock = BootClock;

    // What o365_programs.worker_start and worker_heartbeat say; replaced whole, so that the sender reads one state at a
    // time.
    struct Orders {
        bool sends = false;
        std::string why;  // it does not; empty when it does
        std::chrono::milliseconds post_timeout{0};
        Classifier classifier;
        Json::Value hosts;
        std::string public_url;             // where links to card actions lead; empty: there are none
        Secret action_key;                  // of those links
        std::string adaptive_card_version;  // of converted cards; empty: the lowest that they need
        std::int64_t others = 0;            // workers of this environment that are alive beside this one
    };

    // A lane's news on its way to o365_programs.worker_report.
    struct Report {
        std::shared_ptr<Lane> lane;
        std::vector<CardEnd> ends;
        bool releases = false;
    };

    // A lane whose webhook is sealed.
    struct SealedLane {
        std::shared_ptr<Lane> lane;
        std::string key_id;
        std::string message;
    };

    // Database thread.
    void loop(std::optional<Clock::time_point> deadline);
    void collect(std::vector<Report>& reports, std::chrono::milliseconds poll, bool finishing);
    bool has_time_left(std::vector<Report>& reports);
    void database_lost(const DatabaseError& error, std::chrono::milliseconds backoff);
    void database_answered();
    void end_calls_by(Clock::time_point when) noexcept;
    void start_worker();
    void take_orders(std::string_view answer);
    void describe();
    void keep_in_touch();
    void forget_webhooks();
    bool report_and_claim(std::vector<Report>& reports, bool claims);
    int lanes_wanted(std::size_t held) const;
    bool take_lanes(const Rows& rows, Clock::time_point now);
    void fetch_cards(bool finishing);
    void pass_on(const std::shared_ptr<Lane>& lane);
    void open_webhooks();
    void open_webhook(const SealedLane& sealed);
    void to_sender(const std::shared_ptr<Lane>& lane);
    void adopt(std::int64_t subscription_id, std::int64_t secret_version, const Secret& text);
    void recheck();
    Statement report_statement(const std::vector<Report>& reports) const;
    void reported(std::vector<Report>& reports, const Rows& rows);
    void report_each(std::vector<Report>& reports);
    void done_with(const Report& report);
    void stop_sender();
    void say_stopped(bool comes_back) noexcept;

    // Chores' thread.
    void run_chores(std::stop_token ends, int worker) noexcept;
    void tidy(int worker);

    // Sender thread.
    void run_sender() noexcept;
    void send_lanes();
    void start_waiting();
    bool may_send(const Lane& lane) const noexcept;
    void advance(const std::shared_ptr<Lane>& lane);
    void check_webhook(Lane& lane) const;
    void hold(const std::shared_ptr<Lane>& lane, std::chrono::seconds wait);
    void posted(const std::shared_ptr<Lane>& lane, PostResult result);
    void hand_over(const std::shared_ptr<Lane>& lane, bool releases);

    const Settings settings_;
    KeyRing keys_;
    Database database_;
    Database chores_;  // the session of the chores, which reports and claims do not wait for; open while they last
    HttpClient client_;
    int worker_ = 0;
    std::string low_ = "-infinity";
    Clock::time_point swept_{};
    Clock::time_point heard_{};
    Clock::time_point rechecked_{};
    Clock::time_point forgot_{};
    std::map<std::int64_t, std::shared_ptr<Lane>> active_;  // leased to us, by subscription
    struct Opened {
        int secret_version = 0;
        std::shared_ptr<const OpenWebhook> webhook;
        Clock::time_point used_at;
    };
    static constexpr std::size_t kMostOpened = 65536;  // webhooks, about 600 bytes each; one more is opened again
    LruCache<std::int64_t, Opened> opened_{kMostOpened};
    std::deque<std::shared_ptr<Lane>> to_fetch_;  // leased, their cards are not here yet
    int bytes_per_call_;                          // of cards; fewer over a slow connection
    std::deque<std::shared_ptr<Lane>> to_open_;
    std::deque<SealedLane> to_adopt_;
    std::optional<DatabaseError> lost_;  // the last failure, while the database does not answer
    log::Repeated lost_told_;
    std::optional<Clock::time_point> came_back_at_;  // while ending: when the last lane was given back

    // Sender thread.
    std::shared_ptr<const Orders> orders_here_;
    // How long a lane may wait for a transfer before it is given back.
    static constexpr std::chrono::seconds kWaiting{1};
    // Lanes that wait for a transfer, and how many have one.
    HostGate<std::shared_ptr<Lane>> gate_{settings_.max_transfers, kWaiting};
    Clock::time_point looked_for_late_{};
    std::deque<std::pair<Clock::time_point, std::shared_ptr<Lane>>> unreported_;  // since when they have ends

    std::atomic<Clock::time_point> gave_back_at_{};  // when a lane last waited in vain for a transfer
    std::atomic<Clock::time_point> leaves_until_{};  // until when lanes are left to other workers

    Clock::time_point send_until_ = Clock::time_point::max();  // before any thread starts
    std::mutex mutex_;                                         // guards what follows up to changed_
    std::vector<std::shared_ptr<Lane>> to_send_;
    std::vector<Report> to_report_;
    std::size_t worth_a_call_ = 1;  // so many wake the database thread before its time
    std::shared_ptr<const Orders> orders_;
    bool sender_ends_ = false;
    std::condition_variable changed_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> sender_failed_ = false;
};

}  // namespace o365
