// What delivery asks of the database, in typed calls: DatabaseOutbox makes them, or what a test puts in its place. An
// Outbox belongs to one thread, but for end_by(). Calls throw DatabaseError as Database::call does.
#pragma once

#include <chrono>
#include <cstddef>
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

// The right to post the cards of one subscription for a time. The number is the fencing token: each claim gives the
// lane a new one.
struct Lease {
    std::int64_t subscription_id = 0;
    std::int64_t lease_no = 0;
    int secret_version = 0;  // of the webhook that the cards go to, and no other
};

struct Card {
    std::int64_t position = 0;
    std::int64_t card_id = 0;
    std::string body;     // as it was sent
    std::string ends_as;  // the outcome to report without a POST; empty: post it
    std::string reason;   // of that outcome
    std::string extra;    // fields beside it in its envelope, a JSON object of strings; empty: none
    // No POST of it may begin so long after the call that brought it began; nullopt: at any time.
    std::optional<std::chrono::milliseconds> expires_in = std::nullopt;
};

struct Claimed {
    Lease lease;
    std::string dialect;
    std::chrono::milliseconds lasts{0};  // from the begin of the call
    Payload payload = Payload::envelope;
    std::optional<std::vector<Card>> cards{};  // its first cards, as of cards(); nullopt: ask for them
};

// What came of a card: its end, or why it has none yet.
struct CardResult {
    std::int64_t position = 0;
    Judgement judgement;
    int http_status = 0;                            // 0: none
    std::optional<std::int64_t> retry_after;        // seconds
    std::optional<std::chrono::milliseconds> took;  // nullopt: no POST was made
};

// The results of one lane's cards, in their order.
struct Ended {
    Lease lease;
    std::span<const CardResult> results;  // valid during the call
    bool releases = false;                // the lane is given back
};

// What the database made of a report.
struct Reported {
    std::set<std::int64_t> busy;  // subscriptions whose lanes somebody else has locked: report these again
    std::int64_t ended = 0;       // cards
    std::int64_t known = 0;       // cards that had been reported before
};

struct ReportedAndClaimed {
    Reported reported;
    std::int64_t fed = 0;  // cards that arrived
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

// How many lanes there are of each kind; of each at most about a thousand are counted.
struct Backlog {
    std::int64_t due = 0;
    std::int64_t waiting = 0;  // for a time
    std::int64_t paused = 0;   // with cards
    std::int64_t suspended = 0;
    std::int64_t failing = 0;
    bool unfed = false;   // there are cards that no lane knows of yet
    std::string next_at;  // when the next lane is due; empty: none waits for a time
};

class Outbox {
  public:
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    virtual ~Outbox() = default;

    // Registers the worker. Throws std::runtime_error when worker and schema do not go together.
    virtual SettingsSnapshot start() = 0;
    // Says that the worker is alive. The snapshot has the key of links to card actions where the schema has links.
    virtual SettingsSnapshot heartbeat() = 0;
    // Says which keys the worker has, so that lanes which it cannot open are left to a worker that can.
    virtual void describe(const std::vector<std::string>& key_ids) = 0;
    // The keys that webhooks are sealed under.
    virtual std::vector<std::string> keys_in_use() = 0;
    // Says that the worker ends; `comes_back`: by --once, so that nobody misses it. Does not connect for it.
    virtual void stop(bool comes_back) = 0;

    // Reports, then hands arrivals to their lanes and leases up to `lanes` lanes, in one transaction and one round
    // trip: what fails is all undone. Without `ended` nothing is reported, with `lanes` 0 nothing is claimed.
    virtual ReportedAndClaimed report_and_claim(const std::vector<Ended>& ended, int lanes) = 0;
    // The first cards of leased lanes, at most about `bytes` in all: of the first size() of `leases`, in their order.
    // The others did not fit: ask again. No cards: the lane has none, or is not leased under that number any more.
    virtual std::vector<std::vector<Card>> cards(const std::vector<Lease>& leases, int bytes) = 0;
    // Whether leased lanes may still send. In no particular order.
    virtual std::vector<Rechecked> recheck(const std::vector<Lease>& leases) = 0;
    // The webhooks of subscriptions, those that have one. In no particular order.
    virtual std::vector<SealedWebhook> secrets(const std::vector<std::int64_t>& subscription_ids) = 0;
    // Puts the same webhook, sealed under another key, in place of what is there, unless it was renewed meanwhile.
    virtual void adopt(std::int64_t subscription_id, int secret_version, const SealedMessage& message) = 0;
    virtual Backlog backlog() = 0;

    // No call goes on after `when`, not even one that is running now. From any thread.
    virtual void end_by(Clock::time_point when) noexcept = 0;
    // Closes the connection; the next call makes a new one.
    virtual void close() noexcept = 0;
};

}  // namespace o365
