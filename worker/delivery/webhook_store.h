// Opens the webhooks of leased lanes, keeps the opened ones for a while, and adopts those that are sealed under the RSA
// key: seals them anew under a symmetric key, which opens a thousand times faster. One thread.
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
    // Takes over a lane that waits for its webhook no longer.
    using Ready = std::function<void(const std::shared_ptr<Lane>& lane)>;

    // `key_file` is named in messages only.
    WebhookStore(KeyRing& keys, std::string key_file, Outbox& outbox, const Clock& clock);

    // The ids of the keys of the key file.
    std::vector<std::string> key_ids() const;
    // Logs which of these keys the key file lacks.
    void log_missing_keys(const std::vector<std::string>& key_ids) const;

    // Gives the lane its webhook if it is kept open in the version of the lane's lease; false when it is not.
    bool find(Lane& lane);
    // Puts a lane into the queue for open().
    void add(std::shared_ptr<Lane> lane) { to_open_.push_back(std::move(lane)); }
    // Opens webhooks of lanes in the queue for at most about 50 ms, so that reports and heartbeats do not wait for RSA:
    // first those sealed under a symmetric key, then the others. A lane is ready with its webhook; with `cannot_send`;
    // or with neither when its webhook was removed or renewed since the claim, or when it is too late to send. With
    // `stopping` nothing is opened by RSA any more. Throws DatabaseError, the lanes that are not ready stay.
    void open(const Ready& ready, bool stopping);
    // Takes all lanes out of the queue.
    std::vector<std::shared_ptr<Lane>> take_waiting();
    // Whether no lane waits.
    bool idle() const noexcept { return to_open_.empty() && to_adopt_.empty(); }
    // How many lanes wait to be opened by RSA.
    std::size_t adopting() const noexcept { return to_adopt_.size(); }

    // Forgets the webhook of a subscription: of one that was removed or renewed, nothing may stay.
    void forget(std::int64_t subscription_id) { opened_.erase(subscription_id); }
    // Forgets webhooks that were not used for ten minutes.
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
