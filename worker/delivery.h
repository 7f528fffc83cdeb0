// The delivery loop (docs/delivery.md): a database thread feeds, claims, opens webhooks and reports; a sender thread
// posts. They hand lanes to each other, so that database time and network time overlap and neither locks while it
// waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/classifier.h"
#include "lib/database.h"
#include "lib/http_client.h"
#include "lib/key_ring.h"
#include "lib/settings.h"

namespace o365 {

struct Lane;

// What --once ends with; the numbers are the exit codes of o365-worker.
enum class Outlook { drained = 0, failing = 1, waiting = 75 };

class Delivery {
  public:
    Delivery(const Settings& settings, KeyRing keys);
    ~Delivery();

    // Delivers until stop(). Comes back by itself after the database was away; throws only when it cannot start.
    void run();
    // Delivers what is due and returns when nothing is, or at the deadline; POSTs in flight are finished first.
    Outlook run_once(std::chrono::milliseconds deadline);
    // Claims nothing more, finishes what is in flight, reports it, then run() returns. From any thread, also a
    // signal's.
    void stop() noexcept;

  private:
    using Clock = std::chrono::steady_clock;

    // What o365.worker_start and worker_heartbeat say; replaced whole, so that the sender reads one state at a time.
    struct Orders {
        bool sends = false;
        std::chrono::milliseconds lease{0};
        std::chrono::milliseconds post_timeout{0};
        Classifier classifier;
        Json::Value hosts;
    };

    // Database thread.
    void loop(bool once, std::optional<Clock::time_point> deadline);
    void start_worker();
    void take_orders(std::string_view answer);
    void keep_in_touch();
    bool feed_and_claim();
    void open_webhooks(std::vector<std::shared_ptr<Lane>>& lanes);
    void recheck();
    bool report(std::vector<std::shared_ptr<Lane>> lanes);
    void stop_sender();

    // Sender thread.
    void send_lanes();
    void advance(const std::shared_ptr<Lane>& lane);
    void posted(const std::shared_ptr<Lane>& lane, PostResult result);
    void finish(const std::shared_ptr<Lane>& lane);

    const Settings settings_;
    KeyRing keys_;
    Database database_;
    HttpClient client_;
    int worker_ = 0;
    std::string low_ = "-infinity";
    Clock::time_point swept_{};
    Clock::time_point heard_{};
    Clock::time_point rechecked_{};
    Clock::time_point tidied_{};
    std::map<std::int64_t, std::shared_ptr<Lane>> active_;  // leased to us, by subscription
    struct Opened {
        int secret_version = 0;
        std::shared_ptr<const Secret> webhook;
    };
    std::map<std::int64_t, Opened> opened_;

    std::mutex mutex_;  // guards what follows up to changed_
    std::vector<std::shared_ptr<Lane>> to_send_;
    std::vector<std::shared_ptr<Lane>> to_report_;
    std::shared_ptr<const Orders> orders_;
    bool sender_ends_ = false;
    std::condition_variable changed_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace o365
