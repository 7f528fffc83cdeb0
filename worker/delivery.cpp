#include "worker/delivery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <iterator>
#include <thread>
#include <utility>

#include "lib/card_conversion.h"
#include "lib/json_text.h"
#include "lib/log.h"
#include "lib/url.h"

namespace o365 {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kCardsPerLane = 20;
constexpr int kLanesPerClaim = 128;
constexpr milliseconds kBusyPoll{5};
constexpr milliseconds kIdlePoll{100};
constexpr seconds kHeartbeat{5};
constexpr seconds kChores{60};
constexpr seconds kRecheck{1};
constexpr milliseconds kStateIsFresh{1900};  // pause and remove hold within two seconds
constexpr seconds kLeaseMargin{3};           // for the report to arrive before the lease ends
constexpr milliseconds kUnreported{100};     // how long an end may wait for its report while its lane goes on
constexpr seconds kWaiting{1};               // how long a lane may wait for a transfer before it is given back
constexpr seconds kSlow{10};                 // how long no lane is claimed to wait after one was given back
constexpr std::size_t kSecretsPerCall = 32;
constexpr milliseconds kOpening{50};         // at a time, so that reports and heartbeats do not wait for RSA
constexpr std::chrono::minutes kCached{10};  // a webhook that was not used for so long is forgotten

std::string worker_name(const Settings& settings) {
    if (!settings.worker_name.empty()) return settings.worker_name;
    std::array<char, HOST_NAME_MAX + 1> host{};
    ::gethostname(host.data(), host.size() - 1);
    return fmt::format("{}:{}", host.data(), ::getpid());
}

HttpClientOptions client_options(const Settings& settings) {
    HttpClientOptions options;
    options.ca_file = settings.ca_file;
    options.proxy = settings.proxy;
    options.allow_loopback = settings.allow_loopback;
    options.max_transfers = settings.max_transfers;
    return options;
}

// Label by label: `subdomains` means any host below, never the host itself; of several that fit the longest counts. The
// same rule as o365_internal.webhook_dialect, which cannot see the webhook that was opened here.
bool host_is_allowed(const Json::Value& hosts, const std::string& dialect, const Url& url) {
    const Json::Value* best = nullptr;
    for (const Json::Value& row : hosts) {
        const std::string host = row["host"].asString();
        const bool matches = row["port"].asInt() == url.port &&
                             (row["subdomains"].asBool() ? url.host.ends_with("." + host) : url.host == host);
        if (matches && (best == nullptr || host.size() > (*best)["host"].asString().size())) best = &row;
    }
    return best != nullptr && (*best)["dialect"].asString() == dialect;
}

}  // namespace

// A leased lane on its way: the database thread opens its webhook and reports it, the sender posts its cards. What both
// touch meanwhile is atomic; items travel in reports.
struct Lane {
    struct Card {
        std::int64_t position = 0;
        std::int64_t card_id = 0;
        std::string body;
        std::string ends_as;
    };
    std::int64_t subscription_id = 0;
    std::int64_t lease_no = 0;
    int secret_version = 0;
    std::string dialect;
    std::vector<Card> cards;
    std::size_t next = 0;
    std::shared_ptr<const Secret> webhook;
    std::string cannot_send;                           // why the webhook cannot be used
    std::string cannot_send_outcome;                   // and what to report then
    std::shared_ptr<const void> checked_against;       // the orders that the webhook was last checked against
    std::chrono::steady_clock::time_point last_start;  // after it a POST could outlive the lease
    std::vector<CardEnd> ends;                         // of cards, not yet handed over; the sender's
    std::atomic<bool> may_send = true;
    std::atomic<std::chrono::steady_clock::time_point> checked_at{};
};

Delivery::Delivery(const Settings& settings, KeyRing keys)
    : settings_(settings),
      keys_(std::move(keys)),
      database_(settings.database, settings.worker_role, "o365-worker"),
      client_(client_options(settings)) {}

Delivery::~Delivery() = default;

void Delivery::stop() noexcept {
    {
        // Under the mutex, or a waiter that has just looked would sleep through it.
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    client_.wake();
}

void Delivery::run() { loop(std::nullopt); }

Outlook Delivery::run_once(milliseconds deadline) {
    loop(Clock::now() + deadline);
    if (!orders_->sends) throw std::runtime_error(orders_->why);
    const Json::Value outlook = database_json(database_.call("select o365.worker_outlook()").text(0, 0));
    const auto count = [&](const char* name) { return outlook[name].asInt64(); };
    const bool unfed = outlook["unfed"].asBool();
    log::info("outlook", "due={} waiting={} paused={} suspended={} failing={} unfed={} next={}", count("due"),
              count("waiting"), count("paused"), count("suspended"), count("failing"), unfed ? "yes" : "no",
              log::quoted(outlook["next_at"].asString()));
    if (count("failing") + count("suspended") > 0) return Outlook::failing;
    return unfed || count("due") + count("waiting") + count("paused") > 0 ? Outlook::waiting : Outlook::drained;
}

// ---- database thread ----

void Delivery::loop(std::optional<Clock::time_point> deadline) {
    if (deadline) send_until_ = *deadline;
    std::optional<std::thread> sender;
    struct Join {
        Delivery& delivery;
        std::optional<std::thread>& thread;
        ~Join() {
            delivery.stop_sender();
            if (thread) thread->join();
        }
    } const join{*this, sender};

    milliseconds poll = kBusyPoll;
    milliseconds backoff{100};
    Clock::time_point worked = Clock::now();
    std::vector<Report> reports;  // kept over a lost connection: a report may be repeated
    while (true) {
        const bool finishing = stopping_ || (deadline && Clock::now() >= *deadline);
        if (worker_ == 0 && finishing) return;
        {
            std::unique_lock lock(mutex_);
            // A call that reports ten lanes costs not much more than one that reports one: as long as lanes wait behind
            // the transfers, reports wait for each other, until half of those are used up. Otherwise each goes at once.
            const auto transfers = static_cast<std::size_t>(settings_.max_transfers);
            worth_a_call_ = active_.size() > transfers + 1 ? (active_.size() - transfers) / 2 : 1;
            if (to_open_.empty())
                changed_.wait_for(lock, poll, [this] { return to_report_.size() >= worth_a_call_ || stopping_; });
            std::move(to_report_.begin(), to_report_.end(), std::back_inserter(reports));
            to_report_.clear();
        }
        bool found = false;
        try {
            if (worker_ == 0) {
                start_worker();
                sender.emplace([this] { send_lanes(); });
            }
            keep_in_touch();
            found = report_and_claim(reports, !finishing);
            open_webhooks();
            backoff = milliseconds(100);
        } catch (const DatabaseError& error) {
            // Before the worker has begun, only a database that is not there is waited for: a host starts its services
            // in any order. What else is wrong then is for the person who starts it.
            const bool away = error.fault() == Fault::down || error.fault() == Fault::in_doubt;
            if (worker_ == 0 && (!away || deadline)) throw;
            log::warn("database_lost", "problem={} again_ms={}", log::quoted(error.what()), backoff.count());
            // A heartbeat comes first on the new connection: it may be another cluster behind the same name.
            if (away) heard_ = {};
            if (error.fault() != Fault::retry) database_.close();
            {
                std::unique_lock lock(mutex_);
                changed_.wait_for(lock, backoff, [&] { return stopping_ && !finishing; });
            }
            backoff = std::min(backoff * 2, milliseconds(2000));
            // With nobody to report to, a stop does not wait for ever: the leases end by themselves.
            if (finishing && backoff >= milliseconds(2000)) return;
            continue;
        }
        if (found) worked = Clock::now();
        poll = Clock::now() - worked < seconds(1) ? kBusyPoll : std::min(poll * 2, kIdlePoll);
        if (active_.empty() && reports.empty()) {
            if (finishing) return;
            if (deadline && !found && Clock::now() - worked > milliseconds(50)) return;
        }
        // A stopping worker polls for its last reports without spinning.
        if (finishing) poll = kBusyPoll;
    }
}

void Delivery::start_worker() {
    const Rows rows = database_.call("select o365.worker_start($1, $2, $3)",
                                     {worker_name(settings_), O365_VERSION, settings_.environment});
    take_orders(rows.text(0, 0));
    heard_ = rechecked_ = Clock::now();
    const Rows keys = database_.call("select key_id from o365.worker_keys() where sealed_rows > 0");
    for (int i = 0; i < keys.size(); ++i) {
        if (keys_.has(keys.text(i, 0))) continue;
        log::error("key_missing",
                   "key={} file={} then=\"webhooks sealed under it wait; restore the backup that has it\"",
                   keys.text(i, 0), log::quoted(settings_.key_file));
    }
}

void Delivery::take_orders(std::string_view answer) {
    const Json::Value json = database_json(answer);
    auto orders = std::make_shared<Orders>(
        Orders{json["sends"].asBool(), json["why"].asString(), milliseconds(json["lease_ms"].asInt64()),
               milliseconds(json["post_timeout_ms"].asInt64()), Classifier(json["rules"]), json["hosts"],
               json["public_url"].asString(), Secret(), json["adaptive_card_version"].asString()});
    // A schema of before migration 0010 has neither links nor their key, and may get them while this worker runs.
    if (json.isMember("public_url")) {
        const bool known = orders_ && !orders_->action_key.empty();
        orders->action_key = Secret(known ? orders_->action_key.reveal()
                                          : database_.call("select o365.worker_action_key()").bytes(0, 0));
    }
    worker_ = json["worker"].asInt();
    if (!orders->sends && (!orders_ || orders_->sends)) log::error("not_sending", "why={}", log::quoted(orders->why));
    const std::string& problem = orders->classifier.problem();
    if (!problem.empty() && (!orders_ || orders_->classifier.problem() != problem))
        log::error("response_rule_left_out", "why={}", log::quoted(problem));
    const std::lock_guard lock(mutex_);
    orders_ = std::move(orders);
}

void Delivery::keep_in_touch() {
    const Clock::time_point now = Clock::now();
    if (now - heard_ >= kHeartbeat) {
        take_orders(
            database_.call("select o365.worker_heartbeat($1, $2)", {worker_, settings_.environment}).text(0, 0));
        heard_ = now;
    }
    if (now - rechecked_ >= kRecheck && !active_.empty()) {
        recheck();
        rechecked_ = now;
    }
    if (now - tidied_ >= kChores) {
        tidied_ = now;
        tidy();
    }
}

// Housekeeping may fail, by a lock somebody holds or a disk that is full: delivery goes on, the next minute tries
// again.
void Delivery::tidy() {
    std::erase_if(opened_, [](const auto& entry) { return Clock::now() - entry.second.used_at > kCached; });
    try {
        const Rows rows = database_.call("select o365.worker_chores($1)", {worker_});
        if (!rows.text(0, 0).empty()) log::info("chores", "done={}", log::quoted(rows.text(0, 0)));
    } catch (const DatabaseError& error) {
        if (error.fault() == Fault::down || error.fault() == Fault::in_doubt) throw;
        log::warn("chores_failed", "problem={} again_s={}", log::quoted(error.what()), kChores.count());
    }
}

void Delivery::recheck() {
    std::vector<std::int64_t> subscriptions;
    std::vector<std::int64_t> leases;
    for (const auto& [id, lane] : active_) {
        subscriptions.push_back(id);
        leases.push_back(lane->lease_no);
    }
    const Clock::time_point asked = Clock::now();
    const Rows rows = database_.call("select subscription_id, may_send from o365.worker_recheck($1, $2)",
                                     {array_literal(subscriptions), array_literal(leases)});
    for (int i = 0; i < rows.size(); ++i) {
        const auto& lane = active_.at(rows.integer(i, 0));
        if (!rows.boolean(i, 1)) {
            lane->may_send = false;
            opened_.erase(lane->subscription_id);  // of a removed one, nothing may stay
        }
        lane->checked_at = asked;
    }
}

// Reports, and claims more lanes if there is room for them: one transaction and one round trip. True when there was
// something to do. Of `reports` those are left that have to be sent again, because somebody else has their lanes
// locked; on an exception all are.
bool Delivery::report_and_claim(std::vector<Report>& reports, bool claims) {
    std::vector<Statement> statements;
    if (!reports.empty()) statements.push_back(report_statement(reports));
    const std::size_t reporting = statements.size();
    const std::ptrdiff_t released = std::ranges::count_if(reports, &Report::releases);
    const int room = claims ? lanes_wanted(active_.size() - static_cast<std::size_t>(released)) : 0;
    const Clock::time_point now = Clock::now();
    if (room > 0) {
        if (now - swept_ >= seconds(3)) {
            low_ = "-infinity";
            swept_ = now;
        }
        statements.push_back({"select o365.worker_feed()", {}});
        statements.push_back(
            {"select subscription_id, lease_no, secret_version, dialect, position, card_id, card, ends_as, was_due "
             "from o365.worker_claim($1, $2::timestamptz - interval '1 second', $3, $4)",
             {worker_, low_, room, kCardsPerLane}});
    }
    if (statements.empty()) return false;
    std::vector<Rows> answers;
    try {
        answers = database_.call_together(statements);
    } catch (const DatabaseError& error) {
        if (reporting == 0 || (error.fault() != Fault::refused && error.fault() != Fault::bug)) throw;
        // One of the reports is refused, or what follows them fails, whatever for: they go one by one and without the
        // rest, for the others must not wait for it, nor may it be repeated for ever.
        report_each(reports);
        return true;
    }
    const std::size_t before = reports.size();
    if (reporting > 0) reported(reports, answers.front());
    bool found = reports.size() < before;
    if (room > 0) {
        if (answers[reporting].integer(0, 0) > 0) found = true;
        if (take_lanes(answers[reporting + 1], now)) found = true;
    }
    return found;
}

// How many lanes to claim beside those that are held. As many as there are transfers wait behind them, so that no
// transfer idles while the database works; none where the far end is so slow that they would only keep them from other
// workers.
int Delivery::lanes_wanted(std::size_t held) const {
    if (!orders_->sends) return 0;
    const bool slow = Clock::now() - gave_back_at_.load() < kSlow;
    const int most = settings_.max_transfers * (slow ? 1 : 2);
    return std::min(most - static_cast<int>(held), kLanesPerClaim);
}

// Takes what o365.worker_claim answered, asked at `now`; true when there were lanes.
bool Delivery::take_lanes(const Rows& rows, Clock::time_point now) {
    const std::shared_ptr<const Orders> orders = orders_;
    std::vector<std::shared_ptr<Lane>> lanes;
    for (int i = 0; i < rows.size(); ++i) {
        const std::int64_t id = rows.integer(i, 0);
        if (lanes.empty() || lanes.back()->subscription_id != id) {
            auto lane = std::make_shared<Lane>();
            lane->subscription_id = id;
            lane->lease_no = rows.integer(i, 1);
            lane->secret_version = static_cast<int>(rows.integer(i, 2));
            lane->dialect = rows.text(i, 3);
            lane->last_start = now + orders->lease - orders->post_timeout - kLeaseMargin;
            lane->checked_at = now;
            lanes.push_back(std::move(lane));
        }
        // Text of one time zone and length sorts as the times do.
        if (low_ == "-infinity" || rows.text(i, 8) > low_) low_ = rows.text(i, 8);
        if (rows.is_null(i, 4)) continue;
        lanes.back()->cards.push_back(
            {rows.integer(i, 4), rows.integer(i, 5), std::string(rows.text(i, 6)), std::string(rows.text(i, 7))});
    }
    for (const auto& lane : lanes) {
        active_[lane->subscription_id] = lane;
        const bool posts = !lane->cards.empty() && lane->cards.front().ends_as.empty();
        if (!posts) opened_.erase(lane->subscription_id);
        const auto known = opened_.find(lane->subscription_id);
        if (known != opened_.end() && known->second.secret_version == lane->secret_version) {
            known->second.used_at = now;
            lane->webhook = known->second.webhook;
        }
        if (posts && !lane->webhook) {
            to_open_.push_back(lane);
        } else {
            const std::lock_guard lock(mutex_);
            to_send_.push_back(lane);
        }
    }
    if (!lanes.empty()) client_.wake();
    return !lanes.empty();
}

// Opens webhooks of claimed lanes for as long as kOpening and hands the lanes to the sender. A webhook sealed under the
// RSA key is adopted: sealed anew under a symmetric one, so that opening it costs microseconds the next time.
void Delivery::open_webhooks() {
    const Clock::time_point until = Clock::now() + kOpening;
    while (!to_open_.empty() && Clock::now() < until) {
        std::vector<std::int64_t> ids;
        for (const auto& lane : to_open_) {
            if (ids.size() < kSecretsPerCall) ids.push_back(lane->subscription_id);
        }
        const Rows rows =
            database_.call("select subscription_id, secret_version, key_id, sealed from o365.worker_secrets($1)",
                           {array_literal(ids)});
        std::map<std::int64_t, int> row_of;
        for (int i = 0; i < rows.size(); ++i) row_of[rows.integer(i, 0)] = i;
        // Opening RSA takes milliseconds: what there is no time for now is asked for again.
        for (std::size_t n = 0; n < ids.size() && Clock::now() < until; ++n) {
            const auto row = row_of.find(ids[n]);
            open_webhook(rows, row == row_of.end() ? std::nullopt : std::optional(row->second));
        }
    }
}

// Opens the webhook of the first lane of to_open_ from its row of o365.worker_secrets and hands the lane on.
void Delivery::open_webhook(const Rows& rows, std::optional<int> row) {
    const std::shared_ptr<Lane> lane = to_open_.front();
    const std::int64_t id = lane->subscription_id;
    // One that has no secret any more was removed since the claim; it is given back, and cancelled when it is claimed
    // again.
    std::optional<std::string> adopted;
    std::string adopted_under;
    if (row) {
        const std::string key_id(rows.text(*row, 2));
        try {
            const std::string sealed = rows.bytes(*row, 3);
            lane->webhook = std::make_shared<const Secret>(keys_.open_webhook(id, key_id, sealed));
            opened_[id] = {static_cast<int>(rows.integer(*row, 1)), lane->webhook, Clock::now()};
            if (!keys_.is_symmetric(key_id)) adopted = keys_.adopt(key_id, sealed, adopted_under);
        } catch (const MissingKey& error) {
            // Not the webhook's fault: whoever has the key delivers.
            lane->cannot_send = error.what();
            lane->cannot_send_outcome = "cannot_open";
        } catch (const std::runtime_error& error) {
            lane->cannot_send = fmt::format("key {}: {}", key_id, error.what());
            lane->cannot_send_outcome = "suspend";
        }
        if (!lane->cannot_send.empty())
            log::error("webhook_closed", "subscription={} key={} problem={}", id, key_id,
                       log::quoted(lane->cannot_send));
    }
    to_open_.pop_front();
    {
        const std::lock_guard lock(mutex_);
        to_send_.push_back(lane);
    }
    client_.wake();
    if (adopted)
        database_.call("select o365.worker_adopt($1, $2, $3, $4)",
                       {id, rows.integer(*row, 1), adopted_under, Value::bytes(*adopted)});
}

// Each report by itself, in order; what is refused is left to its lease.
void Delivery::report_each(std::vector<Report>& reports) {
    std::vector<Report> busy;
    while (!reports.empty()) {
        std::vector<Report> one{reports.front()};
        try {
            reported(one, database_.call_together({report_statement(one)}).front());
        } catch (const DatabaseError& error) {
            if (error.fault() != Fault::refused && error.fault() != Fault::bug) {
                reports.insert(reports.begin(), busy.begin(), busy.end());
                throw;
            }
            log::error("report_dropped", "subscription={} cards={} problem={} then=\"its lease ends by itself\"",
                       one.front().lane->subscription_id, one.front().ends.size(), log::quoted(error.what()));
            done_with(one.front());
            one.clear();
        }
        reports.erase(reports.begin());
        std::ranges::move(one, std::back_inserter(busy));
    }
    reports = std::move(busy);
}

// After a report: a lane that it gave back is not held any more.
void Delivery::done_with(const Report& report) {
    const auto held = active_.find(report.lane->subscription_id);
    if (report.releases && held != active_.end() && held->second == report.lane) active_.erase(held);
}

Statement Delivery::report_statement(const std::vector<Report>& reports) const {
    std::vector<std::int64_t> subs;
    std::vector<std::int64_t> leases;
    std::vector<std::int64_t> positions;
    std::vector<std::string> outcomes;
    std::vector<std::optional<std::int64_t>> rule_ids;
    std::vector<std::optional<std::int64_t>> statuses;
    std::vector<std::optional<std::int64_t>> retry_after;
    std::vector<std::optional<std::int64_t>> took;
    std::vector<std::optional<std::string>> problems;
    std::vector<std::int64_t> lane_subs;
    std::vector<std::int64_t> lane_leases;
    std::vector<std::string> releases;
    for (const Report& one : reports) {
        lane_subs.push_back(one.lane->subscription_id);
        lane_leases.push_back(one.lane->lease_no);
        releases.emplace_back(one.releases ? "t" : "f");
        for (const CardEnd& end : one.ends) {
            const Judgement& judgement = end.judgement;
            subs.push_back(one.lane->subscription_id);
            leases.push_back(one.lane->lease_no);
            positions.push_back(end.position);
            outcomes.push_back(judgement.outcome);
            rule_ids.push_back(judgement.rule_id == 0 ? std::nullopt : std::optional<std::int64_t>(judgement.rule_id));
            statuses.push_back(end.http_status == 0 ? std::nullopt : std::optional<std::int64_t>(end.http_status));
            retry_after.push_back(end.retry_after);
            took.push_back(end.took ? std::optional<std::int64_t>(end.took->count()) : std::nullopt);
            problems.push_back(judgement.problem.empty() ? std::nullopt : std::optional(judgement.problem));
        }
    }
    return {
        "select r.ended, b.busy from o365.worker_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        "as r left join lateral unnest(r.busy) as b(busy) on true",
        {worker_, array_literal(subs), array_literal(leases), array_literal(positions), array_literal(outcomes),
         array_literal(rule_ids), array_literal(statuses), array_literal(retry_after), array_literal(took),
         array_literal(problems), array_literal(lane_subs), array_literal(lane_leases), array_literal(releases)}};
}

// Takes what o365.worker_report answered and leaves of `reports` those whose lanes are busy.
void Delivery::reported(std::vector<Report>& reports, const Rows& rows) {
    std::set<std::int64_t> busy;
    for (int i = 0; i < rows.size(); ++i) {
        if (!rows.is_null(i, 1)) busy.insert(rows.integer(i, 1));
    }
    std::int64_t ended = 0;  // of the lanes that are not busy: what the call should have ended
    std::erase_if(reports, [&](const Report& one) {
        if (busy.contains(one.lane->subscription_id)) return false;
        ended += std::ranges::count_if(one.ends, [](const CardEnd& end) { return is_end(end.judgement.outcome); });
        done_with(one);
        return true;
    });
    if (rows.integer(0, 0) < ended) {
        log::warn("report_refused",
                  "cards={} why=\"their lease had ended; another worker has them, or has ended them\"",
                  ended - rows.integer(0, 0));
    }
}

void Delivery::stop_sender() {
    {
        const std::lock_guard lock(mutex_);
        sender_ends_ = true;
    }
    client_.wake();
}

// ---- sender thread ----

void Delivery::send_lanes() {
    while (true) {
        std::vector<std::shared_ptr<Lane>> lanes;
        {
            const std::lock_guard lock(mutex_);
            lanes.swap(to_send_);
            if (lanes.empty() && waiting_.empty() && sender_ends_ && client_.in_flight() == 0) return;
            orders_here_ = orders_;
            client_.set_timeout(orders_here_->post_timeout);
        }
        for (const auto& lane : lanes) waiting_.emplace_back(Clock::now(), lane);
        start_waiting();
        client_.run_once(unreported_.empty() ? milliseconds(200) : kUnreported);
        while (!unreported_.empty() && Clock::now() - unreported_.front().first >= kUnreported) {
            hand_over(unreported_.front().second, false);
            unreported_.pop_front();
        }
    }
}

// Starts lanes in the order they came while there are transfers for them. One that waits too long goes back, so that
// another worker may have it; one that may not send any more goes back without waiting.
void Delivery::start_waiting() {
    while (!waiting_.empty()) {
        const auto [since, lane] = waiting_.front();
        if (client_.in_flight() < settings_.max_transfers || !may_send(*lane)) {
            waiting_.pop_front();
            advance(lane);
        } else if (Clock::now() - since >= kWaiting) {
            waiting_.pop_front();
            gave_back_at_ = Clock::now();
            hand_over(lane, true);
        } else {
            return;
        }
    }
}

bool Delivery::may_send(const Lane& lane) const noexcept {
    const Clock::time_point now = Clock::now();
    return lane.may_send && !stopping_ && now < lane.last_start && now < send_until_ &&
           now - lane.checked_at.load() < kStateIsFresh;
}

// Posts the lane's next card, or gives the lane back when none is left or none may be sent now.
void Delivery::advance(const std::shared_ptr<Lane>& lane) {
    while (lane->next < lane->cards.size() && !lane->cards[lane->next].ends_as.empty()) {
        const Lane::Card& card = lane->cards[lane->next++];
        lane->ends.push_back({card.position, {card.ends_as, 0, "the subscription was removed or is gone"}, 0, {}, {}});
    }
    if (lane->next >= lane->cards.size() || !may_send(*lane)) return hand_over(lane, true);
    Lane::Card& card = lane->cards[lane->next];
    try {
        if (lane->webhook && lane->cannot_send.empty() && lane->checked_against != orders_here_) {
            check_webhook(*lane);
            lane->checked_against = orders_here_;
        }
        if (!lane->cannot_send.empty()) {
            lane->ends.push_back({card.position, {lane->cannot_send_outcome, 0, lane->cannot_send}, 0, {}, {}});
            return hand_over(lane, true);
        }
        if (!lane->webhook) return hand_over(lane, true);
        ActionLink link;
        if (!orders_here_->public_url.empty()) {
            link = [this, &card](int number) {
                return action_link(orders_here_->public_url, orders_here_->action_key, card.card_id, number);
            };
        }
        CardBody body = card_body(std::move(card.body), lane->dialect, link, orders_here_->adaptive_card_version);
        if (!body.problem.empty()) {
            // o365.send lets no such card pass; one that stands in the outbox all the same ends, and the next one goes.
            log::warn("card_not_converted", "card={} subscription={} problem={}", card.card_id, lane->subscription_id,
                      log::quoted(body.problem));
            ++lane->next;
            lane->ends.push_back({card.position, {"dead", 0, std::move(body.problem)}, 0, {}, {}});
            return advance(lane);
        }
        client_.post(
            *lane->webhook, std::move(body.text), [this, lane] { return may_send(*lane); },
            [this, lane](PostResult result) { posted(lane, std::move(result)); });
    } catch (const std::exception& error) {
        // One card that cannot be posted, whatever for, ends no worker.
        lane->ends.push_back({card.position, {"retry", 0, error.what()}, 0, {}, {}});
        hand_over(lane, true);
    }
}

// Checked when it was stored; the list may have changed since, and this is the program that connects.
void Delivery::check_webhook(Lane& lane) const {
    Webhook webhook = parse_webhook(lane.webhook->reveal());
    lane.cannot_send = std::move(webhook.problem);
    if (lane.cannot_send.empty()) {
        if (host_is_allowed(orders_here_->hosts, lane.dialect, webhook.url)) return;
        lane.cannot_send = fmt::format(
            "webhooks on host {0} port {2} are not allowed: select o365.allow_webhook_host('{1}', '{0}', {2})",
            webhook.url.host, lane.dialect, webhook.url.port);
    }
    lane.cannot_send_outcome = "suspend";
}

void Delivery::posted(const std::shared_ptr<Lane>& lane, PostResult result) {
    if (result.transport == Transport::withdrawn) return hand_over(lane, true);
    const Lane::Card& card = lane->cards[lane->next++];
    Judgement judgement = orders_here_->classifier.judge(lane->dialect, result);
    const bool ends = is_end(judgement.outcome);
    if (judgement.problem.empty()) {
        log::debug("card_delivered", "card={} subscription={} outcome={} took_ms={}", card.card_id,
                   lane->subscription_id, judgement.outcome, result.took.count());
    } else {
        log::warn("card_not_delivered", "card={} subscription={} outcome={} rule={} http={} took_ms={} problem={}",
                  card.card_id, lane->subscription_id, judgement.outcome, judgement.rule_id, result.status,
                  result.took.count(), log::quoted(judgement.problem));
    }
    if (ends && lane->ends.empty()) unreported_.emplace_back(Clock::now(), lane);
    lane->ends.push_back({card.position, std::move(judgement), result.status, result.retry_after, result.took});
    if (ends) return advance(lane);
    hand_over(lane, true);
}

// Gives what the lane has to the database thread: its ends so far, or with `releases` the lane itself.
void Delivery::hand_over(const std::shared_ptr<Lane>& lane, bool releases) {
    if (lane->ends.empty() && !releases) return;
    {
        const std::lock_guard lock(mutex_);
        to_report_.push_back({lane, std::exchange(lane->ends, {}), releases});
        if (to_report_.size() < worth_a_call_) return;
    }
    changed_.notify_one();
}

}  // namespace o365
