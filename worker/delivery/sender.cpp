#include "worker/delivery/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/cards/action_link.h"
#include "lib/cards/card_body.h"

namespace o365 {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kPass{200};           // the longest wait of a pass
constexpr milliseconds kIdlePass{2000};      // the same, while nothing is sent or waits to be
constexpr milliseconds kStateIsFresh{1900};  // how old a check may be at a POST: pause and remove hold within 2 s
constexpr milliseconds kUnreported{100};     // how long a result waits for its report while its lane goes on
constexpr milliseconds kLooksForLate{100};   // how often to look for lanes that wait too long
constexpr seconds kLeavesToOthers{30};  // how long to leave lanes to other workers after a POST failed on this side

}  // namespace

Sender::Sender(Transport& transport, const Clock& clock, int max_transfers)
    : transport_(transport), clock_(clock), gate_(max_transfers, kWaiting) {}

// ---- any thread, the database thread ----

void Sender::stop() noexcept {
    {
        // Under the mutex: else a thread that has just checked the condition could miss the notification.
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    transport_.wake();
}

void Sender::use(std::shared_ptr<const SettingsSnapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    next_snapshot_ = std::move(snapshot);
}

void Sender::send(const std::vector<std::shared_ptr<Lane>>& lanes) {
    {
        const std::lock_guard lock(mutex_);
        to_send_.insert(to_send_.end(), lanes.begin(), lanes.end());
    }
    transport_.wake();
}

void Sender::wait(std::chrono::microseconds longest, std::size_t enough, bool finishing) {
    std::unique_lock lock(mutex_);
    enough_reports_ = enough;
    changed_.wait_for(lock, longest,
                      [&] { return to_report_.size() >= enough || (stopped_ && !finishing) || failed_; });
}

std::vector<LaneReport> Sender::take_reports() {
    const std::lock_guard lock(mutex_);
    return std::exchange(to_report_, {});
}

void Sender::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishes_ = true;
    }
    transport_.wake();
}

// ---- the sender's thread ----

// An exception here ends the worker in order: the database thread sees failed() and throws, and the program ends.
void Sender::run() noexcept {
    try {
        while (step(transport_.in_flight() == 0 && gate_.waiting() == 0 ? kIdlePass : kPass)) continue;
        return;
    } catch (const std::exception& error) {
        log::error("sender_failed", "problem={} then=\"the worker ends; leases end by themselves\"",
                   log::quoted(error.what()));
    }
    {
        const std::lock_guard lock(mutex_);
        failed_ = true;
    }
    changed_.notify_all();
}

bool Sender::step(milliseconds longest) {
    std::vector<std::shared_ptr<Lane>> lanes;
    {
        const std::lock_guard lock(mutex_);
        lanes.swap(to_send_);
        if (lanes.empty() && gate_.waiting() == 0 && finishes_ && transport_.in_flight() == 0) return false;
        snapshot_ = next_snapshot_;
    }
    for (const auto& lane : lanes) {
        if (lane->webhook && lane->cannot_send.empty()) {
            const Url& url = lane->webhook->parsed.url;
            lane->far_end = snapshot_->hosts.far_end(url);
            gate_.add(lane->far_end, url.host, lane, clock_.now());
        } else {
            advance(lane);  // posts nothing
        }
    }
    start_waiting();
    transport_.run_once(unreported_.empty() ? longest : std::min(longest, kUnreported));
    report_late_results();
    return true;
}

// Hands over results of lanes that go on with their next cards.
void Sender::report_late_results() {
    while (!unreported_.empty() && clock_.now() - unreported_.front().first >= kUnreported) {
        hand_over(unreported_.front().second, false);
        unreported_.pop_front();
    }
}

// Starts lanes while there are transfers for them. Gives lanes back that wait too long, so that another worker may have
// them, and those that may not send any more.
void Sender::start_waiting() {
    const Clock::time_point now = clock_.now();
    if (stopped_ || now >= send_until_) {
        for (const auto& lane : gate_.take_all()) hand_over(lane, true);
        return;
    }
    while (const auto lane = gate_.next()) {
        (*lane)->has_transfer = true;
        advance(*lane);
    }
    if (now - looked_for_late_ < kLooksForLate) return;
    looked_for_late_ = now;
    for (const auto& late : gate_.late(now)) {
        // With --once there is no later: the lane is given back and claimed again.
        if (late.hold > seconds(0) && send_until_ == Clock::time_point::max() && may_send(*late.item)) {
            hold(late.item, late.hold);
        } else {
            if (late.hold == seconds(0)) gave_back_at_ = now;
            hand_over(late.item, true);
        }
    }
}

// Gives a lane back and holds it for a while, because its far end has used up its share of transfers.
void Sender::hold(const std::shared_ptr<Lane>& lane, seconds wait) {
    lane->results.push_back(
        {lane->cards[lane->next].position,
         {"held", 0, fmt::format("waits for a transfer: {} has its share of them, and is slow", lane->far_end)},
         0,
         wait.count(),
         {}});
    hand_over(lane, true);
}

bool Sender::may_send(const Lane& lane) const noexcept {
    const Clock::time_point now = clock_.now();
    return lane.may_send && !stopped_ && now < lane.last_start && now < send_until_ &&
           now - lane.checked_at.load() < kStateIsFresh;
}

// Whether no POST of the lane's next card may begin any more.
bool Sender::is_too_late(const Lane& lane) const noexcept {
    const auto& expires_in = lane.cards[lane.next].expires_in;
    return expires_in && clock_.now() >= lane.fetched_at + *expires_in;
}

// Posts the lane's next card, or gives the lane back when none is left or none may be sent now.
void Sender::advance(const std::shared_ptr<Lane>& lane) {
    for (; lane->next < lane->cards.size(); ++lane->next) {
        const Card& card = lane->cards[lane->next];
        if (!card.ends_as.empty()) {
            lane->results.push_back({card.position, {card.ends_as, 0, card.reason}, 0, {}, {}});
        } else if (is_too_late(*lane)) {
            lane->results.push_back(
                {card.position, {"expired", 0, "the time by which it was to leave has passed"}, 0, {}, {}});
        } else {
            break;
        }
    }
    if (lane->next >= lane->cards.size() || !may_send(*lane)) return hand_over(lane, true);
    const std::int64_t position = lane->cards[lane->next].position;
    try {
        if (lane->webhook && lane->cannot_send.empty() && lane->checked_against != snapshot_) check_webhook(*lane);
        if (!lane->cannot_send.empty()) {
            lane->results.push_back({position, {lane->cannot_send_outcome, 0, lane->cannot_send}, 0, {}, {}});
            return hand_over(lane, true);
        }
        if (!lane->webhook) return hand_over(lane, true);
        post_next(lane);
    } catch (const std::exception& error) {
        // A card that cannot be posted, for whatever reason, must not end the worker. It is no fault of the webhook.
        lane->results.push_back(
            {position, {"fault", 0, fmt::format("the worker cannot post the card: {}", error.what())}, 0, {}, {}});
        hand_over(lane, true);
    }
}

void Sender::post_next(const std::shared_ptr<Lane>& lane) {
    Card& card = lane->cards[lane->next];
    ActionLink link;
    if (!snapshot_->public_url.empty()) {
        const auto make = lane->dialect == "workflow" ? action_link : action_address;
        link = [this, &card, make](int number) {
            return make(snapshot_->public_url, snapshot_->action_key, card.card_id, number);
        };
    }
    CardBody body = card_body(std::move(card.body), lane->dialect, link, snapshot_->adaptive_card_version,
                              lane->payload, card.extra);
    if (!body.problem.empty()) {
        // o365.send refuses such cards. If one is in the outbox all the same, it ends and the lane goes on.
        log::warn("card_not_converted", "card={} subscription={} problem={}", card.card_id, lane->lease.subscription_id,
                  log::quoted(body.problem));
        ++lane->next;
        lane->results.push_back({card.position, {"dead", 0, std::move(body.problem)}, 0, {}, {}});
        return advance(lane);
    }
    transport_.post(
        lane->webhook->text, std::move(body.text), [this, lane] { return may_send(*lane) && !is_too_late(*lane); },
        [this, lane](PostResult result) { posted(lane, std::move(result)); }, lane->post_timeout);
}

// Checks the webhook again. It was checked when it was stored, but the allow-list may have changed since then.
void Sender::check_webhook(Lane& lane) const {
    const Webhook& webhook = lane.webhook->parsed;
    lane.cannot_send = webhook.problem.empty() ? snapshot_->hosts.problem(webhook.url, lane.dialect) : webhook.problem;
    lane.is_off_the_list = webhook.problem.empty() && !lane.cannot_send.empty();
    if (!lane.cannot_send.empty()) lane.cannot_send_outcome = "suspend";
    lane.checked_against = snapshot_;
}

void Sender::posted(const std::shared_ptr<Lane>& lane, PostResult result) {
    if (result.transport == TransportStatus::withdrawn) return hand_over(lane, true);
    if (!failed_here(result.transport)) {
        gate_.learn(lane->far_end, lane->webhook->parsed.url.host, result.transport == TransportStatus::answered,
                    result.took, clock_.now());
    }
    const Card& card = lane->cards[lane->next++];
    Judgement judgement = snapshot_->classifier.judge(lane->dialect, result, lane->webhook->text.reveal());
    const bool ends = is_end(judgement.outcome);
    if (judgement.problem.empty()) {
        log::debug("card_delivered", "card={} subscription={} outcome={} took_ms={}", card.card_id,
                   lane->lease.subscription_id, judgement.outcome, result.took.count());
    } else {
        log::warn("card_not_delivered", "card={} subscription={} outcome={} rule={} http={} took_ms={} problem={}",
                  card.card_id, lane->lease.subscription_id, judgement.outcome, judgement.rule_id, result.status,
                  result.took.count(), log::quoted(judgement.problem));
    }
    if (ends && lane->results.empty()) unreported_.emplace_back(clock_.now(), lane);
    // A failure on our side is not a POST, and is not written to the history.
    if (failed_here(result.transport)) {
        // Another worker may have the lane at once; if there is none, it is tried again after half a minute. A route
        // may be missing to this host alone: that keeps this worker from no other lane.
        std::optional<std::int64_t> again;
        if (snapshot_->others > 0 && result.transport == TransportStatus::our_side) {
            again = 0;
            leaves_until_ = clock_.now() + kLeavesToOthers;
        }
        lane->results.push_back({card.position, std::move(judgement), 0, again, {}});
        return hand_over(lane, true);
    }
    // The status of an answer that broke off counts where it was enough to go by.
    const bool counts = result.transport == TransportStatus::answered || ends;
    lane->results.push_back(
        {card.position, std::move(judgement), counts ? result.status : 0, result.retry_after, result.took});
    if (ends) return advance(lane);
    hand_over(lane, true);
}

// Hands the lane's results so far to the database thread; with `releases` also the lane itself.
void Sender::hand_over(const std::shared_ptr<Lane>& lane, bool releases) {
    if (releases && std::exchange(lane->has_transfer, false))
        gate_.ended(lane->far_end, lane->webhook->parsed.url.host);
    if (lane->results.empty() && !releases) return;
    {
        const std::lock_guard lock(mutex_);
        to_report_.push_back({lane, std::exchange(lane->results, {}), releases});
        if (to_report_.size() < enough_reports_) return;
    }
    changed_.notify_one();
}

}  // namespace o365
