#include "worker/delivery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <thread>
#include <utility>

#include "lib/log.h"
#include "lib/url.h"

namespace o365 {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kCardsPerLane = 10;
constexpr int kLanesPerClaim = 128;
constexpr milliseconds kBusyPoll{5};
constexpr milliseconds kIdlePoll{100};
constexpr seconds kHeartbeat{5};
constexpr seconds kChores{60};
constexpr seconds kRecheck{1};
constexpr milliseconds kStateIsFresh{1900};  // pause and remove hold within two seconds
constexpr seconds kLeaseMargin{3};           // for the report to arrive before the lease ends

Json::Value parse(std::string_view text) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    if (!reader->parse(text.data(), text.data() + text.size(), &value, nullptr))
        throw std::runtime_error("the database's answer is no JSON");
    return value;
}

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

// Label by label: `subdomains` means any host below, never the host itself. The same rule as
// o365_internal.webhook_dialect.
bool host_is_allowed(const Json::Value& hosts, const std::string& dialect, const Url& url) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const Json::Value& row) {
        const std::string host = row["host"].asString();
        const bool matches = row["subdomains"].asBool()
                                 ? url.host.size() > host.size() + 1 && url.host.ends_with("." + host)
                                 : url.host == host;
        return matches && row["dialect"].asString() == dialect && row["port"].asInt() == url.port;
    });
}

// Workflows take a message that carries the card (office365-connectors.md 6.1); a message is sent as it is.
std::string wrapped(const std::string& dialect, std::string card) {
    if (dialect != "workflow" || parse(card)["type"].asString() != "AdaptiveCard") return card;
    return R"({"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":)" +
           std::move(card) + "}]}";
}

}  // namespace

// A leased lane on its way: owned by the database thread, then the sender, then the database thread again, never by
// both. Only the two atomics are touched from outside.
struct Lane {
    struct Card {
        std::int64_t position = 0;
        std::int64_t card_id = 0;
        std::string body;
        std::string ends_as;
    };
    struct Item {
        std::int64_t position = 0;
        Judgement judgement;
        int http_status = 0;
        std::optional<std::int64_t> retry_after;
        std::optional<milliseconds> took;  // none: no POST was made
    };
    std::int64_t subscription_id = 0;
    std::int64_t lease_no = 0;
    int secret_version = 0;
    std::string dialect;
    std::vector<Card> cards;
    std::size_t next = 0;
    std::shared_ptr<const Secret> webhook;
    std::string cannot_send;                           // why the webhook cannot be used
    std::chrono::steady_clock::time_point last_start;  // after it a POST could outlive the lease
    std::vector<Item> items;
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
    stopping_ = true;
    changed_.notify_all();
    client_.wake();
}

void Delivery::run() { loop(false, std::nullopt); }

Outlook Delivery::run_once(milliseconds deadline) {
    loop(true, Clock::now() + deadline);
    const Json::Value outlook = parse(database_.call("select o365.worker_outlook()").text(0, 0));
    log::info("outlook", "due={} waiting={} held={} failing={} next={}", outlook["due"].asInt64(),
              outlook["waiting"].asInt64(), outlook["held"].asInt64(), outlook["failing"].asInt64(),
              log::quoted(outlook["next_at"].asString()));
    if (outlook["failing"].asInt64() > 0) return Outlook::failing;
    return outlook["due"].asInt64() + outlook["waiting"].asInt64() > 0 ? Outlook::waiting : Outlook::drained;
}

// ---- database thread ----

void Delivery::loop(bool once, std::optional<Clock::time_point> deadline) {
    start_worker();
    std::thread sender([this] { send_lanes(); });
    struct Join {
        Delivery& delivery;
        std::thread& thread;
        ~Join() {
            delivery.stop_sender();
            thread.join();
        }
    } const join{*this, sender};

    milliseconds poll = kBusyPoll;
    milliseconds backoff{100};
    Clock::time_point worked = Clock::now();
    std::vector<std::shared_ptr<Lane>> reports;  // kept over a lost connection: a report may be repeated
    while (true) {
        const bool finishing = stopping_ || (deadline && Clock::now() >= *deadline);
        {
            std::unique_lock lock(mutex_);
            if (reports.empty() && to_report_.empty())
                changed_.wait_for(lock, poll, [this] { return !to_report_.empty() || stopping_; });
            reports.insert(reports.end(), to_report_.begin(), to_report_.end());
            to_report_.clear();
        }
        bool found = false;
        try {
            if (!reports.empty()) {
                report(reports);
                reports.clear();
                found = true;
            }
            keep_in_touch();
            if (!finishing && feed_and_claim()) found = true;
            backoff = milliseconds(100);
        } catch (const DatabaseError& error) {
            log::warn("database_lost", "problem={} again_ms={}", log::quoted(error.what()), backoff.count());
            database_.close();
            std::this_thread::sleep_for(backoff);
            backoff = std::min(backoff * 2, milliseconds(2000));
            // With nobody to report to, a stop does not wait for ever: the leases end by themselves.
            if (finishing && backoff >= milliseconds(2000)) return;
            continue;
        }
        if (found) worked = Clock::now();
        poll = Clock::now() - worked < seconds(1) ? kBusyPoll : std::min(poll * 2, kIdlePoll);
        if (active_.empty() && reports.empty()) {
            if (finishing) return;
            if (once && !found && Clock::now() - worked > milliseconds(50)) return;
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
}

void Delivery::take_orders(std::string_view answer) {
    const Json::Value json = parse(answer);
    auto orders = std::make_shared<Orders>(Orders{json["sends"].asBool(), milliseconds(json["lease_ms"].asInt64()),
                                                  milliseconds(json["post_timeout_ms"].asInt64()),
                                                  Classifier(json["rules"]), json["hosts"]});
    worker_ = json["worker"].asInt();
    if (!orders->sends && (!orders_ || orders_->sends))
        log::error("not_sending", "why={}", log::quoted(json["why"].asString()));
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
        const Rows rows = database_.call("select o365.worker_chores($1)", {worker_});
        if (!rows.text(0, 0).empty()) log::info("chores", "done={}", log::quoted(rows.text(0, 0)));
        tidied_ = now;
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
        if (!rows.boolean(i, 1)) lane->may_send = false;
        lane->checked_at = asked;
    }
}

// True when there was something to do.
bool Delivery::feed_and_claim() {
    const std::shared_ptr<const Orders> orders = orders_;
    const int room = std::min(settings_.max_transfers - static_cast<int>(active_.size()), kLanesPerClaim);
    if (!orders->sends || room <= 0) return false;
    const bool fed = database_.call("select o365.worker_feed()").integer(0, 0) > 0;
    const Clock::time_point now = Clock::now();
    if (now - swept_ >= seconds(3)) {
        low_ = "-infinity";
        swept_ = now;
    }
    const Rows rows = database_.call(
        "select subscription_id, lease_no, secret_version, dialect, position, card_id, card, ends_as, was_due "
        "from o365.worker_claim($1, $2::timestamptz - interval '1 second', $3, $4)",
        {worker_, low_, room, kCardsPerLane});
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
    if (lanes.empty()) return fed;
    for (const auto& lane : lanes) active_[lane->subscription_id] = lane;
    open_webhooks(lanes);
    {
        const std::lock_guard lock(mutex_);
        to_send_.insert(to_send_.end(), lanes.begin(), lanes.end());
    }
    client_.wake();
    return true;
}

// Gives each lane its webhook, from the cache or opened now. A webhook sealed under the RSA key is adopted: sealed anew
// under a symmetric one, so that opening it costs microseconds the next time.
void Delivery::open_webhooks(std::vector<std::shared_ptr<Lane>>& lanes) {
    std::vector<std::int64_t> missing;
    for (const auto& lane : lanes) {
        const auto known = opened_.find(lane->subscription_id);
        if (known != opened_.end() && known->second.secret_version == lane->secret_version) {
            lane->webhook = known->second.webhook;
        } else if (!lane->cards.empty() && lane->cards.front().ends_as.empty()) {
            missing.push_back(lane->subscription_id);
        }
    }
    if (missing.empty()) return;
    const Rows rows =
        database_.call("select subscription_id, secret_version, key_id, sealed from o365.worker_secrets($1)",
                       {array_literal(missing)});
    for (int i = 0; i < rows.size(); ++i) {
        const std::int64_t id = rows.integer(i, 0);
        const std::shared_ptr<Lane>& lane = active_.at(id);
        const std::string key_id(rows.text(i, 2));
        try {
            const std::string sealed = rows.bytes(i, 3);
            auto webhook = std::make_shared<const Secret>(keys_.open_webhook(id, key_id, sealed));
            const int version = static_cast<int>(rows.integer(i, 1));
            opened_[id] = {version, webhook};
            lane->webhook = std::move(webhook);
            if (!keys_.is_symmetric(key_id)) {
                std::string adopted_under;
                const std::string adopted = keys_.adopt(key_id, sealed, adopted_under);
                database_.call("select o365.worker_adopt($1, $2, $3, $4)",
                               {id, version, adopted_under, Value::bytes(adopted)});
            }
        } catch (const KeyError& error) {
            lane->cannot_send = error.what();
        } catch (const OpenPgpError& error) {
            lane->cannot_send = fmt::format("key {}: {}", key_id, error.what());
        }
        if (!lane->cannot_send.empty())
            log::error("webhook_closed", "subscription={} key={} problem={}", id, key_id,
                       log::quoted(lane->cannot_send));
    }
    // One that has no secret any more was removed since the claim; it is given back, and cancelled when it is claimed
    // again.
}

bool Delivery::report(std::vector<std::shared_ptr<Lane>> lanes) {
    std::vector<std::int64_t> subs;
    std::vector<std::int64_t> leases;
    std::vector<std::int64_t> positions;
    std::vector<std::string> outcomes;
    std::vector<std::optional<std::int64_t>> rule_ids;
    std::vector<std::optional<std::int64_t>> statuses;
    std::vector<std::optional<std::int64_t>> retry_after;
    std::vector<std::optional<std::int64_t>> took;
    std::vector<std::optional<std::string>> problems;
    std::vector<std::int64_t> released_subs;
    std::vector<std::int64_t> released_leases;
    std::int64_t ended = 0;
    for (const auto& lane : lanes) {
        released_subs.push_back(lane->subscription_id);
        released_leases.push_back(lane->lease_no);
        for (const Lane::Item& item : lane->items) {
            subs.push_back(lane->subscription_id);
            leases.push_back(lane->lease_no);
            positions.push_back(item.position);
            outcomes.push_back(item.judgement.outcome);
            rule_ids.push_back(item.judgement.rule_id == 0 ? std::nullopt
                                                           : std::optional<std::int64_t>(item.judgement.rule_id));
            statuses.push_back(item.http_status == 0 ? std::nullopt : std::optional<std::int64_t>(item.http_status));
            retry_after.push_back(item.retry_after);
            took.push_back(item.took ? std::optional<std::int64_t>(item.took->count()) : std::nullopt);
            problems.push_back(item.judgement.problem.empty() ? std::nullopt : std::optional(item.judgement.problem));
            if (is_end(item.judgement.outcome)) ++ended;
        }
    }
    const Rows rows = database_.call(
        "select o365.worker_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {worker_, array_literal(subs), array_literal(leases), array_literal(positions), array_literal(outcomes),
         array_literal(rule_ids), array_literal(statuses), array_literal(retry_after), array_literal(took),
         array_literal(problems), array_literal(released_subs), array_literal(released_leases)});
    if (rows.integer(0, 0) < ended) {
        log::warn("report_refused",
                  "cards={} why=\"their lease had ended; another worker has them, or has ended them\"",
                  ended - rows.integer(0, 0));
    }
    for (const auto& lane : lanes) active_.erase(lane->subscription_id);
    return true;
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
            if (lanes.empty() && sender_ends_ && client_.in_flight() == 0) return;
            client_.set_timeout(orders_->post_timeout);
        }
        for (const auto& lane : lanes) advance(lane);
        client_.run_once(milliseconds(200));
    }
}

// Posts the lane's next card, or gives the lane back when none is left or none may be sent now.
void Delivery::advance(const std::shared_ptr<Lane>& lane) {
    while (lane->next < lane->cards.size() && !lane->cards[lane->next].ends_as.empty()) {
        const Lane::Card& card = lane->cards[lane->next++];
        lane->items.push_back({card.position,
                               {card.ends_as, 0, "the subscription was removed or is gone"},
                               0,
                               std::nullopt,
                               std::nullopt});
    }
    const Clock::time_point now = Clock::now();
    const bool may_send =
        lane->may_send && !stopping_ && now < lane->last_start && now - lane->checked_at.load() < kStateIsFresh;
    if (lane->next >= lane->cards.size() || !may_send) return finish(lane);
    Lane::Card& card = lane->cards[lane->next];
    std::shared_ptr<const Orders> orders;
    {
        const std::lock_guard lock(mutex_);
        orders = orders_;
    }
    if (lane->cannot_send.empty() && lane->webhook) {
        // Checked when it was stored; the list may have changed since, and this is the program that connects.
        const std::string& url = lane->webhook->reveal();
        const auto parsed = parse_url(url);
        if (const std::string problem = webhook_shape_problem(url); !problem.empty()) {
            lane->cannot_send = problem;
        } else if (!host_is_allowed(orders->hosts, lane->dialect, *parsed)) {
            lane->cannot_send =
                fmt::format("webhooks on host {} are not allowed: select o365.allow_webhook_host('{}', '{}')",
                            parsed->host, lane->dialect, parsed->host);
        }
    }
    if (!lane->cannot_send.empty()) {
        lane->items.push_back({card.position, {"suspend", 0, lane->cannot_send}, 0, std::nullopt, std::nullopt});
        return finish(lane);
    }
    if (!lane->webhook) return finish(lane);
    client_.post(*lane->webhook, wrapped(lane->dialect, std::move(card.body)),
                 [this, lane](PostResult result) { posted(lane, std::move(result)); });
}

void Delivery::posted(const std::shared_ptr<Lane>& lane, PostResult result) {
    std::shared_ptr<const Orders> orders;
    {
        const std::lock_guard lock(mutex_);
        orders = orders_;
    }
    const Lane::Card& card = lane->cards[lane->next++];
    Judgement judgement = orders->classifier.judge(lane->dialect, result);
    const bool ends = is_end(judgement.outcome);
    if (judgement.problem.empty()) {
        log::debug("card_delivered", "card={} subscription={} outcome={} took_ms={}", card.card_id,
                   lane->subscription_id, judgement.outcome, result.took.count());
    } else {
        log::warn("card_not_delivered", "card={} subscription={} outcome={} rule={} http={} took_ms={} problem={}",
                  card.card_id, lane->subscription_id, judgement.outcome, judgement.rule_id, result.status,
                  result.took.count(), log::quoted(judgement.problem));
    }
    lane->items.push_back({card.position, std::move(judgement), result.status, result.retry_after, result.took});
    if (ends) return advance(lane);
    finish(lane);
}

void Delivery::finish(const std::shared_ptr<Lane>& lane) {
    {
        const std::lock_guard lock(mutex_);
        to_report_.push_back(lane);
    }
    changed_.notify_one();
}

}  // namespace o365
