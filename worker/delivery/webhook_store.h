// Opens the webhooks of leased lanes, caches opened ones, and adopts those that are sealed under the RSA key: it seals
// them again under a symmetric key, which opens a thousand times faster. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/lru_cache.h"
#include "lib/keys/key_ring.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/lane.h"
#include "worker/delivery/outbox.h"

namespace o365 {

class WebhookStore {
  public:
    // Called with each lane whose webhook need not be waited for any more. Takes the lane over.
    using Ready = std::function<void(const std::shared_ptr<Lane>& lane)>;

    // `key_file`: for messages only.
    WebhookStore(KeyRing& keys, std::string key_file, Outbox& outbox, const Clock& clock);

    // The ids of the key file's keys.
    std::vector<std::string> key_ids() const;
    // Logs an error for each of these keys that the key file does not have.
    void log_missing_keys(const std::vector<std::string>& key_ids) const;

    // Sets the lane's webhook from the cache; false when the cache does not have the version of the lane's lease.
    bool find(Lane& lane);
    // Adds a lane to the queue of open().
    void add(std::shared_ptr<Lane> lane) { to_open_.push_back(std::move(lane)); }
    // Opens webhooks of queued lanes for at most about 50 ms, so that reports and heartbeats do not wait for RSA: first
    // those that are sealed under a symmetric key, then the others. Calls `ready` with each lane that has its webhook
    // or `cannot_send` now; and with neither when the webhook was removed or renewed since the claim, or when it is too
    // late to send. `stopping`: open nothing by RSA. Throws DatabaseError; lanes that are not ready stay in the queue.
    void open(const Ready& ready, bool stopping);
    // Removes and returns all queued lanes.
    std::vector<std::shared_ptr<Lane>> take_waiting();
    // Whether the queue is empty.
    bool idle() const noexcept { return to_open_.empty() && to_adopt_.empty(); }
    // How many lanes wait for RSA.
    std::size_t adopting() const noexcept { return to_adopt_.size(); }

    // Removes the webhook of a subscription from the cache. Call it when the webhook was removed or renewed.
    void forget(std::int64_t subscription_id) { opened_.erase(subscription_id); }
    // Removes webhooks from the cache that were not used for ten minutes.
    void forget_unused();

  private:
    struct SealedLane {
        std::shared_ptr<Lane> lane;
        SealedMessage message;
    };
    struct Opened {
        int secret_version = 0;
        std::shared_ptr<const OpenWebhook> webhook;
        Clock::time_point used_at;
    };
    static constexpr std::size_t kMostOpened = 65536;  // webhooks, about 600 bytes each; one more is opened again

    void open_some(const Ready& ready);
    void open_one(const SealedLane& sealed, const Ready& ready);
    void adopt(const Lease& lease, const Secret& text);

    KeyRing& keys_;
    const std::string key_file_;
    Outbox& outbox_;
    const Clock& clock_;
    LruCache<std::int64_t, Opened> opened_{kMostOpened};  // by subscription
    std::deque<std::shared_ptr<Lane>> to_open_;
    std::deque<SealedLane> to_adopt_;  // sealed under the RSA key
};

}  // namespace o365
