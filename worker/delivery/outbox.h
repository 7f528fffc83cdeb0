// The database calls of delivery, as an interface: DatabaseOutbox, or a test's own. An Outbox belongs to one thread,
// except for end_by(). Calls throw DatabaseError as Database::call does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lib/cards/card_body.h"
#include "lib/database/database.h"
#include "lib/keys/key_ring.h"
#include "worker/delivery/classifier.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/settings_snapshot.h"

namespace o365 {

// The right to post the cards of one subscription for a time.
struct Lease {
    std::int64_t subscription_id = 0;
    std::int64_t lease_no = 0;  // the fencing token: each claim gives the lane a new one
    int secret_version = 0;     // of the webhook: cards may be posted to this version only
};

struct Card {
    std::int64_t position = 0;
    std::int64_t card_id = 0;
    std::string body;     // the card, as JSON
    std::string ends_as;  // the outcome to report without a POST; empty: post the card
    std::string reason;   // for that outcome
    std::string extra;    // fields beside the card in its envelope, a JSON object of strings; empty: none
    // No POST may begin so long after the beginning of the call that fetched the card; nullopt: no limit.
    std::optional<std::chrono::milliseconds> expires_in = std::nullopt;
};

struct Claimed {
    Lease lease;
    std::string dialect;
    std::chrono::milliseconds lasts{0};  // the lease, from the beginning of the call
    Payload payload = Payload::envelope;
    std::optional<std::vector<Card>> cards{};  // its first cards, as cards() returns them; nullopt: call cards()
};

// The result of a card: its end, or why it has none yet.
struct CardResult {
    std::int64_t position = 0;
    Judgement judgement;
    int http_status = 0;                            // 0: no answer
    std::optional<std::int64_t> retry_after;        // seconds
    std::optional<std::chrono::milliseconds> took;  // nullopt: no POST was made
};

// The results of one lane's cards, in their order.
struct Ended {
    Lease lease;
    std::span<const CardResult> results;  // valid during the call
    bool releases = false;                // gives the lane back
};

// The answer to a report.
struct Reported {
    std::set<std::int64_t> busy;  // subscriptions whose lanes another session has locked: report these again
    std::int64_t ended = 0;       // how many cards ended
    std::int64_t known = 0;       // how many ends an earlier report had brought already
};

struct ReportedAndClaimed {
    Reported reported;
    std::int64_t fed = 0;  // more than 0: cards have arrived at their lanes
    std::vector<Claimed> claimed;
};

struct Rechecked {
    std::int64_t subscription_id = 0;
    bool may_send = false;
};

struct SealedWebhook {
    std::int64_t subscription_id = 0;
    int secret_version = 0;
    SealedMessage message;
};

// How many lanes with cards there are of each kind. Of each kind at most about a thousand are counted.
struct Backlog {
    std::int64_t due = 0;
    std::int64_t waiting = 0;  // for a time
    std::int64_t paused = 0;
    std::int64_t suspended = 0;
    std::int64_t failing = 0;
    bool unfed = false;   // there are cards that have not been handed to their lanes
    std::string next_at;  // when the next lane is due, as text; empty when none waits for a time
};

class Outbox {
  public:
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    virtual ~Outbox() = default;

    // Registers the worker. Throws std::runtime_error when worker and schema do not work together.
    virtual SettingsSnapshot start() = 0;
    // Tells the database that the worker is alive.
    virtual SettingsSnapshot heartbeat() = 0;
    // Tells the database which keys the worker has, so that lanes that it cannot open are left to another worker.
    virtual void describe(const std::vector<std::string>& key_ids) = 0;
    // The ids of the keys under which webhooks are sealed.
    virtual std::vector<std::string> keys_in_use() = 0;
    // Tells the database that the worker ends. `comes_back`: it ran with --once. Does nothing without a connection.
    virtual void stop(bool comes_back) = 0;

    // Reports, then hands arrivals to their lanes and leases up to `lanes` lanes, in one transaction and one round
    // trip: on an exception all of it is undone. An empty `ended` reports nothing, `lanes` 0 claims nothing; not both.
    virtual ReportedAndClaimed report_and_claim(const std::vector<Ended>& ended, int lanes) = 0;
    // Fetches the first cards of leased lanes, at most about `bytes` in all. Element n belongs to leases[n]. When there
    // are fewer elements than `leases`, the cards of the others did not fit: call it again for those. An empty element:
    // the lane has no cards, or is not leased under that number any more.
    virtual std::vector<std::vector<Card>> cards(const std::vector<Lease>& leases, int bytes) = 0;
    // Whether leased lanes may still send, in no particular order.
    virtual std::vector<Rechecked> recheck(const std::vector<Lease>& leases) = 0;
    // The webhooks of those subscriptions that have one, in no particular order.
    virtual std::vector<SealedWebhook> secrets(const std::vector<std::int64_t>& subscription_ids) = 0;
    // Replaces a sealed webhook by the same webhook sealed under another key, unless it was renewed meanwhile.
    virtual void adopt(std::int64_t subscription_id, int secret_version, const SealedMessage& message) = 0;
    virtual Backlog backlog() = 0;

    // Sets a deadline for all calls, also for one that is running now. From any thread.
    virtual void end_by(Clock::time_point when) noexcept = 0;
    // Closes the connection; the next call makes a new one.
    virtual void close() noexcept = 0;
};

}  // namespace o365
