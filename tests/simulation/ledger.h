// The installation that a simulation delivers for: what the database holds, and what the far end saw. The contract of
// sql/functions/lanes.sql in a few lines, and the judge of what workers do with it (docs/delivery.md).
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/keys/key_ring.h"
#include "tests/simulation/world.h"
#include "worker/delivery/outbox.h"

namespace o365::simulation {

constexpr milliseconds kPostTimeout{4000};
constexpr milliseconds kLease{12000};
constexpr milliseconds kHolds{2000};  // pause, remove and renewal hold after so long

// A worker as the judge knows it. A disturbance is what may explain that a lease ended without its report.
struct Suspect {
    int number = 0;
    bool killed = false;
    Time disturbed_at{};        // last: stalled, or without the database
    Time calls_since = kNever;  // the database, at this moment
    Time stalled_at{};          // last
    Time sends_until = kNever;  // no POST may start after it: stopped, or the deadline of --once
};

// A POST as the far end saw it.
struct Seen {
    std::shared_ptr<const Suspect> by;
    std::int64_t lease_no = 0;
    Time began{};
    bool open = true;    // no answer was given, and the connection stands
    bool final = false;  // its answer ends the card
};

struct StoredCard {
    std::int64_t position = 0;
    std::int64_t subscription_id = 0;
    bool fed = false;
    std::optional<std::string> ended_as;
    std::vector<Seen> posts;
    bool delivered = false;   // an answer said so
    Time not_after = kNever;  // no POST may begin later
};

// A far end with its circuit breaker, as claimable_hosts, far_end_failed and far_ends_answered have it.
struct FarEnd {
    std::optional<Time> held_since;  // by an operator
    std::optional<Time> failing_since;
    std::set<std::int64_t> suspects;  // lanes that failed one after the other
    Time probe_at{};
    std::optional<Time> probed_at;  // when lanes were last claimed as probes

    // Since when nothing may be sent under a lease that was made at `leased_at`; nullopt: it may.
    std::optional<Time> closed_since(Time leased_at) const {
        if (held_since) return held_since;
        if (!failing_since || !probed_at) return failing_since;
        return leased_at >= *probed_at ? std::nullopt : probed_at;  // an older probe may, until the next one
    }
};

// Two of three subscriptions are on hosts of one far end.
constexpr int kFarEnds = 2;
constexpr std::size_t far_end_of(std::int64_t subscription_id) { return subscription_id % 3 == 2 ? 1 : 0; }

// What a claim passes over, which no claim of ours does; planted faults.
struct Ignores {
    bool closed_far_ends = false;
    bool waits = false;
};

struct Subscription {
    std::int64_t id = 0;
    int version = 1;
    std::map<int, Time> replaced_at;  // versions of the webhook
    bool paused = false;
    bool suspended = false;
    bool removed = false;
    std::optional<Time> stopped_at;   // since when nothing may be sent
    std::vector<std::int64_t> cards;  // positions, fed, not ended
    Time next_at = kNever;
    int worker = 0;
    std::int64_t lease_no = 0;
    Time leased_at{};
    Time lease_until{};
    Time not_before{};               // what it waits for: a quota, a schedule, the next try
    std::set<std::int64_t> expired;  // leases that ended by themselves
    Time locked_until{};             // somebody's transaction has the row
    int failures = 0;
    int unclear = 0;
    bool held() const noexcept { return paused || suspended; }
};

class Ledger {
  public:
    explicit Ledger(World& world) : world_(world) {}

    std::map<std::int64_t, Subscription> subscriptions;
    std::map<std::int64_t, StoredCard> cards;  // by position
    std::array<FarEnd, kFarEnds> far_ends;

    // What was wrong, the first of each kind: "lost" and "lost: card 7 ...".
    const std::map<std::string, std::string>& wrongs() const noexcept { return wrongs_; }
    void wrong(const std::string& what) {
        world_.note("WRONG {}", what);
        wrongs_.try_emplace(what.substr(0, what.find(':')), what);
    }

    // ---- the application and the operator ----

    void send(std::int64_t subscription_id) {
        const std::int64_t position = ++last_position_;
        cards[position] = {position, subscription_id, false, {}, {}, false};
        if (world_.chance(100)) cards[position].not_after = world_.now() + world_.between(seconds(1), seconds(40));
        arrived_.push_back(position);
        world_.note("application sends card {} to {}", position, subscription_id);
    }
    void set_paused(Subscription& sub, bool paused) {
        world_.note("operator {} {}", paused ? "pauses" : "resumes", sub.id);
        sub.paused = paused;
        if (!paused) sub.suspended = false;
        changed(sub);
    }
    void remove(Subscription& sub) {
        world_.note("user removes {}", sub.id);
        sub.removed = true;
        sub.paused = sub.suspended = false;
        changed(sub);
    }
    void renew(Subscription& sub) {
        sub.replaced_at[sub.version++] = world_.now();
        sub.suspended = false;
        world_.note("user renews {}, version {}", sub.id, sub.version);
        changed(sub);
    }

    void set_held(std::size_t far_end, bool held) {
        world_.note("operator {} far end {}", held ? "holds" : "releases", far_end);
        std::optional<Time>& since = far_ends.at(far_end).held_since;
        since = !held ? std::nullopt : since ? since : std::optional(world_.now());
    }

    // ---- what workers ask, each a transaction ----

    std::int64_t feed() {
        const auto count = static_cast<std::int64_t>(arrived_.size());
        for (const std::int64_t position : arrived_) {
            Subscription& sub = subscriptions.at(cards.at(position).subscription_id);
            cards.at(position).fed = true;
            sub.cards.push_back(position);
            if (sub.worker == 0 && sub.next_at == kNever && !sub.held())
                sub.next_at = std::max(world_.now(), sub.not_before);
        }
        arrived_.clear();
        return count;
    }

    std::vector<Claimed> claim(int worker, int most, const Ignores& ignores = {}) {
        const Time now = world_.now();
        // How many lanes of each far end may be claimed: all, none, or a few as probes.
        std::array<int, kFarEnds> may{};
        for (std::size_t i = 0; i < kFarEnds; ++i) {
            const FarEnd& far_end = far_ends.at(i);
            const bool is_open = ignores.closed_far_ends || (!far_end.held_since && !far_end.failing_since);
            const bool probes = !is_open && !far_end.held_since && now >= far_end.probe_at;
            may.at(i) = is_open ? most : probes ? 2 : 0;
        }
        std::vector<Claimed> claimed;
        for (auto& [id, sub] : subscriptions) {
            FarEnd& far_end = far_ends.at(far_end_of(id));
            const bool is_due = sub.next_at <= now || (ignores.waits && sub.worker == 0 && sub.next_at != kNever);
            const bool due = is_due && !sub.held() && sub.locked_until <= now && may.at(far_end_of(id)) > 0;
            if (!due || static_cast<int>(claimed.size()) >= most) continue;
            --may.at(far_end_of(id));
            if (far_end.failing_since && !ignores.closed_far_ends) {
                far_end.probed_at = now;
                far_end.probe_at = now + kPostTimeout + seconds(5);
                world_.note("far end {} is probed by {}", far_end_of(id), id);
            }
            if (sub.worker != 0) sub.expired.insert(sub.lease_no);
            sub.worker = worker;
            ++sub.lease_no;
            sub.leased_at = now;
            sub.next_at = sub.lease_until = now + kLease;
            claimed.push_back({{id, sub.lease_no, sub.version}, "connector", kLease});
            world_.note("worker {} leases {}, lease {}", worker, id, sub.lease_no);
        }
        return claimed;
    }

    std::vector<Card> cards_of(int worker, const Lease& lease) const {
        const Subscription& sub = subscriptions.at(lease.subscription_id);
        std::vector<Card> result;
        if (!is_held_by(sub, worker, lease)) return result;
        for (const std::int64_t position : sub.cards) {
            if (result.size() == 20) break;
            const Time not_after = cards.at(position).not_after;
            if (sub.removed) {
                result.push_back({position, position, "", "cancelled", "", ""});
            } else if (not_after <= world_.now()) {
                result.push_back({position, position, "", "expired", "", ""});
            } else {
                result.push_back({position, position, fmt::format(R"({{"text": "card {}"}})", position), "", "", ""});
                if (not_after != kNever) result.back().expires_in = floor_ms(not_after - world_.now());
            }
        }
        return result;
    }

    bool may_send(int worker, const Lease& lease) const {
        const Subscription& sub = subscriptions.at(lease.subscription_id);
        return is_held_by(sub, worker, lease) && !sub.held() && !sub.removed && sub.version == lease.secret_version &&
               !far_ends.at(far_end_of(sub.id)).closed_since(sub.leased_at);
    }

    Reported report(int worker, const std::vector<Ended>& ended) {
        Reported reported;
        for (const Ended& one : ended) {
            Subscription& sub = subscriptions.at(one.lease.subscription_id);
            if (!is_held_by(sub, worker, one.lease)) {
                for (const CardResult& result : one.results) {
                    if (is_end(result.judgement.outcome) && cards.at(result.position).ended_as) ++reported.known;
                }
            } else if (sub.locked_until > world_.now()) {
                reported.busy.insert(sub.id);
            } else {
                for (const CardResult& result : one.results) take_result(sub, one.lease, result, reported);
                if (one.releases) release(sub);
                // The far end as a whole answers, or fails; a lane that has used up its quota, or has a schedule,
                // waits.
                if (one.releases && world_.chance(kLaneWaits) && !sub.cards.empty() && !sub.held())
                    sub.next_at = sub.not_before =
                        std::max(sub.next_at, world_.now() + world_.between(seconds(1), seconds(8)));
            }
        }
        return reported;
    }

    // ---- the far end ----

    // The first byte of a POST came to a webhook; `timeout`: when its worker gives it up. Returns its number in
    // StoredCard::posts.
    std::size_t receive(const std::shared_ptr<const Suspect>& by, std::int64_t subscription_id, int version,
                        std::int64_t position, Clock::duration timeout) {
        const Time now = world_.now();
        Subscription& sub = subscriptions.at(subscription_id);
        StoredCard& card = cards.at(position);
        world_.note("worker {} posts card {} to {}, version {}", by->number, position, subscription_id, version);
        const std::string what = fmt::format("card {} of {} by worker {}", position, subscription_id, by->number);
        if (card.subscription_id != subscription_id) wrong("astray: " + what + " belongs elsewhere");
        if (sub.worker != by->number || sub.lease_until < now + timeout)
            wrong("past lease: " + what + " could outlive the lease");
        if (sub.stopped_at && now - *sub.stopped_at > kHolds)
            wrong("after pause: " + what + " left after the subscription was stopped");
        if (const auto replaced = sub.replaced_at.find(version);
            replaced != sub.replaced_at.end() && now - replaced->second > kHolds)
            wrong("after renewal: " + what + " went to the old webhook");
        if (const auto closed = far_ends.at(far_end_of(subscription_id)).closed_since(sub.leased_at);
            closed && now - *closed > kHolds)
            wrong("to a closed far end: " + what + " left although its far end is held or fails");
        if (now < sub.not_before) wrong("early: " + what + " left before the time that its lane waits for");
        if (now > by->sends_until) wrong("after stop: " + what + " left after its worker was stopped");
        if (now > card.not_after) wrong("too late: " + what + " left after the time by which it was to leave");
        judge_order(sub, card, what);
        judge_doubles(sub, card, what);
        card.posts.push_back({by, sub.lease_no, now, true, false});
        return card.posts.size() - 1;
    }

    // After everything was given time to end.
    void judge_end() {
        for (const auto& [position, card] : cards) {
            const bool removed = subscriptions.at(card.subscription_id).removed;
            if (!card.ended_as) {
                wrong(fmt::format("lost: card {} of {} never ended", position, card.subscription_id));
            } else if (*card.ended_as == "delivered" && !card.delivered) {
                wrong(fmt::format("lost: card {} of {} did not arrive", position, card.subscription_id));
            } else if (*card.ended_as == "cancelled" && !removed) {
                wrong(fmt::format("lost: card {} of {} was cancelled", position, card.subscription_id));
            } else if (*card.ended_as == "expired" && card.not_after == kNever) {
                wrong(fmt::format("lost: card {} of {} expired", position, card.subscription_id));
            }
        }
    }
    bool all_ended() const {
        return arrived_.empty() &&
               std::ranges::all_of(subscriptions, [](const auto& one) { return one.second.cards.empty(); });
    }

  private:
    static constexpr int kLaneWaits = 100;  // of a thousand that are given back
    static milliseconds floor_ms(Clock::duration time) { return std::chrono::floor<milliseconds>(time); }

    static bool is_held_by(const Subscription& sub, int worker, const Lease& lease) {
        return sub.worker == worker && sub.lease_no == lease.lease_no;
    }

    void changed(Subscription& sub) {
        const bool stopped = sub.held() || sub.removed;
        if (!stopped) sub.stopped_at.reset();
        if (stopped && !sub.stopped_at) sub.stopped_at = world_.now();
        sub.not_before = {};
        if (sub.worker == 0) sub.next_at = sub.held() || sub.cards.empty() ? kNever : world_.now();
    }

    void release(Subscription& sub) {
        sub.worker = 0;
        if (sub.next_at == sub.lease_until || sub.next_at == kNever) sub.next_at = world_.now();
        if (sub.cards.empty() || sub.held()) sub.next_at = kNever;
    }

    // Whether the far end of a lane fails as a whole, after one more result of it.
    bool far_end_fails(const Subscription& sub, const CardResult& result) {
        constexpr std::size_t kSuspects = 3;
        const std::size_t number = far_end_of(sub.id);
        FarEnd& far_end = far_ends.at(number);
        const std::string& outcome = result.judgement.outcome;
        if (result.http_status >= 200 && result.http_status < 500) {
            if (far_end.failing_since) world_.note("far end {} answers", number);
            far_end.suspects.clear();
            far_end.failing_since = far_end.probed_at = std::nullopt;
        } else if (outcome == "retry" || outcome == "in_doubt") {
            far_end.suspects.insert(sub.id);
            if (!far_end.failing_since && far_end.suspects.size() >= kSuspects) {
                world_.note("far end {} fails", number);
                far_end.failing_since = world_.now();
                far_end.probed_at.reset();
            }
            if (far_end.failing_since)
                far_end.probe_at = world_.now() + world_.between(milliseconds(500), milliseconds(3000));
        }
        return far_end.failing_since.has_value();
    }

    void end(Subscription& sub, std::int64_t position, const std::string& as) {
        world_.note("card {} ends as {}", position, as);
        cards.at(position).ended_as = as;
        std::erase(sub.cards, position);
        sub.failures = sub.unclear = 0;
    }

    void take_result(Subscription& sub, const Lease& lease, const CardResult& result, Reported& reported) {
        const std::string& outcome = result.judgement.outcome;
        const bool fails = far_end_fails(sub, result);
        if (cards.at(result.position).ended_as) {
            // The same report again, because the answer to the first was lost.
            if (is_end(outcome)) ++reported.known;
            return;
        }
        if (is_end(outcome)) {
            end(sub, result.position, outcome);
            ++reported.ended;
            return;
        }
        world_.note("card {} of {} is reported as {}", result.position, sub.id, outcome);
        milliseconds wait = world_.between(milliseconds(500), milliseconds(4000));
        if (outcome == "in_doubt") {
            if (++sub.unclear > 3) end(sub, result.position, "in_doubt");
        } else if (outcome == "held" || outcome == "cannot_open") {
            wait = seconds(result.retry_after.value_or(30));
        } else if (sub.version != lease.secret_version || sub.removed) {
            wait = milliseconds(0);  // what the older webhook answered says nothing about the new one, or about none
        } else if (outcome == "suspend") {
            sub.suspended = true;
            changed(sub);
        } else if (!fails) {
            if (++sub.failures > 8) end(sub, result.position, "dead");
        }
        sub.next_at = world_.now() + wait;
    }

    // At most one POST is under way, and all that was sent before has come to its end.
    void judge_order(const Subscription& sub, const StoredCard& card, const std::string& what) {
        for (auto& [position, other] : cards) {
            if (other.subscription_id != sub.id) continue;
            const bool settled = other.ended_as || other.not_after <= world_.now() ||
                                 std::ranges::any_of(other.posts, [](const Seen& post) { return post.final; });
            if (position < card.position && !settled)
                wrong(fmt::format("out of order: {} left before card {}", what, position));
            for (const Seen& post : other.posts) {
                // The connection of a worker that was stopped stays open until it goes on.
                if (post.open && !post.by->killed && post.by->stalled_at < post.began)
                    wrong(fmt::format("two at once: {} left while card {} was under way", what, position));
            }
        }
    }

    void judge_doubles(const Subscription& sub, const StoredCard& card, const std::string& what) {
        if (card.ended_as) wrong("doubled: " + what + " left after its end");
        for (const Seen& post : card.posts) {
            if (!post.final) continue;
            const Suspect& by = *post.by;
            const bool waits = by.calls_since < world_.now() - seconds(1);
            const bool disturbed = by.killed || by.disturbed_at >= post.began || waits;
            if (!disturbed || !sub.expired.contains(post.lease_no))
                wrong("doubled: " + what + " left again, and nothing explains it");
        }
    }

    World& world_;
    std::int64_t last_position_ = 0;
    std::vector<std::int64_t> arrived_;
    std::map<std::string, std::string> wrongs_;
};

}  // namespace o365::simulation
