#include "worker/delivery/delivery.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace o365 {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kLanesPerClaim = 128;
constexpr int kMostBytesPerCall = 1024 * 1024;
constexpr int kLeastBytesPerCall = 64 * 1024;
constexpr milliseconds kSlowCall{500};  // after a call for cards that took longer, the next one asks for half as much
// For kBusyFor after there was something to do, the wait between two calls is a twentieth of the time since then,
// between these two. After that it doubles up to kIdlePoll.
constexpr microseconds kFirstPoll{250};
constexpr microseconds kBusyPoll{1000};
constexpr milliseconds kGatheringPoll{5};  // while finished lanes wait to be reported together
constexpr milliseconds kIdlePoll{200};
constexpr seconds kBusyFor{1};
constexpr milliseconds kDrained{50};  // --once ends after so long with nothing to do
constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kMostBackoff{2000};
constexpr seconds kHeartbeat{5};
constexpr seconds kRecheck{1};
constexpr seconds kForgetsUnused{60};
constexpr seconds kLastCall{1};  // how long a call that runs at the deadline of --once may still take

std::vector<Ended> as_ended(const std::vector<LaneReport>& reports) {
    std::vector<Ended> ended;
    ended.reserve(reports.size());
    for (const LaneReport& report : reports) ended.push_back({report.lane->lease, report.results, report.releases});
    return ended;
}

std::vector<Lease> leases_of(const auto& lanes) {
    std::vector<Lease> leases;
    leases.reserve(lanes.size());
    for (const auto& lane : lanes) leases.push_back(lane->lease);
    return leases;
}

// Whether the database refused the statement for its content, so that it would refuse it again.
bool is_refused(const DatabaseError& error) { return error.fault() == Fault::refused || error.fault() == Fault::bug; }

}  // namespace

Delivery::Delivery(const Clock& clock, Outbox& outbox, WebhookStore& webhooks, Sender& sender, int max_transfers)
    : clock_(clock),
      outbox_(outbox),
      webhooks_(webhooks),
      sender_(sender),
      max_transfers_(max_transfers),
      bytes_per_call_(kMostBytesPerCall),
      poll_(kFirstPoll),
      backoff_(kFirstBackoff) {}

void Delivery::end_at(Clock::time_point deadline) {
    deadline_ = deadline;
    sender_.end_at(deadline);
    outbox_.end_by(deadline);
}

void Delivery::stop() noexcept {
    sender_.stop();
    outbox_.end_by(clock_.now() + kLastReports);
}

void Delivery::wait(const Wait& wait) {
    // A call that reports ten lanes costs not much more than one that reports one. So while lanes wait for transfers,
    // reports are gathered until half as many have come as lanes wait. Otherwise each is sent at once.
    std::size_t enough = gathers() ? (active_.size() - static_cast<std::size_t>(max_transfers_)) / 2 : 1;
    if (!wait.for_reports) enough = SIZE_MAX;
    sender_.wait(wait.longest, enough, wait.finishing);
}

// Whether lanes wait for transfers.
bool Delivery::gathers() const noexcept { return active_.size() > static_cast<std::size_t>(max_transfers_) + 1; }

std::optional<Delivery::Wait> Delivery::step() {
    if (!worked_at_) worked_at_ = clock_.now();
    const bool finishing = sender_.stopped() || (deadline_ && clock_.now() >= *deadline_);
    if (!started() && finishing) return std::nullopt;
    std::ranges::move(sender_.take_reports(), std::back_inserter(reports_));
    if (sender_.failed()) throw std::runtime_error("the thread that sends has failed; the log says why");
    if (finishing && !has_time_left()) return std::nullopt;
    bool found = false;
    try {
        if (!started()) {
            start();
            database_answered();
            return Wait{};
        }
        heartbeat();
        check_refused_hosts();
        found = report_and_claim(!finishing);
        fetch_cards(finishing);
        webhooks_.open([this](const std::shared_ptr<Lane>& lane) { sender_.send({lane}); }, sender_.stopped());
        database_answered();
    } catch (const DatabaseError& error) {
        return database_lost(error, finishing);
    }
    if (found) worked_at_ = clock_.now();
    if (deadline_ && active_.empty() && reports_.empty() && !found && clock_.now() - *worked_at_ > kDrained)
        return std::nullopt;
    return next_wait(finishing, found);
}

Delivery::Wait Delivery::next_wait(bool finishing, bool found) {
    const Clock::duration idle = found ? Clock::duration::zero() : clock_.now() - *worked_at_;
    // A worker that ends waits for its last reports, and need not poll fast.
    if (finishing || gathers()) {
        poll_ = kGatheringPoll;
    } else {
        poll_ = idle < kBusyFor ? std::clamp(std::chrono::duration_cast<microseconds>(idle / 20), kFirstPoll, kBusyPoll)
                                : std::min<microseconds>(poll_ * 2, kIdlePoll);
    }
    const bool has_work = !webhooks_.idle() || !to_fetch_.empty();
    return {has_work ? microseconds(0) : poll_, true, finishing};
}

// For a worker that ends: whether there are lanes to wait for or to report, and time for it. Lanes come back when their
// POSTs have ended, within the post timeout; after that kLastReports is left.
bool Delivery::has_time_left() {
    for (auto& lane : std::exchange(to_fetch_, {})) give_back(std::move(lane));
    for (auto& lane : webhooks_.take_waiting()) give_back(std::move(lane));
    if (active_.empty() && reports_.empty()) return false;
    const auto back = static_cast<std::size_t>(std::ranges::count_if(reports_, &LaneReport::releases));
    const Clock::time_point now = clock_.now();
    if (!all_back_at_ && back >= active_.size()) all_back_at_ = now;
    const Clock::time_point last = all_back_at_.value_or(now) + kLastReports;
    outbox_.end_by(last);
    if (now < last) return true;
    log::warn("reports_left", "lanes={} why={} then=\"their leases end by themselves; cards may be sent twice\"",
              reports_.size(), log::quoted(lost_ ? lost_->what() : "somebody holds their rows locked"));
    return false;
}

Delivery::Wait Delivery::database_lost(const DatabaseError& error, bool finishing) {
    // Before the worker is registered, wait only for a database that is not there or does not accept writes, because a
    // host starts its services in any order. Any other error goes to the person who starts the worker.
    const bool away = error.fault() == Fault::down || error.fault() == Fault::in_doubt;
    if (!started() && ((!away && error.fault() != Fault::retry) || deadline_)) throw DatabaseError(error);
    lost_ = error;
    // By SQLSTATE: a read-only server words its error differently for each statement.
    if (const auto count = failures_.due(error.sqlstate().empty() ? error.what() : error.sqlstate()))
        log::warn("database_lost", "count={} again_ms={} problem={}", *count, backoff_.count(),
                  log::quoted(error.what()));
    // Begin a new connection with a heartbeat: it may lead to another cluster of the same name.
    if (away) heartbeat_at_ = {};
    if (error.fault() != Fault::retry) outbox_.close();
    const Wait wait{backoff_, false, finishing};
    backoff_ = std::min(backoff_ * 2, kMostBackoff);
    return wait;
}

void Delivery::database_answered() {
    backoff_ = kFirstBackoff;
    if (!lost_) return;
    lost_.reset();
    failures_ = {};
    log::info("database_back", "");
}

void Delivery::start() {
    SettingsSnapshot first = outbox_.start();
    webhooks_.log_missing_keys(outbox_.keys_in_use());
    use(std::move(first));
    heartbeat_at_ = rechecked_at_ = clock_.now();
    // A call that runs at the deadline may end; has_time_left() sets the deadline of the last reports.
    if (deadline_ && !sender_.stopped()) outbox_.end_by(*deadline_ + kLastCall);
}

void Delivery::use(SettingsSnapshot next) {
    if (!next.described) outbox_.describe(webhooks_.key_ids());
    if (!next.sends && (!snapshot_ || snapshot_->sends)) log::error("not_sending", "why={}", log::quoted(next.why));
    const std::string& problem = next.classifier.problem();
    if (!problem.empty() && (!snapshot_ || snapshot_->classifier.problem() != problem))
        log::error("response_rule_left_out", "why={}", log::quoted(problem));
    snapshot_ = std::make_shared<const SettingsSnapshot>(std::move(next));
    sender_.use(snapshot_);
}

void Delivery::heartbeat() {
    const Clock::time_point now = clock_.now();
    if (now - heartbeat_at_ >= kHeartbeat) {
        use(outbox_.heartbeat());
        heartbeat_at_ = now;
    }
    if (now - rechecked_at_ >= kRecheck && !active_.empty()) {
        recheck();
        rechecked_at_ = now;
    }
    if (now - forgot_unused_at_ >= kForgetsUnused) {
        forgot_unused_at_ = now;
        webhooks_.forget_unused();
    }
}

// The sender refuses hosts by an allow-list that may be some seconds old. Before its verdict suspends a connection,
// this reads the list again; a lane whose host is on the list now is given back without that result.
void Delivery::check_refused_hosts() {
    const auto is_off = [](const LaneReport& report) { return report.lane->is_off_the_list; };
    if (std::ranges::none_of(reports_, is_off)) return;
    use(outbox_.heartbeat());
    heartbeat_at_ = clock_.now();
    for (LaneReport& report : reports_) {
        if (!is_off(report)) continue;
        Lane& lane = *report.lane;
        lane.is_off_the_list = false;
        if (!snapshot_->hosts.problem(lane.webhook->parsed.url, lane.dialect).empty()) continue;
        std::erase_if(report.results, [](const CardResult& result) { return result.judgement.outcome == "suspend"; });
    }
}

void Delivery::recheck() {
    std::vector<Lease> leases;
    for (const auto& [id, lane] : active_) leases.push_back(lane->lease);
    const Clock::time_point asked = clock_.now();
    for (const Rechecked& one : outbox_.recheck(leases)) {
        Lane& lane = *active_.at(one.subscription_id);
        if (!one.may_send) {
            lane.may_send = false;
            webhooks_.forget(one.subscription_id);
        }
        lane.checked_at = asked;
    }
}

// Reports, and claims more lanes if there is room for them: one transaction and one round trip. True when there was
// something to do. Reports whose lanes somebody else has locked stay in reports_ for the next call; on an exception all
// of them stay.
bool Delivery::report_and_claim(bool claims) {
    const auto released = static_cast<std::size_t>(std::ranges::count_if(reports_, &LaneReport::releases));
    const int room = claims ? std::max(lanes_wanted(active_.size() - released), 0) : 0;
    if (reports_.empty() && room == 0) return false;
    const Clock::time_point asked = clock_.now();
    ReportedAndClaimed answer;
    try {
        answer = outbox_.report_and_claim(as_ended(reports_), room);
    } catch (const DatabaseError& error) {
        if (reports_.empty() || !is_refused(error)) throw;
        // One report is refused, or the claim fails. Send the reports one by one and without a claim, so that one does
        // not hold up the others and is not repeated for ever.
        report_each();
        return true;
    }
    const std::size_t before = reports_.size();
    if (before > 0) take_reported(reports_, answer.reported);
    const bool found = reports_.size() < before || answer.fed > 0 || !answer.claimed.empty();
    take_lanes(std::move(answer.claimed), asked);
    return found;
}

// Sends each report by itself, in order. Drops a report that is refused: its lease then ends by itself.
void Delivery::report_each() {
    std::vector<LaneReport> busy;
    while (!reports_.empty()) {
        std::vector<LaneReport> one{reports_.front()};
        try {
            take_reported(one, outbox_.report_and_claim(as_ended(one), 0).reported);
        } catch (const DatabaseError& error) {
            if (!is_refused(error)) {
                reports_.insert(reports_.begin(), busy.begin(), busy.end());
                throw;
            }
            log::error("report_dropped", "subscription={} cards={} problem={} then=\"its lease ends by itself\"",
                       one.front().lane->lease.subscription_id, one.front().results.size(), log::quoted(error.what()));
            forget_released(one.front());
            one.clear();
        }
        reports_.erase(reports_.begin());
        std::ranges::move(one, std::back_inserter(busy));
    }
    reports_ = std::move(busy);
}

// Handles the answer to `reports`. Leaves in `reports` those whose lanes are busy.
void Delivery::take_reported(std::vector<LaneReport>& reports, const Reported& reported) {
    std::int64_t ended = 0;  // how many cards the call should have ended: those of lanes that are not busy
    std::erase_if(reports, [&](const LaneReport& one) {
        if (reported.busy.contains(one.lane->lease.subscription_id)) return false;
        ended +=
            std::ranges::count_if(one.results, [](const CardResult& card) { return is_end(card.judgement.outcome); });
        forget_released(one);
        return true;
    });
    const std::int64_t missing = ended - reported.ended;
    const std::int64_t known = std::min(reported.known, missing);
    if (known > 0)
        log::info("report_repeated", "cards={} why=\"already reported: the answer to the first report was lost\"",
                  known);
    if (missing > known) {
        log::warn("report_refused",
                  "cards={} why=\"their lease had ended; another worker has them, or has ended them\"",
                  missing - known);
    }
}

// After a report: removes the lane from active_ if the report released it.
void Delivery::forget_released(const LaneReport& report) {
    const auto held = active_.find(report.lane->lease.subscription_id);
    if (report.releases && held != active_.end() && held->second == report.lane) active_.erase(held);
}

// How many lanes to claim beside the `held` ones. As many lanes as there are transfers may wait, so that no transfer
// idles while the database works. None wait when far ends are slow, because other workers could serve them; and nothing
// is claimed while POSTs fail on this side (proxy, file descriptors) and another worker is alive.
int Delivery::lanes_wanted(std::size_t held) const {
    if (!snapshot_->sends) return 0;
    if (snapshot_->others > 0 && sender_.leaves_lanes_to_others()) return 0;
    // Lanes that wait for RSA do not count.
    const int adopting = std::min(static_cast<int>(webhooks_.adopting()), max_transfers_);
    const int most = max_transfers_ * (sender_.is_slow() ? 1 : 2) + adopting;
    return std::min(most - static_cast<int>(held), kLanesPerClaim);
}

// Takes claimed lanes over. `asked`: when the call began, before the database made the leases.
void Delivery::take_lanes(std::vector<Claimed> claimed, Clock::time_point asked) {
    std::vector<std::shared_ptr<Lane>> ready;
    for (Claimed& one : claimed) {
        std::optional<std::vector<Card>> cards = std::move(one.cards);
        auto lane = std::make_shared<Lane>(std::move(one), asked, snapshot_->post_timeout);
        active_[lane->lease.subscription_id] = lane;
        // A claim leaves paused lanes out, so this is a check; worker_cards is none.
        lane->checked_at = asked;
        if (cards) {
            lane->cards = std::move(*cards);
            lane->fetched_at = asked;
            ready.push_back(std::move(lane));
        } else {
            to_fetch_.push_back(std::move(lane));
        }
    }
    pass_on(std::move(ready));
}

// Passes lanes whose webhook is open to the sender, the others to webhooks_.
void Delivery::pass_on(std::vector<std::shared_ptr<Lane>> lanes) {
    std::erase_if(lanes, [&](std::shared_ptr<Lane>& lane) {
        if (!needs_opening(*lane)) return false;
        webhooks_.add(std::move(lane));
        return true;
    });
    if (!lanes.empty()) sender_.send(lanes);
}

// Gives a lane back without a result.
void Delivery::give_back(std::shared_ptr<Lane> lane) { reports_.push_back({std::move(lane), {}, true}); }

// Fetches the cards of leased lanes and passes the lanes on. Lanes whose cards do not fit into one call wait for the
// next one. Gives lanes back when the worker is finishing, and those for which it is too late to start a POST.
void Delivery::fetch_cards(bool finishing) {
    const Clock::time_point asked = clock_.now();
    std::erase_if(to_fetch_, [&](const std::shared_ptr<Lane>& lane) {
        if (!finishing && asked < lane->last_start) return false;
        give_back(lane);
        return true;
    });
    if (to_fetch_.empty()) return;
    std::vector<std::vector<Card>> cards = outbox_.cards(leases_of(to_fetch_), bytes_per_call_);
    for (std::size_t i = 0; i < cards.size(); ++i) {
        to_fetch_[i]->cards = std::move(cards[i]);
        to_fetch_[i]->fetched_at = asked;
    }
    adapt_bytes_per_call(clock_.now() - asked);
    std::vector<std::shared_ptr<Lane>> ready;
    for (std::size_t i = 0; i < cards.size(); ++i) {
        ready.push_back(std::move(to_fetch_.front()));
        to_fetch_.pop_front();
    }
    pass_on(std::move(ready));
}

// `took`: how long the last call for cards took. Runs before the lanes are removed from to_fetch_: if the recheck
// throws, their cards are fetched again.
void Delivery::adapt_bytes_per_call(Clock::duration took) {
    if (took > kSlowCall) {
        bytes_per_call_ = std::max(bytes_per_call_ / 2, kLeastBytesPerCall);
        // Over a slow connection the last check is too old by now for a POST to start.
        recheck();
        rechecked_at_ = clock_.now();
    } else if (took < kSlowCall / 4) {
        bytes_per_call_ = std::min(bytes_per_call_ * 2, kMostBytesPerCall);
    }
}

// Whether the lane's webhook must be opened before the sender can take the lane.
bool Delivery::needs_opening(Lane& lane) {
    const bool posts = std::ranges::any_of(lane.cards, [](const Card& card) { return card.ends_as.empty(); });
    if (!posts) webhooks_.forget(lane.lease.subscription_id);
    return !webhooks_.find(lane) && posts;
}

void Delivery::report_stop(bool comes_back) noexcept {
    try {
        outbox_.stop(comes_back);
    } catch (const std::exception& error) {
        log::debug("stop_not_reported", "problem={}", log::quoted(error.what()));
    }
}

Outlook Delivery::outlook() {
    if (lost_ && lost_->fault() != Fault::retry) throw DatabaseError(*lost_);
    if (!started()) return Outlook::waiting;  // stopped before it began
    outbox_.end_by(clock_.now() + kLastReports);
    report_stop(true);
    if (!snapshot_->sends) throw std::runtime_error(snapshot_->why);
    const Backlog backlog = outbox_.backlog();
    log::info("outlook", "due={} waiting={} paused={} suspended={} failing={} unfed={} next={}", backlog.due,
              backlog.waiting, backlog.paused, backlog.suspended, backlog.failing, backlog.unfed ? "yes" : "no",
              log::quoted(backlog.next_at));
    if (backlog.failing + backlog.suspended > 0) return Outlook::failing;
    return backlog.unfed || backlog.due + backlog.waiting + backlog.paused > 0 ? Outlook::waiting : Outlook::drained;
}

}  // namespace o365
