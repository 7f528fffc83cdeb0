#include "worker/delivery/database_outbox.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <optional>
#include <stdexcept>

#include "lib/base/version.h"
#include "lib/database/schema.h"
#include "lib/json/json_text.h"

namespace o365 {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kCardsPerLane = 20;
constexpr int kBytesPerLane = 64 * 1024;  // of cards, so that the number of lanes bounds a worker's memory
// Of the cards that come with a claim. They must fit into the socket's buffers, because the server commits only when it
// has written the answer.
constexpr int kBytesPerClaim = 16 * 1024;
constexpr seconds kScanAll{3};
constexpr const char* kFromTheStart = "-infinity";

// For calls of delivery: reports, claims, heartbeats.
constexpr Patience kPatience{.transaction_ms = 65000, .connect = seconds(5), .call = seconds(30)};

std::string worker_name(const Settings& settings) {
    if (!settings.worker_name.empty()) return settings.worker_name;
    std::array<char, HOST_NAME_MAX + 1> host{};
    ::gethostname(host.data(), host.size() - 1);
    return fmt::format("{}:{}", host.data(), ::getpid());
}

template <class T>
std::optional<T> unless_zero(T number) {
    return number == 0 ? std::nullopt : std::optional<T>(number);
}

// Leases as arrays, for parameters.
struct LeaseArrays {
    explicit LeaseArrays(const std::vector<Lease>& leases) {
        for (const Lease& lease : leases) add(lease);
    }
    LeaseArrays() = default;
    void add(const Lease& lease) {
        subscriptions.push_back(lease.subscription_id);
        numbers.push_back(lease.lease_no);
        versions.push_back(lease.secret_version);
    }
    std::vector<std::int64_t> subscriptions;
    std::vector<std::int64_t> numbers;
    std::vector<std::int64_t> versions;
};

// The columns of a card in the rows of worker_cards and worker_claim.
struct CardColumns {
    explicit CardColumns(const Rows& rows)
        : position(rows.column("position")),
          card_id(rows.column("card_id")),
          body(rows.column("card")),
          ends_as(rows.column("ends_as")),
          reason(rows.column("reason")),
          extra(rows.column("extra")),
          expires_ms(rows.column("expires_ms")) {}
    // The card of a row; nullopt when it has none.
    std::optional<Card> card(const Rows& rows, int row) const {
        if (rows.is_null(row, position)) return std::nullopt;
        Card card;
        card.position = rows.integer(row, position);
        card.card_id = rows.integer(row, card_id);
        card.body = rows.text(row, body);
        card.ends_as = rows.text(row, ends_as);
        card.reason = rows.text(row, reason);
        card.extra = rows.text(row, extra);
        if (!rows.is_null(row, expires_ms)) card.expires_in = std::chrono::milliseconds(rows.integer(row, expires_ms));
        return card;
    }
    int position, card_id, body, ends_as, reason, extra, expires_ms;
};

Reported read_reported(const Rows& rows) {
    Reported reported;
    const int busy = rows.column("busy");
    for (int i = 0; i < rows.size(); ++i) {
        if (!rows.is_null(i, busy)) reported.busy.insert(rows.integer(i, busy));
    }
    reported.ended = rows.integer(0, rows.column("ended"));
    const int known = rows.column("known");
    reported.known = rows.is_null(0, known) ? 0 : rows.integer(0, known);
    return reported;
}

}  // namespace

DatabaseOutbox::DatabaseOutbox(const Settings& settings)
    : name_(worker_name(settings)),
      environment_(settings.environment),
      database_(settings.database, settings.worker_role, "o365-worker", kPatience,
                statements_when(settings.prepared_statements)),
      scanned_to_(kFromTheStart) {}

SettingsSnapshot DatabaseOutbox::start() {
    // An operator must upgrade: end at once instead of waiting for that.
    if (const std::string problem = schema_problem(database_); !problem.empty()) throw std::runtime_error(problem);
    const Rows rows = database_.call("select o365_programs.worker_start($1, $2, $3)", {name_, kVersion, environment_});
    return take_snapshot(rows.text(0, 0));
}

SettingsSnapshot DatabaseOutbox::heartbeat() {
    return take_snapshot(
        database_.call("select o365_programs.worker_heartbeat($1, $2)", {worker_, environment_}).text(0, 0));
}

SettingsSnapshot DatabaseOutbox::take_snapshot(std::string_view answer) {
    SettingsSnapshot snapshot = read_settings_snapshot(answer);
    if (action_key_.empty())
        action_key_ = Secret(database_.call("select o365_programs.worker_action_key()").bytes(0, 0));
    snapshot.action_key = Secret(action_key_.reveal());
    worker_ = snapshot.worker;
    return snapshot;
}

void DatabaseOutbox::describe(const std::vector<std::string>& key_ids) {
    database_.call("select o365_programs.worker_describe($1, $2, $3, $4)",
                   {worker_, name_, kVersion, array_literal(key_ids)});
}

std::vector<std::string> DatabaseOutbox::keys_in_use() {
    const Rows rows = database_.call("select key_id from o365_programs.worker_keys() where sealed_rows > 0");
    const int key_id = rows.column("key_id");
    std::vector<std::string> keys;
    for (int i = 0; i < rows.size(); ++i) keys.emplace_back(rows.text(i, key_id));
    return keys;
}

void DatabaseOutbox::stop(bool comes_back) {
    if (worker_ == 0 || !database_.connected()) return;
    database_.call("select o365_programs.worker_stop($1, $2)", {worker_, comes_back ? "true" : "false"});
}

ReportedAndClaimed DatabaseOutbox::report_and_claim(const std::vector<Ended>& ended, int lanes) {
    std::vector<Statement> statements;
    if (!ended.empty()) statements.push_back(report_statement(ended));
    if (lanes > 0) statements.push_back(claim_statement(lanes));
    const std::vector<Rows> answers = database_.call_together(statements);
    ReportedAndClaimed result;
    if (!ended.empty()) result.reported = read_reported(answers.front());
    if (lanes > 0 && answers.back().size() > 0) {
        const Rows& claim = answers.back();
        seen_ = claim.text(0, claim.column("seen_now"));
        quiet_until_ = claim.text(0, claim.column("quiet_now"));
        result.fed = claim.integer(0, claim.column("fed"));
        result.claimed = take_claimed(claim);
    }
    return result;
}

Statement DatabaseOutbox::claim_statement(int lanes) {
    if (const BootClock::time_point now = BootClock::now(); now - scanned_all_at_ >= kScanAll) {
        scanned_to_ = kFromTheStart;
        scanned_all_at_ = now;
    }
    return {
        "select fed, seen_now, quiet_now, subscription_id, lease_no, secret_version, dialect, lease_ms, was_due, "
        "payload, has_cards, "
        "position, card_id, card, ends_as, reason, extra, expires_ms "
        "from o365_programs.worker_claim($1, $2::timestamptz - interval '1 second', $3, $4, $5, $6, $7, $8) "
        // worker_claim checks this too, but not calling it costs half of a call that finds nothing to do.
        "where (pg_current_snapshot()::text = $7 and statement_timestamp() < $8::timestamptz) is not true",
        {worker_, scanned_to_, lanes, kCardsPerLane, kBytesPerLane, kBytesPerClaim, Value::or_null(seen_),
         Value::or_null(quiet_until_)}};
}

std::vector<Claimed> DatabaseOutbox::take_claimed(const Rows& rows) {
    const int subscription_id = rows.column("subscription_id");
    const int lease_no = rows.column("lease_no");
    const int secret_version = rows.column("secret_version");
    const int dialect = rows.column("dialect");
    const int lease_ms = rows.column("lease_ms");
    const int was_due = rows.column("was_due");
    const int payload = rows.column("payload");
    const int has_cards = rows.column("has_cards");
    const CardColumns columns(rows);
    std::vector<Claimed> claimed;
    claimed.reserve(static_cast<std::size_t>(rows.size()));
    for (int i = 0; i < rows.size(); ++i) {
        if (rows.is_null(i, subscription_id)) continue;
        const std::int64_t id = rows.integer(i, subscription_id);
        // The rows of a lane follow one another.
        if (claimed.empty() || claimed.back().lease.subscription_id != id) {
            claimed.push_back(
                {.lease = {id, rows.integer(i, lease_no), static_cast<int>(rows.integer(i, secret_version))},
                 .dialect = std::string(rows.text(i, dialect)),
                 .lasts = milliseconds(rows.integer(i, lease_ms)),
                 .payload = rows.text(i, payload) == "card" ? Payload::card : Payload::envelope});
            if (rows.boolean(i, has_cards)) claimed.back().cards.emplace();
            // As texts in one time zone and of one length they sort as the times do.
            const std::string_view due = rows.text(i, was_due);
            if (scanned_to_ == kFromTheStart || due > scanned_to_) scanned_to_ = due;
        }
        if (std::optional<Card> card = columns.card(rows, i)) claimed.back().cards->push_back(std::move(*card));
    }
    return claimed;
}

Statement DatabaseOutbox::report_statement(const std::vector<Ended>& ended) const {
    std::vector<std::int64_t> subscriptions;
    std::vector<std::int64_t> leases;
    std::vector<std::int64_t> positions;
    std::vector<std::string> outcomes;
    std::vector<std::optional<std::int64_t>> rule_ids;
    std::vector<std::optional<std::int64_t>> statuses;
    std::vector<std::optional<std::int64_t>> retry_after;
    std::vector<std::optional<std::int64_t>> took;
    std::vector<std::optional<std::string>> problems;
    LeaseArrays lanes;
    std::vector<std::string> releases;
    for (const Ended& one : ended) {
        lanes.add(one.lease);
        releases.emplace_back(one.releases ? "t" : "f");
        for (const CardResult& result : one.results) {
            const Judgement& judgement = result.judgement;
            subscriptions.push_back(one.lease.subscription_id);
            leases.push_back(one.lease.lease_no);
            positions.push_back(result.position);
            outcomes.push_back(judgement.outcome);
            rule_ids.push_back(unless_zero<std::int64_t>(judgement.rule_id));
            statuses.push_back(unless_zero<std::int64_t>(result.http_status));
            retry_after.push_back(result.retry_after);
            took.push_back(result.took ? std::optional<std::int64_t>(result.took->count()) : std::nullopt);
            problems.push_back(judgement.problem.empty() ? std::nullopt : std::optional(judgement.problem));
        }
    }
    return {
        "select r.ended, b.busy, r.known from o365_programs.worker_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
        "$11, $12, "
        "$13, $14) "
        "as r left join lateral unnest(r.busy) as b(busy) on true",
        {worker_, array_literal(subscriptions), array_literal(leases), array_literal(positions),
         array_literal(outcomes), array_literal(rule_ids), array_literal(statuses), array_literal(retry_after),
         array_literal(took), array_literal(problems), array_literal(lanes.subscriptions), array_literal(lanes.numbers),
         array_literal(releases), array_literal(lanes.versions)}};
}

std::vector<std::vector<Card>> DatabaseOutbox::cards(const std::vector<Lease>& leases, int bytes) {
    const LeaseArrays lanes(leases);
    const Rows rows = database_.call("select * from o365_programs.worker_cards($1, $2, $3, $4, $5, $6)",
                                     {worker_, array_literal(lanes.subscriptions), array_literal(lanes.numbers),
                                      kCardsPerLane, kBytesPerLane, bytes});
    const int subscription_id = rows.column("subscription_id");
    const int lease_no = rows.column("lease_no");
    const CardColumns columns(rows);
    std::vector<std::vector<Card>> cards;
    for (int i = 0; i < rows.size(); ++i) {
        const auto is_of = [&](const Lease& lease) {
            return lease.subscription_id == rows.integer(i, subscription_id) &&
                   lease.lease_no == rows.integer(i, lease_no);
        };
        // The rows have the order of `leases`.
        if (cards.empty() || !is_of(leases[cards.size() - 1])) {
            if (cards.size() == leases.size() || !is_of(leases[cards.size()]))
                throw std::runtime_error("o365_programs.worker_cards answered with lanes that it was not asked for");
            cards.emplace_back();
        }
        if (std::optional<Card> card = columns.card(rows, i)) cards.back().push_back(std::move(*card));
    }
    return cards;
}

std::vector<Rechecked> DatabaseOutbox::recheck(const std::vector<Lease>& leases) {
    const LeaseArrays lanes(leases);
    const Rows rows = database_.call(
        "select subscription_id, may_send from o365_programs.worker_recheck($1, $2, $3)",
        {array_literal(lanes.subscriptions), array_literal(lanes.numbers), array_literal(lanes.versions)});
    const int subscription_id = rows.column("subscription_id");
    const int may_send = rows.column("may_send");
    std::vector<Rechecked> result;
    for (int i = 0; i < rows.size(); ++i)
        result.push_back({rows.integer(i, subscription_id), rows.boolean(i, may_send)});
    return result;
}

std::vector<SealedWebhook> DatabaseOutbox::secrets(const std::vector<std::int64_t>& subscription_ids) {
    const Rows rows =
        database_.call("select subscription_id, secret_version, key_id, sealed from o365_programs.worker_secrets($1)",
                       {array_literal(subscription_ids)});
    const int subscription_id = rows.column("subscription_id");
    const int secret_version = rows.column("secret_version");
    const int key_id = rows.column("key_id");
    const int sealed = rows.column("sealed");
    std::vector<SealedWebhook> result;
    for (int i = 0; i < rows.size(); ++i) {
        result.push_back({rows.integer(i, subscription_id),
                          static_cast<int>(rows.integer(i, secret_version)),
                          {std::string(rows.text(i, key_id)), rows.bytes(i, sealed)}});
    }
    return result;
}

void DatabaseOutbox::adopt(std::int64_t subscription_id, int secret_version, const SealedMessage& message) {
    database_.call("select o365_programs.worker_adopt($1, $2, $3, $4)",
                   {subscription_id, secret_version, message.key_id, Value::bytes(message.sealed)});
}

Backlog DatabaseOutbox::backlog() {
    const Json::Value outlook = database_json(database_.call("select o365_programs.worker_outlook()").text(0, 0));
    Backlog backlog;
    backlog.due = outlook["due"].asInt64();
    backlog.waiting = outlook["waiting"].asInt64();
    backlog.paused = outlook["paused"].asInt64();
    backlog.suspended = outlook["suspended"].asInt64();
    backlog.failing = outlook["failing"].asInt64();
    backlog.unfed = outlook["unfed"].asBool();
    backlog.next_at = outlook["next_at"].asString();
    return backlog;
}

void DatabaseOutbox::end_by(Clock::time_point when) noexcept {
    database_.end_by(Database::Clock::now() + (when - BootClock::now()));
}

}  // namespace o365
