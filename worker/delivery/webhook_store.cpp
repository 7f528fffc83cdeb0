#include "worker/delivery/webhook_store.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "lib/base/log.h"

namespace o365 {
namespace {

constexpr std::size_t kSecretsPerCall = 32;
constexpr std::chrono::milliseconds kOpening{50};
constexpr std::chrono::minutes kUnused{10};

}  // namespace

WebhookStore::WebhookStore(KeyRing& keys, std::string key_file, Outbox& outbox, const Clock& clock)
    : keys_(keys), key_file_(std::move(key_file)), outbox_(outbox), clock_(clock) {}

std::vector<std::string> WebhookStore::key_ids() const {
    std::vector<std::string> ids{keys_.rsa().key_id};
    for (const SymmetricKey& key : keys_.symmetric()) ids.push_back(key.key_id);
    return ids;
}

void WebhookStore::log_missing_keys(const std::vector<std::string>& key_ids) const {
    for (const std::string& key_id : key_ids) {
        if (keys_.has(key_id)) continue;
        log::error("key_missing",
                   "key={} file={} then=\"webhooks sealed under it wait; restore the backup that has it\"", key_id,
                   log::quoted(key_file_));
    }
}

bool WebhookStore::find(Lane& lane) {
    Opened* const known = opened_.find(lane.lease.subscription_id);
    if (known == nullptr || known->secret_version != lane.lease.secret_version) return false;
    known->used_at = clock_.now();
    lane.webhook = known->webhook;
    return true;
}

void WebhookStore::open(const Ready& ready, bool stopping) {
    const Clock::time_point until = clock_.now() + kOpening;
    while (!to_open_.empty() && clock_.now() < until) open_some(ready);
    while (!to_adopt_.empty() && clock_.now() < until) {
        const SealedLane sealed = std::move(to_adopt_.front());
        to_adopt_.pop_front();
        if (stopping || clock_.now() >= sealed.lane->last_start) {
            ready(sealed.lane);
        } else {
            open_one(sealed, ready);
        }
    }
}

void WebhookStore::open_some(const Ready& ready) {
    std::vector<std::int64_t> ids;
    for (const auto& lane : to_open_) {
        if (ids.size() < kSecretsPerCall) ids.push_back(lane->lease.subscription_id);
    }
    std::map<std::int64_t, SealedWebhook> sealed_of;
    for (SealedWebhook& one : outbox_.secrets(ids)) sealed_of[one.subscription_id] = std::move(one);
    for (const std::int64_t id : ids) {
        SealedLane sealed{std::move(to_open_.front()), {}};
        to_open_.pop_front();
        const auto found = sealed_of.find(id);
        // Removed or renewed since the claim: the lane is given back. After the next claim its cards end, or go to the
        // new webhook in the form that it takes.
        if (found == sealed_of.end() || found->second.secret_version != sealed.lane->lease.secret_version) {
            ready(sealed.lane);
            continue;
        }
        sealed.message = found->second.message;
        if (keys_.is_symmetric(sealed.message.key_id)) {
            open_one(sealed, ready);
        } else {
            to_adopt_.push_back(std::move(sealed));
        }
    }
}

void WebhookStore::open_one(const SealedLane& sealed, const Ready& ready) {
    Lane& lane = *sealed.lane;
    const Lease lease = lane.lease;
    const std::string& key_id = sealed.message.key_id;
    std::optional<Secret> text;
    try {
        text = keys_.open(key_id, sealed.message.sealed);
        lane.webhook = std::make_shared<const OpenWebhook>(webhook_in(*text, lease.subscription_id));
        opened_.put(lease.subscription_id, {lease.secret_version, lane.webhook, clock_.now()});
    } catch (const KeyError& error) {
        lane.cannot_send = error.what();
        // A missing key is not an error of the webhook: a worker that has the key delivers.
        const bool missing = dynamic_cast<const MissingKey*>(&error) != nullptr;
        lane.cannot_send_outcome = missing ? "cannot_open" : "suspend";
    } catch (const std::exception& error) {
        lane.cannot_send = fmt::format("key {}: {}", key_id, error.what());
        // Neither is a failure of this machine.
        const bool message_is_wrong = dynamic_cast<const OpenPgpError*>(&error) != nullptr &&
                                      dynamic_cast<const OpenPgpFailure*>(&error) == nullptr;
        lane.cannot_send_outcome = message_is_wrong ? "suspend" : "cannot_open";
    }
    if (!lane.cannot_send.empty())
        log::error("webhook_closed", "subscription={} key={} problem={}", lease.subscription_id, key_id,
                   log::quoted(lane.cannot_send));
    const bool adopts = lane.webhook && !keys_.is_symmetric(key_id);
    ready(sealed.lane);  // do not use the lane after this
    if (adopts) adopt(lease, *text);
}

// Seals the webhook under the symmetric key and stores it. If that fails, the webhook stays as it is and the next
// opening tries again.
void WebhookStore::adopt(const Lease& lease, const Secret& text) {
    try {
        outbox_.adopt(lease.subscription_id, lease.secret_version, keys_.seal(text));
    } catch (const DatabaseError& error) {
        if (error.fault() == Fault::down || error.fault() == Fault::in_doubt) throw;
        log::warn("adoption_failed", "subscription={} problem={}", lease.subscription_id, log::quoted(error.what()));
    } catch (const std::exception& error) {
        log::warn("adoption_failed", "subscription={} problem={}", lease.subscription_id, log::quoted(error.what()));
    }
}

std::vector<std::shared_ptr<Lane>> WebhookStore::take_waiting() {
    std::vector<std::shared_ptr<Lane>> lanes(std::make_move_iterator(to_open_.begin()),
                                             std::make_move_iterator(to_open_.end()));
    to_open_.clear();
    for (SealedLane& sealed : to_adopt_) lanes.push_back(std::move(sealed.lane));
    to_adopt_.clear();
    return lanes;
}

void WebhookStore::forget_unused() {
    opened_.forget_while([now = clock_.now()](const Opened& one) { return now - one.used_at > kUnused; });
}

}  // namespace o365
