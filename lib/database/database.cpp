#include "lib/database/database.h"

#include <fmt/format.h>
#include <poll.h>

#include <set>
#include <span>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/database/libpq.h"
#include "lib/database/session.h"
#include "lib/database/session_settings.h"
#include "lib/database/sqlstate.h"

namespace o365 {
namespace {

// Parameters in the form that libpq takes. They point into `from`, which has to outlive them.
struct Parameters {
    explicit Parameters(const std::vector<Value>& from) : count(static_cast<int>(from.size())) {
        for (const Value& value : from) {
            values.push_back(value.data ? value.data->c_str() : nullptr);
            lengths.push_back(value.data ? static_cast<int>(value.data->size()) : 0);
            formats.push_back(value.binary ? 1 : 0);
        }
    }
    int count;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

using std::chrono::milliseconds;

// The name of a prepared statement. It is made from the text: where a pooler mixes sessions up, a name never stands for
// another statement.
std::string prepared_name(std::string_view statement) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : statement) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return fmt::format("o365_{:016x}", hash);
}

// A statement and its parameters; both belong to the caller.
struct Given {
    std::string_view text;
    const std::vector<Value>* parameters;
};

}  // namespace

struct Database::Impl {
    Impl(std::string conninfo, std::string role, std::string name, Patience limits, Statements how)
        : session({std::move(conninfo), std::move(role), std::move(name),
                   how == Statements::prepared ? session_settings(limits) : std::string(), limits.connect}),
          patience(limits),
          statements(how),
          timeout(limits.call) {}

    Session session;
    Patience patience;
    Statements statements;
    milliseconds timeout;
    std::set<std::string, std::less<>> prepared;  // statements, on this connection

    PGconn* connection() const noexcept { return session.connection(); }
    void begin();
    std::vector<Rows> run(std::span<const Given> all);
    std::vector<Rows> run_once(std::span<const Given> all);
    void send(const Given& given);
    void send_parse(std::string_view text);
    Result take(std::string_view what);
    void put(const std::string& row, std::string_view target);

    [[noreturn]] void fail(const PGresult* result, std::string_view what);
    [[noreturn]] void give_up(std::string_view what);
    void drain();
};

// Begins a call: connects if there is no connection.
void Database::Impl::begin() {
    if (session.begin(timeout)) prepared.clear();
}

// Reads the rest of the server's answer, so that the connection can be used again.
void Database::Impl::drain() {
    try {
        if (PQpipelineStatus(connection()) != PQ_PIPELINE_OFF) {
            // A null result ends the answer to one statement, PGRES_PIPELINE_SYNC the whole pipeline. Two null results
            // in a row say that there is no PGRES_PIPELINE_SYNC to come.
            bool was_null = false;
            while (!session.lost()) {
                const Result rest = session.next("");
                if (PQresultStatus(rest.get()) == PGRES_PIPELINE_SYNC) break;
                if (!rest && was_null) return session.close();
                was_null = !rest;
            }
            if (session.lost() || PQexitPipelineMode(connection()) != 1) session.close();
            return;
        }
        // A COPY that was begun and not ended would give this result for ever.
        while (const Result rest = session.next("")) {
            if (PQresultStatus(rest.get()) == PGRES_COPY_IN) return session.close();
        }
    } catch (const DatabaseError&) {
        // The deadline passed and the connection is closed. The caller reports the failure before that.
    }
}

void Database::Impl::fail(const PGresult* result, std::string_view what) {
    const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const char* message = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    const char* hint = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : nullptr;
    const std::string sqlstate = state != nullptr ? state : "";
    // Only the first line of libpq's text: the context that may follow quotes a function's whole statement.
    const std::string_view whole = message != nullptr ? message : PQerrorMessage(connection());
    std::string why = one_line(whole.substr(0, whole.find('\n')));
    if (hint != nullptr) why += ". " + one_line(hint);
    if (sqlstate == kReadOnly) why += ". The server is a standby, or writing is switched off there";
    const Fault fault = state != nullptr ? fault_of(sqlstate) : (session.lost() ? Fault::in_doubt : Fault::bug);
    // A session that cannot write stays that way; a new one may find the primary.
    if (sqlstate == kReadOnly) session.begin_with_next_host();
    if (session.lost() || sqlstate == kReadOnly || is_stale(sqlstate)) {
        session.close();
    } else {
        drain();
    }
    throw DatabaseError(
        fault, sqlstate,
        fmt::format("{}: {}{}", statement_name(what), why, sqlstate.empty() ? "" : " (" + sqlstate + ")"));
}

// For a statement that could not be sent. Without PQpipelineSync() the pipeline has no end, so the connection is
// closed.
void Database::Impl::give_up(std::string_view what) {
    const std::string why = one_line(PQerrorMessage(connection()));
    session.close();
    throw DatabaseError(Fault::in_doubt, "", fmt::format("{}: {}", statement_name(what), why));
}

void Database::Impl::send_parse(std::string_view text) {
    const std::string name = prepared_name(text);
    if (PQsendPrepare(connection(), name.c_str(), std::string(text).c_str(), 0, nullptr) != 1) give_up(text);
}

void Database::Impl::send(const Given& given) {
    const Parameters parameters(*given.parameters);
    const bool by_name = statements == Statements::prepared;
    const std::string text = by_name ? prepared_name(given.text) : std::string(given.text);
    const int sent =
        by_name ? PQsendQueryPrepared(connection(), text.c_str(), parameters.count, parameters.values.data(),
                                      parameters.lengths.data(), parameters.formats.data(), 0)
                : PQsendQueryParams(connection(), text.c_str(), parameters.count, nullptr, parameters.values.data(),
                                    parameters.lengths.data(), parameters.formats.data(), 0);
    if (sent != 1) give_up(given.text);
}

// The answer to the next step of a pipeline, with the null result that ends it.
Result Database::Impl::take(std::string_view what) {
    Result result = session.next(what);
    if (!has_rows(result.get())) fail(result.get(), what);
    const Result end = session.next(what);
    if (end) fail(end.get(), what);
    return result;
}

// Behind a pooler that pools transactions a prepared statement fails before it does anything. The call is then made
// again without prepared statements, and so are all later ones.
std::vector<Rows> Database::Impl::run(std::span<const Given> all) {
    try {
        return run_once(all);
    } catch (const DatabaseError& error) {
        if (statements == Statements::unprepared || !is_pooled(error.sqlstate())) throw;
        statements = Statements::unprepared;
        log::warn(
            "statements_unprepared",
            "problem={} then=\"statements are no longer prepared\" next=\"a pooler that pools transactions keeps no "
            "prepared statements: set prepared_statements = off in the configuration file, or let it pool "
            "sessions\"",
            log::quoted(error.what()));
    }
    return run_once(all);
}

// All statements up to PQpipelineSync() are one transaction, without BEGIN and COMMIT, and one round trip.
std::vector<Rows> Database::Impl::run_once(std::span<const Given> all) {
    begin();
    const std::string_view last = all.back().text;
    if (PQenterPipelineMode(connection()) != 1) fail(nullptr, last);
    std::vector<std::string> before;  // a pooler's transaction begins with these
    std::set<std::string_view> parsed;
    if (statements == Statements::unprepared) before = {std::string(kPlainTransaction), transaction_settings(patience)};
    const std::vector<Value> no_parameters;
    for (const std::string& text : before) send({text, &no_parameters});
    for (const Given& given : all) {
        const bool parse = statements == Statements::prepared && !prepared.contains(given.text);
        if (parse && parsed.insert(given.text).second) send_parse(given.text);
        send(given);
    }
    if (PQpipelineSync(connection()) != 1) give_up(last);
    session.flush(last);

    for (const std::string& text : before) take(text);
    std::vector<Rows> answers;
    for (const Given& given : all) {
        if (parsed.contains(given.text) && !prepared.contains(given.text)) {
            take(given.text);
            prepared.emplace(given.text);
        }
        answers.emplace_back(std::make_unique<Rows::Impl>(Rows::Impl{take(given.text)}));
    }
    // PGRES_PIPELINE_SYNC says that the server has committed. An error at the commit, or a connection that ends before
    // it, fails the whole call.
    const Result committed = session.next(last);
    if (PQresultStatus(committed.get()) != PGRES_PIPELINE_SYNC) fail(committed.get(), last);
    if (PQexitPipelineMode(connection()) != 1) fail(nullptr, last);
    return answers;
}

// Sends the rows of a COPY, in the form of copy_binary(), and its end.
void Database::Impl::put(const std::string& row, std::string_view target) {
    const auto until_taken = [&](auto&& attempt) {
        int taken = 0;
        while ((taken = attempt()) == 0) {
            session.wait(POLLIN | POLLOUT, target);
            if (PQconsumeInput(connection()) == 0) return false;
        }
        return taken == 1;
    };
    if (!until_taken([&] { return PQputCopyData(connection(), row.data(), static_cast<int>(row.size())); }) ||
        !until_taken([&] { return PQputCopyEnd(connection(), nullptr); }))
        fail(nullptr, target);
    session.flush(target);
}

Database::Database(std::string conninfo, std::string role, std::string application_name, Patience patience,
                   Statements statements)
    : impl_(std::make_unique<Impl>(std::move(conninfo), std::move(role), std::move(application_name), patience,
                                   statements)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

void Database::set_timeout(milliseconds timeout) noexcept { impl_->timeout = timeout; }

milliseconds Database::timeout() const noexcept { return impl_->timeout; }

void Database::end_by(Clock::time_point when) noexcept { impl_->session.end_by(when); }

Rows Database::call(std::string_view statement, const std::vector<Value>& parameters) {
    const Given given{statement, &parameters};
    return std::move(impl_->run({&given, 1}).front());
}

std::vector<Rows> Database::call_together(const std::vector<Statement>& statements) {
    std::vector<Given> all;
    all.reserve(statements.size());
    for (const Statement& statement : statements) all.push_back({statement.text, &statement.parameters});
    return impl_->run(all);
}

Rows Database::copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select) {
    return copy_rows(copy_target, {&fields, 1}, then_select);
}

Rows Database::copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows,
                         std::string_view then_select, std::optional<std::chrono::milliseconds> lock_timeout,
                         CopyForm form) {
    struct Row {
        std::string bytes;
        ~Row() { wipe(bytes); }
    } row{form == CopyForm::arrays ? copy_binary_arrays(rows) : copy_binary(rows)};
    impl_->begin();
    std::string query;
    int before = 0;  // statements with answers of their own
    if (impl_->statements == Statements::unprepared) {
        query = fmt::format("{}; {}; ", kPlainTransaction, transaction_settings(impl_->patience));
        before = 2;
    }
    if (lock_timeout) {
        query += fmt::format("SELECT pg_catalog.set_config('lock_timeout', '{}', true); ", lock_timeout->count());
        ++before;
    }
    query += fmt::format("COPY {} FROM STDIN (FORMAT binary); {}", copy_target, then_select);
    if (PQsendQuery(impl_->connection(), query.c_str()) != 1) impl_->fail(nullptr, copy_target);
    impl_->session.flush(copy_target);
    for (int i = 0; i < before; ++i) {
        const Result set = impl_->session.next(copy_target);
        if (!has_rows(set.get())) impl_->fail(set.get(), copy_target);
    }
    Result answer = impl_->session.next(copy_target);
    if (PQresultStatus(answer.get()) != PGRES_COPY_IN) impl_->fail(answer.get(), copy_target);
    impl_->put(row.bytes, copy_target);
    answer = impl_->session.next(copy_target);
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) impl_->fail(answer.get(), copy_target);
    answer = impl_->session.next(then_select);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) impl_->fail(answer.get(), then_select);
    // The transaction commits with the last statement of the string, and may fail only then.
    const Result end = impl_->session.next(then_select);
    if (end) impl_->fail(end.get(), then_select);
    if (PQtransactionStatus(impl_->connection()) != PQTRANS_IDLE) impl_->fail(nullptr, copy_target);
    return Rows(std::make_unique<Rows::Impl>(Rows::Impl{std::move(answer)}));
}

void Database::close() noexcept {
    impl_->session.close();
    impl_->prepared.clear();
}

bool Database::connected() const noexcept { return !impl_->session.lost(); }

}  // namespace o365
