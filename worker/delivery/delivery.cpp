#include "worker/delivery/delivery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <iterator>
#include <thread>
#include <utility>

#include "lib/base/log.h"
#include "lib/cards/card_conversion.h"
#include "lib/database/schema.h"
#include "lib/http/url.h"
#include "lib/json/json_text.h"

namespace o365 {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kCardsPerLane = 20;
constexpr int kLanesPerClaim = 128;
constexpr int kBytesPerLane = 64 * 1024;  // of cards, so that a worker's memory is bounded by its lanes
constexpr int kMostBytesPerCall = 1024 * 1024;
constexpr int kLeastBytesPerCall = 64 * 1024;
constexpr milliseconds kSlowCall{500};  // a call for cards that takes longer asks for half as much the next time
constexpr milliseconds kBusyPoll{5};
constexpr milliseconds kIdlePoll{100};
constexpr seconds kHeartbeat{5};
constexpr seconds kChores{60};
constexpr seconds kRecheck{1};
constexpr milliseconds kStateIsFresh{1900};  // pause and remove hold within two seconds
constexpr seconds kLeaseMargin{3};           // for the report to arrive before the lease ends
constexpr milliseconds kUnreported{100};     // how long an end may wait for its report while its lane goes on
constexpr milliseconds kLooksForLate{100};   // how often that is looked at
constexpr std::size_t kMaxBody = 8192;       // of an answer's body; rules see half of it
constexpr seconds kSlow{10};                 // how long no lane is claimed to wait after one was given back
constexpr seconds kShort{30};                // how long lanes are left to others after a POST failed on this side
constexpr std::size_t kSecretsPerCall = 32;
constexpr milliseconds kOpening{50};         // at a time, so that reports and heartbeats do not wait for RSA
constexpr std::chrono::minutes kCached{10};  // a webhook that was not used for so long is forgotten

// A call is a claim, a report or a heartbeat; only the chores take longer.
constexpr Patience kPatience{.transaction_ms = 65000, .connect = seconds(5), .call = seconds(30)};
constexpr Patience kChoresPatience{.transaction_ms = 65000, .connect = seconds(5), .call = seconds(60)};
constexpr seconds kLastCall{1};  // how long a call that runs at the deadline of --once may take to end
constexpr milliseconds kMostBackoff{2000};

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
    options.max_body = kMaxBody;
    return options;
}

// The row of the allow-list that allows a webhook's URL; null when there is none. Label by label: `subdomains` means
// any host below, never the host itself; of several that fit the longest counts. The same rule as
// o365_internal.webhook_dialect, which cannot see the webhook that was opened here.
const Json::Value* allowing_row(const Json::Value& hosts, const Url& url) {
    const Json::Value* best = nullptr;
    for (const Json::Value& row : hosts) {
        const std::string host = row["host"].asString();
        const bool matches = row["port"].asInt() == url.port &&
                             (row["subdomains"].asBool() ? url.host.ends_with("." + host) : url.host == host);
        if (matches && (best == nullptr || host.size() > (*best)["host"].asString().size())) best = &row;
    }
    return best;
}

}  // namespace

// A webhook as the key opened it, read once.
struct OpenWebhook {
    explicit OpenWebhook(Secret opened) : text(std::move(opened)), parsed(parse_webhook(text.reveal())) {}
    const std::string& reveal() const noexcept { return text.reveal(); }
    Secret text;
    Webhook parsed;
};

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
    int secret_version = 0;  // of the webhook that its cards go to, and no other
    std::string dialect;
    std::vector<Card> cards;
    std::size_t next = 0;
    std::shared_ptr<const OpenWebhook> webhook;
    std::string far_end;                          // as the gate has it
    bool has_transfer = false;                    // the sender's
    std::string cannot_send;                      // why the webhook cannot be used
    std::string cannot_send_outcome;              // and what to report then
    std::shared_ptr<const void> checked_against;  // the orders that the webhook was last checked against
    milliseconds post_timeout{0};                 // as it was at the claim; each of its POSTs is held to it
    BootClock::time_point last_start;             // after it a POST could outlive the lease
    std::vector<CardEnd> ends;                    // of cards, not yet handed over; the sender's
    std::atomic<bool> may_send = true;
    std::atomic<BootClock::time_point> checked_at{};
};

Delivery::Delivery(const Settings& settings, KeyRing keys)
    : settings_(settings),
      keys_(std::move(keys)),
      database_(settings.database, settings.worker_role, "o365-worker", kPatience,
                statements_when(settings.prepared_statements)),
      chores_(settings.database, settings.worker_role, "o365-worker chores", kChoresPatience,
              statements_when(settings.prepared_statements)),
      client_(client_options(settings)),
      bytes_per_call_(kMostBytesPerCall) {}

Delivery::~Delivery() = default;

void Delivery::stop() noexcept {
    {
        // Under the mutex, or a waiter that has just looked would sleep through it.
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    end_calls_by(Clock::now() + kLastWord);
    changed_.notify_all();
    client_.wake();
}

void Delivery::run() {
    loop(std::nullopt);
    say_stopped(false);
}

Outlook Delivery::run_once(milliseconds deadline) {
    loop(Clock::now() + deadline);
    if (lost_ && lost_->fault() != Fault::retry) throw DatabaseError(*lost_);
    if (!orders_) return Outlook::waiting;  // stopped before it began
    end_calls_by(Clock::now() + kLastWord);
    say_stopped(true);
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
    if (deadline) {
        send_until_ = *deadline;
        end_calls_by(*deadline);
    }
    std::optional<std::jthread> sender;
    struct EndSender {
        Delivery& delivery;
        ~EndSender() { delivery.stop_sender(); }
    } const end_sender{*this};  // before it is joined
    std::optional<std::jthread> chores;
    struct EndChores {
        Delivery& delivery;
        // Who ends because nothing is left to send lets them finish; who has to end does not wait: the next run does
        // them.
        ~EndChores() {
            const bool hurries = delivery.stopping_ || Clock::now() >= delivery.send_until_;
            delivery.chores_.end_by(Database::Clock::now() + (hurries ? seconds(0) : kLastWord));
        }
    } const end_chores{*this};  // before they are joined

    milliseconds poll = kBusyPoll;
    milliseconds backoff{100};
    Clock::time_point worked = Clock::now();
    std::vector<Report> reports;  // kept over a lost connection: a report may be repeated
    while (true) {
        const bool finishing = stopping_ || (deadline && Clock::now() >= *deadline);
        if (!sender && finishing) return;
        collect(reports, poll, finishing);
        if (sender_failed_) throw std::runtime_error("the thread that sends has failed; the log says why");
        if (finishing && !has_time_left(reports)) return;
        bool found = false;
        try {
            if (!sender) {
                start_worker();
                sender.emplace([this] { run_sender(); });
                chores.emplace([this, worker = worker_](std::stop_token ends) { run_chores(std::move(ends), worker); });
                // A call that runs at the deadline may end, and those that report have their own time.
                if (deadline && !stopping_) end_calls_by(*deadline + kLastCall);
            }
            keep_in_touch();
            found = report_and_claim(reports, !finishing);
            fetch_cards(finishing);
            open_webhooks();
            database_answered();
            backoff = milliseconds(100);
        } catch (const DatabaseError& error) {
            // Before the worker has begun, only a database that is not there, or takes no writes, is waited for: a host
            // starts its services in any order. What else is wrong then is for the person who starts it.
            const bool away = error.fault() == Fault::down || error.fault() == Fault::in_doubt;
            if (!sender && ((!away && error.fault() != Fault::retry) || deadline)) throw;
            database_lost(error, backoff);
            // A heartbeat comes first on the new connection: it may be another cluster behind the same name.
            if (away) heard_ = {};
            if (error.fault() != Fault::retry) database_.close();
            {
                std::unique_lock lock(mutex_);
                changed_.wait_for(lock, backoff, [&] { return (stopping_ && !finishing) || sender_failed_; });
            }
            backoff = std::min(backoff * 2, kMostBackoff);
            continue;
        }
        if (found) worked = Clock::now();
        poll = Clock::now() - worked < seconds(1) ? kBusyPoll : std::min(poll * 2, kIdlePoll);
        if (deadline && active_.empty() && reports.empty() && !found && Clock::now() - worked > milliseconds(50))
            return;
        // A stopping worker polls for its last reports without spinning.
        if (finishing) poll = kBusyPoll;
    }
}

// So that nobody takes this worker for one that was killed. Without a connection, or under a schema that does not know
// it, it is left unsaid: health then tells of a worker that is lost.
void Delivery::say_stopped(bool comes_back) noexcept {
    try {
        if (worker_ != 0 && database_.connected())
            database_.call("select o365.worker_stop($1, $2)", {worker_, comes_back ? "true" : "false"});
    } catch (const std::exception& error) {
        log::debug("stop_not_told", "problem={}", log::quoted(error.what()));
    }
}

// Waits at most `poll` for what the sender has to report, or for a stop that it does not know of, and takes the
// reports.
void Delivery::collect(std::vector<Report>& reports, milliseconds poll, bool finishing) {
    std::unique_lock lock(mutex_);
    // A call that reports ten lanes costs not much more than one that reports one: as long as lanes wait behind
    // the transfers, reports wait for each other, until half of those are used up. Otherwise each goes at once.
    const auto transfers = static_cast<std::size_t>(settings_.max_transfers);
    worth_a_call_ = active_.size() > transfers + 1 ? (active_.size() - transfers) / 2 : 1;
    if (to_open_.empty() && to_adopt_.empty() && to_fetch_.empty()) {
        changed_.wait_for(lock, poll, [&] {
            return to_report_.size() >= worth_a_call_ || (stopping_ && !finishing) || sender_failed_;
        });
    }
    std::move(to_report_.begin(), to_report_.end(), std::back_inserter(reports));
    to_report_.clear();
}

// For a worker that ends: whether there is something left to wait for, or to report, and time for it. Lanes come back
// when their POSTs have ended, within the post timeout; from then on kLastWord is left.
bool Delivery::has_time_left(std::vector<Report>& reports) {
    for (auto* waiting : {&to_fetch_, &to_open_}) {
        for (std::shared_ptr<Lane>& lane : *waiting) reports.push_back({std::move(lane), {}, true});
        waiting->clear();
    }
    for (SealedLane& sealed : to_adopt_) reports.push_back({std::move(sealed.lane), {}, true});
    to_adopt_.clear();
    if (active_.empty() && reports.empty()) return false;
    const auto back = static_cast<std::size_t>(std::ranges::count_if(reports, &Report::releases));
    const Clock::time_point now = Clock::now();
    if (!came_back_at_ && back >= active_.size()) came_back_at_ = now;
    const Clock::time_point last = came_back_at_.value_or(now) + kLastWord;
    end_calls_by(last);
    if (now < last) return true;
    log::warn("reports_left", "lanes={} why={} then=\"their leases end by themselves; cards may be sent twice\"",
              reports.size(), log::quoted(lost_ ? lost_->what() : "somebody holds their rows locked"));
    return false;
}

void Delivery::database_lost(const DatabaseError& error, milliseconds backoff) {
    lost_ = error;
    // A server that is read-only says it of each statement in other words.
    if (const auto count = lost_told_.due(error.sqlstate().empty() ? error.what() : error.sqlstate()))
        log::warn("database_lost", "count={} again_ms={} problem={}", *count, backoff.count(),
                  log::quoted(error.what()));
}

void Delivery::database_answered() {
    if (!lost_) return;
    lost_.reset();
    lost_told_ = {};
    log::info("database_back", "");
}

void Delivery::end_calls_by(Clock::time_point when) noexcept {
    database_.end_by(Database::Clock::now() + (when - Clock::now()));
    chores_.end_by(Database::Clock::now() + (when - Clock::now()));
}

void Delivery::start_worker() {
    // Nothing is written, and nothing is waited for: that takes an operator.
    if (const std::string problem = schema_problem(database_); !problem.empty()) throw std::runtime_error(problem);
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
        Orders{json["sends"].asBool(), json["why"].asString(), milliseconds(json["post_timeout_ms"].asInt64()),
               Classifier(json["rules"]), json["hosts"], json["public_url"].asString(), Secret(),
               json["adaptive_card_version"].asString()});
    // A schema of before migration 0010 has neither links nor their key, and may get them while this worker runs.
    if (json.isMember("public_url")) {
        const bool known = orders_ && !orders_->action_key.empty();
        orders->action_key = Secret(known ? orders_->action_key.reveal()
                                          : database_.call("select o365.worker_action_key()").bytes(0, 0));
    }
    worker_ = json["worker"].asInt();
    orders->others = json["others"].asInt64();
    // False of a worker that starts, and of one whose row was gone; a schema of before migration 0018 does not ask.
    if (json.isMember("described") && !json["described"].asBool()) describe();
    if (!orders->sends && (!orders_ || orders_->sends)) log::error("not_sending", "why={}", log::quoted(orders->why));
    const std::string& problem = orders->classifier.problem();
    if (!problem.empty() && (!orders_ || orders_->classifier.problem() != problem))
        log::error("response_rule_left_out", "why={}", log::quoted(problem));
    const std::lock_guard lock(mutex_);
    orders_ = std::move(orders);
}

// Says which keys this worker has, so that lanes which it cannot open are left to a worker that can.
void Delivery::describe() {
    std::vector<std::string> keys{keys_.rsa().key_id};
    for (const SymmetricKey& key : keys_.symmetric()) keys.push_back(key.key_id);
    database_.call("select o365.worker_describe($1, $2, $3, $4)",
                   {worker_, worker_name(settings_), O365_VERSION, array_literal(keys)});
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
    if (now - forgot_ >= kChores) {
        forgot_ = now;
        forget_webhooks();
    }
}

void Delivery::forget_webhooks() {
    opened_.forget_while([now = Clock::now()](const Opened& one) { return now - one.used_at > kCached; });
}

// ---- chores' thread ----

// Once at least, then every minute until it is to end; a call that runs then has the time that end_calls_by leaves it.
void Delivery::run_chores(std::stop_token ends, int worker) noexcept {
    std::mutex mutex;
    std::condition_variable_any again;
    std::unique_lock lock(mutex);
    do {
        try {
            tidy(worker);
        } catch (const std::exception& error) {
            log::warn("chores_failed", "problem={} again_s={}", log::quoted(error.what()), kChores.count());
        }
        chores_.close();
        again.wait_for(lock, ends, kChores, [] { return false; });
    } while (!ends.stop_requested());
}

// Housekeeping may fail, by a lock somebody holds or a disk that is full: delivery goes on, the next minute tries
// again.
void Delivery::tidy(int worker) {
    try {
        // The schema may have been upgraded meanwhile, past what this worker knows.
        if (const std::string problem = schema_problem(chores_); !problem.empty()) {
            log::error("schema_differs", "why={} then=\"finishing what is in flight\"", log::quoted(problem));
            stop();
            return;
        }
        const Rows rows = chores_.call("select o365.worker_chores($1)", {worker});
        if (!rows.text(0, 0).empty()) log::info("chores", "done={}", log::quoted(rows.text(0, 0)));
    } catch (const DatabaseError& error) {
        // A database that is away is told by whoever reports and claims; a call that has no time left is told by
        // nobody.
        if (error.fault() == Fault::down || (error.timed_out() && stopping_)) return;
        log::warn("chores_failed", "problem={} again_s={}", log::quoted(error.what()), kChores.count());
    }
}

// ---- database thread ----

void Delivery::recheck() {
    std::vector<std::int64_t> subscriptions;
    std::vector<std::int64_t> leases;
    std::vector<std::int64_t> versions;
    for (const auto& [id, lane] : active_) {
        subscriptions.push_back(id);
        leases.push_back(lane->lease_no);
        versions.push_back(lane->secret_version);
    }
    const Clock::time_point asked = Clock::now();
    const Rows rows = database_.call("select subscription_id, may_send from o365.worker_recheck($1, $2, $3)",
                                     {array_literal(subscriptions), array_literal(leases), array_literal(versions)});
    for (int i = 0; i < rows.size(); ++i) {
        const auto& lane = active_.at(rows.integer(i, 0));
        if (!rows.boolean(i, 1)) {
            lane->may_send = false;
            opened_.erase(lane->subscription_id);  // of one that was removed or renewed, nothing may stay
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
            {"select subscription_id, lease_no, secret_version, dialect, lease_ms, was_due "
             "from o365.worker_lease($1, $2::timestamptz - interval '1 second', $3)",
             {worker_, low_, room}});
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
// workers, and where this worker lacks what another may have: a proxy that answers, a descriptor.
int Delivery::lanes_wanted(std::size_t held) const {
    if (!orders_->sends) return 0;
    if (orders_->others > 0 && Clock::now() < leaves_until_.load()) return 0;
    const bool slow = Clock::now() - gave_back_at_.load() < kSlow;
    // Lanes whose webhook is being adopted keep no other lane out.
    const int adopting = std::min(static_cast<int>(to_adopt_.size()), settings_.max_transfers);
    const int most = settings_.max_transfers * (slow ? 1 : 2) + adopting;
    return std::min(most - static_cast<int>(held), kLanesPerClaim);
}

// Takes what o365.worker_lease answered, asked at `now`; true when there were lanes. Leases count from `now`, before
// the database made them: a POST is held to the lease and the timeout that its lane has, whatever the settings say
// since.
bool Delivery::take_lanes(const Rows& rows, Clock::time_point now) {
    for (int i = 0; i < rows.size(); ++i) {
        auto lane = std::make_shared<Lane>();
        lane->subscription_id = rows.integer(i, 0);
        lane->lease_no = rows.integer(i, 1);
        lane->secret_version = static_cast<int>(rows.integer(i, 2));
        lane->dialect = rows.text(i, 3);
        lane->post_timeout = orders_->post_timeout;
        lane->last_start = now + milliseconds(rows.integer(i, 4)) - lane->post_timeout - kLeaseMargin;
        // Text of one time zone and length sorts as the times do.
        if (low_ == "-infinity" || rows.text(i, 5) > low_) low_ = rows.text(i, 5);
        active_[lane->subscription_id] = lane;
        to_fetch_.push_back(std::move(lane));
    }
    return rows.size() > 0;
}

// Asks for the cards of leased lanes and passes the lanes on. The cards of some may not fit into one call: the next one
// brings them. When the worker is finishing, and where no POST could start in time any more, lanes are given back.
void Delivery::fetch_cards(bool finishing) {
    const Clock::time_point asked = Clock::now();
    std::erase_if(to_fetch_, [&](const std::shared_ptr<Lane>& lane) {
        if (!finishing && asked < lane->last_start) return false;
        hand_over(lane, true);
        return true;
    });
    if (to_fetch_.empty()) return;
    std::vector<std::int64_t> subscriptions;
    std::vector<std::int64_t> leases;
    for (const auto& lane : to_fetch_) {
        subscriptions.push_back(lane->subscription_id);
        leases.push_back(lane->lease_no);
    }
    const Rows rows = database_.call(
        "select subscription_id, lease_no, position, card_id, card, ends_as from o365.worker_cards($1, $2, $3, $4, $5, "
        "$6)",
        {worker_, array_literal(subscriptions), array_literal(leases), kCardsPerLane, kBytesPerLane, bytes_per_call_});
    std::ptrdiff_t came = 0;  // of to_fetch_: the answer has the order of the question
    for (int i = 0; i < rows.size(); ++i) {
        const auto is_row_of = [&](const Lane& lane) {
            return lane.subscription_id == rows.integer(i, 0) && lane.lease_no == rows.integer(i, 1);
        };
        if (came == 0 || !is_row_of(*to_fetch_[static_cast<std::size_t>(came) - 1])) ++came;
        Lane& lane = *to_fetch_.at(static_cast<std::size_t>(came) - 1);
        lane.checked_at = asked;
        if (rows.is_null(i, 2)) continue;
        lane.cards.push_back(
            {rows.integer(i, 2), rows.integer(i, 3), std::string(rows.text(i, 4)), std::string(rows.text(i, 5))});
    }
    const std::vector<std::shared_ptr<Lane>> lanes(to_fetch_.begin(), to_fetch_.begin() + came);
    to_fetch_.erase(to_fetch_.begin(), to_fetch_.begin() + came);
    const Clock::duration took = Clock::now() - asked;
    if (took > kSlowCall) {
        bytes_per_call_ = std::max(bytes_per_call_ / 2, kLeastBytesPerCall);
        // Over a slow connection what was read is old by now: nothing would be sent by it.
        recheck();
        rechecked_ = Clock::now();
    } else if (took < kSlowCall / 4) {
        bytes_per_call_ = std::min(bytes_per_call_ * 2, kMostBytesPerCall);
    }
    for (const auto& lane : lanes) pass_on(lane);
    client_.wake();
}

// Gives a lane that has its cards to the sender, at once or after its webhook was opened.
void Delivery::pass_on(const std::shared_ptr<Lane>& lane) {
    const bool posts = !lane->cards.empty() && lane->cards.front().ends_as.empty();
    if (!posts) opened_.erase(lane->subscription_id);
    Opened* const known = opened_.find(lane->subscription_id);
    if (known != nullptr && known->secret_version == lane->secret_version) {
        known->used_at = Clock::now();
        lane->webhook = known->webhook;
    }
    if (posts && !lane->webhook) {
        to_open_.push_back(lane);
        return;
    }
    const std::lock_guard lock(mutex_);
    to_send_.push_back(lane);
}

// Opens webhooks of claimed lanes for as long as kOpening and hands the lanes to the sender: first those sealed under a
// symmetric key, which cost next to nothing, then those sealed under the RSA key. Those are adopted: sealed anew under
// a symmetric key.
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
        for (const std::int64_t id : ids) {
            SealedLane sealed{std::move(to_open_.front()), "", ""};
            to_open_.pop_front();
            const auto row = row_of.find(id);
            // Removed or renewed since the claim: the lane is given back. Claimed again its cards end, or go to the new
            // webhook in the form that this one takes.
            if (row == row_of.end() || rows.integer(row->second, 1) != sealed.lane->secret_version) {
                to_sender(sealed.lane);
                continue;
            }
            sealed.key_id = rows.text(row->second, 2);
            sealed.message = rows.bytes(row->second, 3);
            if (keys_.is_symmetric(sealed.key_id)) {
                open_webhook(sealed);
            } else {
                to_adopt_.push_back(std::move(sealed));
            }
        }
    }
    while (!to_adopt_.empty() && Clock::now() < until) {
        const SealedLane sealed = std::move(to_adopt_.front());
        to_adopt_.pop_front();
        // Who stops does not open what he will not send.
        if (stopping_ || Clock::now() >= sealed.lane->last_start) {
            to_sender(sealed.lane);
        } else {
            open_webhook(sealed);
        }
    }
}

void Delivery::open_webhook(const SealedLane& sealed) {
    Lane& lane = *sealed.lane;
    std::optional<Secret> text;
    try {
        text = keys_.open(sealed.key_id, sealed.message);
        lane.webhook = std::make_shared<const OpenWebhook>(webhook_in(*text, lane.subscription_id));
        opened_.put(lane.subscription_id, {lane.secret_version, lane.webhook, Clock::now()});
    } catch (const KeyError& error) {
        lane.cannot_send = error.what();
        // A missing key is not the webhook's fault: whoever has the key delivers.
        const bool missing = dynamic_cast<const MissingKey*>(&error) != nullptr;
        lane.cannot_send_outcome = missing ? "cannot_open" : "suspend";
    } catch (const std::exception& error) {
        lane.cannot_send = fmt::format("key {}: {}", sealed.key_id, error.what());
        // Nor is what this machine is short of.
        const bool message_is_wrong = dynamic_cast<const OpenPgpError*>(&error) != nullptr &&
                                      dynamic_cast<const OpenPgpFailure*>(&error) == nullptr;
        lane.cannot_send_outcome = message_is_wrong ? "suspend" : "cannot_open";
    }
    if (!lane.cannot_send.empty())
        log::error("webhook_closed", "subscription={} key={} problem={}", lane.subscription_id, sealed.key_id,
                   log::quoted(lane.cannot_send));
    const bool adopts = lane.webhook && !keys_.is_symmetric(sealed.key_id);
    to_sender(sealed.lane);  // which owns the lane from now on
    if (adopts) adopt(sealed.lane->subscription_id, sealed.lane->secret_version, *text);
}

void Delivery::to_sender(const std::shared_ptr<Lane>& lane) {
    {
        const std::lock_guard lock(mutex_);
        to_send_.push_back(lane);
    }
    client_.wake();
}

// Seals an opened message anew under a symmetric key. Where that fails, the webhook serves as it is: the next opening
// tries again.
void Delivery::adopt(std::int64_t subscription_id, std::int64_t secret_version, const Secret& text) {
    try {
        const SealedMessage adopted = keys_.seal(text);
        database_.call("select o365.worker_adopt($1, $2, $3, $4)",
                       {subscription_id, secret_version, adopted.key_id, Value::bytes(adopted.sealed)});
    } catch (const DatabaseError& error) {
        if (error.fault() == Fault::down || error.fault() == Fault::in_doubt) throw;
        log::warn("adoption_failed", "subscription={} problem={}", subscription_id, log::quoted(error.what()));
    } catch (const std::exception& error) {
        log::warn("adoption_failed", "subscription={} problem={}", subscription_id, log::quoted(error.what()));
    }
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
    std::vector<std::int64_t> versions;
    for (const Report& one : reports) {
        lane_subs.push_back(one.lane->subscription_id);
        lane_leases.push_back(one.lane->lease_no);
        releases.emplace_back(one.releases ? "t" : "f");
        versions.push_back(one.lane->secret_version);
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
        "select r.ended, b.busy, r.known from o365.worker_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "$13, $14) "
        "as r left join lateral unnest(r.busy) as b(busy) on true",
        {worker_, array_literal(subs), array_literal(leases), array_literal(positions), array_literal(outcomes),
         array_literal(rule_ids), array_literal(statuses), array_literal(retry_after), array_literal(took),
         array_literal(problems), array_literal(lane_subs), array_literal(lane_leases), array_literal(releases),
         array_literal(versions)}};
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
    const std::int64_t missing = ended - rows.integer(0, 0);
    const std::int64_t known = std::min(rows.is_null(0, 2) ? 0 : rows.integer(0, 2), missing);
    if (known > 0)
        log::info("report_repeated", "cards={} why=\"already reported: the answer to the first report was lost\"",
                  known);
    if (missing > known) {
        log::warn("report_refused",
                  "cards={} why=\"their lease had ended; another worker has them, or has ended them\"",
                  missing - known);
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

// What nobody catches ends the worker in order: the database thread sees it and throws, and the program ends with its
// exit code.
void Delivery::run_sender() noexcept {
    try {
        return send_lanes();
    } catch (const std::exception& error) {
        log::error("sender_failed", "problem={} then=\"the worker ends; leases end by themselves\"",
                   log::quoted(error.what()));
    }
    {
        const std::lock_guard lock(mutex_);
        sender_failed_ = true;
    }
    changed_.notify_all();
}

void Delivery::send_lanes() {
    while (true) {
        std::vector<std::shared_ptr<Lane>> lanes;
        {
            const std::lock_guard lock(mutex_);
            lanes.swap(to_send_);
            if (lanes.empty() && gate_.waiting() == 0 && sender_ends_ && client_.in_flight() == 0) return;
            orders_here_ = orders_;
        }
        for (const auto& lane : lanes) {
            if (lane->webhook && lane->cannot_send.empty()) {
                const Url& url = lane->webhook->parsed.url;
                const Json::Value* const allowed = allowing_row(orders_here_->hosts, url);
                lane->far_end = allowed == nullptr ? url.host : allowed->get("far_end", url.host).asString();
                gate_.add(lane->far_end, url.host, lane, Clock::now());
            } else {
                advance(lane);  // posts nothing
            }
        }
        start_waiting();
        client_.run_once(unreported_.empty() ? milliseconds(200) : kUnreported);
        while (!unreported_.empty() && Clock::now() - unreported_.front().first >= kUnreported) {
            hand_over(unreported_.front().second, false);
            unreported_.pop_front();
        }
    }
}

// Starts lanes while there are transfers for them. One that waits too long goes back, so that another worker may have
// it; one that may not send any more goes back as well.
void Delivery::start_waiting() {
    const Clock::time_point now = Clock::now();
    if (stopping_ || now >= send_until_) {
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
        // --once has no later: it claims the lane again.
        if (late.hold > seconds(0) && send_until_ == Clock::time_point::max() && may_send(*late.item)) {
            hold(late.item, late.hold);
        } else {
            if (late.hold == seconds(0)) gave_back_at_ = now;
            hand_over(late.item, true);
        }
    }
}

// Gives a lane back that is to be left alone for a while, because its far end has all the transfers that it may have.
void Delivery::hold(const std::shared_ptr<Lane>& lane, seconds wait) {
    lane->ends.push_back(
        {lane->cards[lane->next].position,
         {"held", 0, fmt::format("waits for a transfer: {} has its share of them, and is slow", lane->far_end)},
         0,
         wait.count(),
         {}});
    hand_over(lane, true);
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
            lane->webhook->text, std::move(body.text), [this, lane] { return may_send(*lane); },
            [this, lane](PostResult result) { posted(lane, std::move(result)); }, lane->post_timeout);
    } catch (const std::exception& error) {
        // One card that cannot be posted, whatever for, ends no worker.
        lane->ends.push_back({card.position, {"retry", 0, error.what()}, 0, {}, {}});
        hand_over(lane, true);
    }
}

// Checked when it was stored; the list may have changed since, and this is the program that connects.
void Delivery::check_webhook(Lane& lane) const {
    const Webhook& webhook = lane.webhook->parsed;
    lane.cannot_send = webhook.problem;
    if (lane.cannot_send.empty()) {
        const Json::Value* const allowed = allowing_row(orders_here_->hosts, webhook.url);
        if (allowed != nullptr && (*allowed)["dialect"].asString() == lane.dialect) return;
        lane.cannot_send = fmt::format(
            "webhooks on host {0} port {2} are not allowed: select o365.allow_webhook_host('{1}', '{0}', {2})",
            webhook.url.host, lane.dialect, webhook.url.port);
    }
    lane.cannot_send_outcome = "suspend";
}

void Delivery::posted(const std::shared_ptr<Lane>& lane, PostResult result) {
    if (result.transport == TransportStatus::withdrawn) return hand_over(lane, true);
    const Lane::Card& card = lane->cards[lane->next++];
    Judgement judgement = orders_here_->classifier.judge(lane->dialect, result, lane->webhook->reveal());
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
    // What failed on our side is no POST, and stands in no history.
    if (result.transport == TransportStatus::our_side) {
        // Another worker may have it at once; without one it is looked at again after half a minute.
        std::optional<std::int64_t> again;
        if (orders_here_->others > 0) {
            again = 0;
            leaves_until_ = Clock::now() + kShort;
        }
        lane->ends.push_back({card.position, std::move(judgement), 0, again, {}});
        return hand_over(lane, true);
    }
    lane->ends.push_back({card.position, std::move(judgement), result.status, result.retry_after, result.took});
    if (ends) return advance(lane);
    hand_over(lane, true);
}

// Gives what the lane has to the database thread: its ends so far, or with `releases` the lane itself.
void Delivery::hand_over(const std::shared_ptr<Lane>& lane, bool releases) {
    if (releases && std::exchange(lane->has_transfer, false))
        gate_.ended(lane->far_end, lane->webhook->parsed.url.host);
    if (lane->ends.empty() && !releases) return;
    {
        const std::lock_guard lock(mutex_);
        to_report_.push_back({lane, std::exchange(lane->ends, {}), releases});
        if (to_report_.size() < worth_a_call_) return;
    }
    changed_.notify_one();
}

}  // namespace o365
