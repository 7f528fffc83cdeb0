#include "lib/database/database.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "lib/base/c_free.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/base/system_error.h"
#include "lib/database/database_hosts.h"
#include "lib/database/libpq.h"
#include "lib/database/session_settings.h"
#include "lib/database/sqlstate.h"

namespace o365 {
namespace {

using Connection = std::unique_ptr<PGconn, CFree<PQfinish>>;

void ignore_notice(void* /*argument*/, const PGresult* /*result*/) noexcept {}

std::string one_line(std::string_view message) {
    std::string text;
    for (const char c : message) text += c == '\n' ? ' ' : c;
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

// The function a statement calls, for errors: "select o365.send($1)" -> "o365.send". Never a parameter.
std::string statement_name(std::string_view statement) {
    const auto begin = statement.find("o365.");
    if (begin == std::string_view::npos) return std::string(statement.substr(0, 40));
    const auto end = statement.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.", begin);
    return std::string(statement.substr(begin, end == std::string_view::npos ? end : end - begin));
}

// Parameters as libpq takes them; points into the values.
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

bool has_rows(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

using Clock = Database::Clock;
using std::chrono::milliseconds;

constexpr int kMostCancels = 4;

// Asks the server to end what runs in this session. libpq waits for the server to take that, which may be for ever, so
// it has a thread of its own; beyond kMostCancels of them the server is left to notice that the connection is closed.
void cancel_later(PGconn* connection) noexcept {
    static std::atomic<int> running{0};
    if (running.fetch_add(1) >= kMostCancels) {
        --running;
        return;
    }
    try {
        std::unique_ptr<PGcancel, CFree<PQfreeCancel>> cancel(PQgetCancel(connection));
        std::thread([cancel = std::move(cancel)] {
            std::array<char, 256> why{};
            if (cancel) PQcancel(cancel.get(), why.data(), why.size());
            --running;
        }).detach();
    } catch (const std::exception&) {
        --running;
    }
}

// The name of a prepared statement. Made from the text, so that sessions that a pooler mixes up against our will never
// run another statement under it.
std::string prepared_name(std::string_view statement) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : statement) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return fmt::format("o365_{:016x}", hash);
}

std::string name_of(const DatabaseHost& host, const std::string& address) {
    if (host.host.empty()) return address.empty() ? "the default host" : address;
    return address.empty() || address == host.host ? host.host : fmt::format("{} ({})", host.host, address);
}

std::string seconds_of(Clock::duration duration) {
    return fmt::format("{:.2g} s", std::chrono::duration<double>(duration).count());
}

// A statement and its parameters, where the caller has them.
struct Given {
    std::string_view text;
    const std::vector<Value>* parameters;
};

}  // namespace

struct Database::Impl {
    Impl(std::string string, std::string user, std::string name, Patience limits, Statements how)
        : conninfo(std::move(string)),
          role(std::move(user)),
          application_name(std::move(name)),
          patience(limits),
          statements(how),
          timeout(limits.call),
          wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (wake.get() < 0)
            throw std::runtime_error(fmt::format("could not make a descriptor: {}", system_error_text()));
    }

    std::string conninfo;
    std::string role;
    std::string application_name;
    Patience patience;
    Statements statements;
    milliseconds timeout;
    Connection connection;
    std::set<std::string, std::less<>> prepared;  // statements, on this connection
    DatabaseHosts hosts;                          // empty until the first connection
    std::size_t first = 0;                        // of them, the one to begin with
    std::size_t current = 0;                      // and the one that `connection` leads to
    Clock::time_point begun;                      // of the call that runs
    Clock::time_point until;                      // its deadline
    std::atomic<Clock::time_point> end_by = Clock::time_point::max();
    Fd wake;  // readable when end_by was set

    void begin();
    void connect();
    std::optional<std::string> try_host(std::size_t index, const char* session_kind, Clock::time_point share);
    std::optional<std::string> try_address(const DatabaseHost& host, const std::string& address,
                                           const char* session_kind, Clock::time_point share);
    std::optional<std::string> set_up(Clock::time_point share);
    void ensure_alive();

    bool wait(short events, Clock::time_point limit);
    Result next(std::string_view what);
    void flush(std::string_view what);
    void begin_with_next_host() { first = hosts.hosts.empty() ? 0 : (current + 1) % hosts.hosts.size(); }

    std::vector<Rows> run(std::span<const Given> all);
    std::vector<Rows> run_once(std::span<const Given> all);
    void send(const Given& given);
    void send_parse(std::string_view text);
    Result take(std::string_view what);
    void put(const std::string& row, std::string_view target);

    [[noreturn]] void fail(const PGresult* result, std::string_view what);
    [[noreturn]] void give_up(std::string_view what);
    [[noreturn]] void expire(std::string_view what);
    bool lost() const { return PQstatus(connection.get()) != CONNECTION_OK; }
    void drain();
};

// ---- Time -----------------------------------------------------------------------------------------------------------

// Waits for the socket. False when `limit` or end_by has passed.
bool Database::Impl::wait(short events, Clock::time_point limit) {
    while (true) {
        const Clock::time_point end = std::min(limit, end_by.load());
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) return false;
        std::array<pollfd, 2> both{{{.fd = PQsocket(connection.get()), .events = events, .revents = 0},
                                    {.fd = wake.get(), .events = POLLIN, .revents = 0}}};
        // Once an hour it looks again: poll takes an int.
        const int ready =
            poll(both.data(), both.size(), static_cast<int>(std::min(left, milliseconds(3600000)).count()));
        if (both[1].revents != 0) {
            eventfd_t count = 0;
            eventfd_read(wake.get(), &count);
        }
        if (ready > 0 && both[0].revents != 0) return true;
    }
}

void Database::Impl::begin() {
    begun = Clock::now();
    until = std::min(begun + timeout, end_by.load());
    ensure_alive();
}

// The deadline has passed. What the statement has done, and whether, only the server knows.
void Database::Impl::expire(std::string_view what) {
    cancel_later(connection.get());
    connection.reset();
    begin_with_next_host();
    throw DatabaseError(Fault::in_doubt, "",
                        fmt::format("{}: the database has not answered within {}; the connection was closed",
                                    statement_name(what), seconds_of(Clock::now() - begun)),
                        true);
}

// The next result, nullptr at the end of a statement. A server sends long answers 8 KiB at a time. Woken for each, this
// thread and the server's take turns, which costs both more than what they do; so once all that came is read, the next
// parts are left to gather.
Result Database::Impl::next(std::string_view what) {
    constexpr std::chrono::microseconds kGather{500};
    for (bool first_part = true; PQisBusy(connection.get()) != 0; first_part = false) {
        if (!first_part) {
            pollfd more{.fd = PQsocket(connection.get()), .events = POLLIN, .revents = 0};
            if (poll(&more, 1, 0) <= 0) std::this_thread::sleep_for(kGather);
        }
        if (!wait(POLLIN, until)) expire(what);
        if (PQconsumeInput(connection.get()) == 0) break;  // PQgetResult says why
    }
    return Result{PQgetResult(connection.get())};
}

void Database::Impl::flush(std::string_view what) {
    // What cannot be sent any more the next result tells. While the server does not read, it may write.
    while (PQflush(connection.get()) == 1) {
        if (!wait(POLLIN | POLLOUT, until)) expire(what);
        if (PQconsumeInput(connection.get()) == 0) return;
    }
}

// ---- Connecting -----------------------------------------------------------------------------------------------------

// Connects if there is no connection, or if the server has closed it while it was idle: then its last message or the
// end of the stream waits in the socket. What dies later than this look is in doubt; nothing is ever sent twice.
void Database::Impl::ensure_alive() {
    while (connection && !lost()) {
        pollfd readable{.fd = PQsocket(connection.get()), .events = POLLIN, .revents = 0};
        if (poll(&readable, 1, 0) <= 0) return;
        if (PQconsumeInput(connection.get()) == 0) break;
    }
    connect();
}

void Database::Impl::connect() {
    prepared.clear();
    connection.reset();
    if (hosts.hosts.empty()) hosts = database_hosts(conninfo);
    const std::size_t count = hosts.hosts.size();
    if (hosts.random_order) first = std::random_device{}() % count;
    // libpq's prefer-standby: a standby of any host, else whatever there is.
    const bool two_passes = hosts.prefers_standby && count > 1;
    const std::size_t tries = two_passes ? 2 * count : count;
    const Clock::time_point limit = std::min(until, Clock::now() + patience.connect);
    std::string problems;
    for (std::size_t n = 0; n < tries; ++n) {
        const auto share = (limit - Clock::now()) / static_cast<int>(tries - n);
        const char* const session_kind = !two_passes ? nullptr : n < count ? "standby" : "any";
        current = (first + n) % count;
        const auto problem = try_host(current, session_kind, Clock::now() + share);
        if (!problem) return;
        connection.reset();
        problems += (problems.empty() ? "" : "; ") + *problem;
    }
    const bool timed_out = Clock::now() >= limit || Clock::now() >= end_by.load();
    throw DatabaseError(Fault::down, "", fmt::format("could not connect to the database: {}", problems), timed_out);
}

// nullopt when there is a connection; else why there is none.
std::optional<std::string> Database::Impl::try_host(std::size_t index, const char* session_kind,
                                                    Clock::time_point share) {
    const DatabaseHost& host = hosts.hosts[index];
    std::vector<std::string> addresses{host.hostaddr};
    try {
        if (host.hostaddr.empty()) addresses = addresses_of(host.host, std::min(share, end_by.load()));
    } catch (const std::exception& error) {
        return error.what();
    }
    std::string problems;
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const auto part = (share - Clock::now()) / static_cast<int>(addresses.size() - n);
        const auto problem = try_address(host, addresses[n], session_kind, Clock::now() + part);
        if (!problem) return std::nullopt;
        problems += (problems.empty() ? "" : "; ") + *problem;
    }
    return problems;
}

std::optional<std::string> Database::Impl::try_address(const DatabaseHost& host, const std::string& address,
                                                       const char* session_kind, Clock::time_point share) {
    const Clock::time_point from = Clock::now();
    const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    // expand_dbname: the string in `dbname` comes first, what follows overrides it; a null value is as good as absent.
    // A server that fell silent is noticed within seconds, not after the kernel's quarter of an hour.
    const std::array<std::pair<const char*, const char*>, 14> parameters = {{
        {"dbname", conninfo.c_str()},
        {"user", or_null(role)},
        {"host", or_null(host.host)},
        {"hostaddr", or_null(address)},
        {"port", or_null(host.port)},
        {"target_session_attrs", session_kind},
        {"application_name", application_name.c_str()},
        {"client_encoding", "UTF8"},
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "15000"},
        {nullptr, nullptr},
    }};
    std::array<const char*, parameters.size()> keywords{};
    std::array<const char*, parameters.size()> values{};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        keywords.at(i) = parameters.at(i).first;
        values.at(i) = parameters.at(i).second;
    }
    connection.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!connection) throw std::bad_alloc();
    short events = POLLOUT;
    while (PQstatus(connection.get()) != CONNECTION_BAD) {
        if (!wait(events, share)) {
            return fmt::format("{}: no answer within {}", name_of(host, address), seconds_of(Clock::now() - from));
        }
        const PostgresPollingStatusType state = PQconnectPoll(connection.get());
        if (state == PGRES_POLLING_OK) break;
        events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    }
    if (lost()) return one_line(PQerrorMessage(connection.get()));
    PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
    PQsetnonblocking(connection.get(), 1);
    if (auto problem = set_up(share)) return fmt::format("{}: {}", name_of(host, address), *problem);
    return std::nullopt;
}

// Sets what a session of ours needs. nullopt when that is done.
std::optional<std::string> Database::Impl::set_up(Clock::time_point share) {
    if (statements == Statements::unprepared) return std::nullopt;
    PGconn* const session = connection.get();
    std::string problem;
    const std::string settings = session_settings(patience);
    if (PQsendQuery(session, settings.c_str()) != 1) return one_line(PQerrorMessage(session));
    while (true) {
        while (PQflush(session) == 1 || PQisBusy(session) != 0) {
            const auto events = static_cast<short>(PQflush(session) == 1 ? POLLIN | POLLOUT : POLLIN);
            if (!wait(events, share)) return "connected, but the session does not answer";
            if (PQconsumeInput(session) == 0) break;
        }
        const Result result{PQgetResult(session)};
        if (!result) break;
        if (!has_rows(result.get()) && problem.empty()) problem = one_line(PQresultErrorMessage(result.get()));
    }
    if (problem.empty() && lost()) problem = one_line(PQerrorMessage(session));
    if (problem.empty()) return std::nullopt;
    return "could not set up the session: " + problem;
}

// ---- Statements -----------------------------------------------------------------------------------------------------

// Reads what the server still has to say, so that the connection can be used again.
void Database::Impl::drain() {
    try {
        if (PQpipelineStatus(connection.get()) != PQ_PIPELINE_OFF) {
            // Nothing ends the answer to one statement; the last answer is that of the pipeline. Nothing twice: it does
            // not come.
            bool nothing = false;
            while (!lost()) {
                const Result rest = next("");
                if (PQresultStatus(rest.get()) == PGRES_PIPELINE_SYNC) break;
                if (!rest && nothing) return connection.reset();
                nothing = !rest;
            }
            if (lost() || PQexitPipelineMode(connection.get()) != 1) connection.reset();
            return;
        }
        // A COPY that has begun and was not ended would answer so for ever.
        while (const Result rest = next("")) {
            if (PQresultStatus(rest.get()) == PGRES_COPY_IN) return connection.reset();
        }
    } catch (const DatabaseError&) {
        // The deadline: the connection is closed, and what is being reported is the failure before.
    }
}

void Database::Impl::fail(const PGresult* result, std::string_view what) {
    const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const char* message = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    const char* hint = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : nullptr;
    const std::string sqlstate = state != nullptr ? state : "";
    // Of libpq's own text the first line: what may follow is context, with a function's whole statement.
    const std::string_view whole = message != nullptr ? message : PQerrorMessage(connection.get());
    std::string why = one_line(whole.substr(0, whole.find('\n')));
    if (hint != nullptr) why += ". " + one_line(hint);
    if (sqlstate == kReadOnly) why += ". The server is a standby, or writing is switched off there";
    const Fault fault = state != nullptr ? fault_of(sqlstate) : (lost() ? Fault::in_doubt : Fault::bug);
    // A session that may not write stays so; a new one may find the primary.
    if (sqlstate == kReadOnly) begin_with_next_host();
    if (lost() || sqlstate == kReadOnly || is_stale(sqlstate)) {
        connection.reset();
    } else {
        drain();
    }
    throw DatabaseError(
        fault, sqlstate,
        fmt::format("{}: {}{}", statement_name(what), why, sqlstate.empty() ? "" : " (" + sqlstate + ")"));
}

// What could not be sent: without a point of synchronization nothing would end the pipeline, so the connection goes.
void Database::Impl::give_up(std::string_view what) {
    const std::string why = one_line(PQerrorMessage(connection.get()));
    connection.reset();
    throw DatabaseError(Fault::in_doubt, "", fmt::format("{}: {}", statement_name(what), why));
}

void Database::Impl::send_parse(std::string_view text) {
    const std::string name = prepared_name(text);
    if (PQsendPrepare(connection.get(), name.c_str(), std::string(text).c_str(), 0, nullptr) != 1) give_up(text);
}

void Database::Impl::send(const Given& given) {
    const Parameters parameters(*given.parameters);
    const bool by_name = statements == Statements::prepared;
    const std::string text = by_name ? prepared_name(given.text) : std::string(given.text);
    const int sent =
        by_name ? PQsendQueryPrepared(connection.get(), text.c_str(), parameters.count, parameters.values.data(),
                                      parameters.lengths.data(), parameters.formats.data(), 0)
                : PQsendQueryParams(connection.get(), text.c_str(), parameters.count, nullptr, parameters.values.data(),
                                    parameters.lengths.data(), parameters.formats.data(), 0);
    if (sent != 1) give_up(given.text);
}

// The answer to the next step of a pipeline, and the nothing behind it.
Result Database::Impl::take(std::string_view what) {
    Result result = next(what);
    if (!has_rows(result.get())) fail(result.get(), what);
    const Result end = next(what);
    if (end) fail(end.get(), what);
    return result;
}

// Behind a pooler that pools transactions the call fails before it does anything; it and all others go unprepared.
std::vector<Rows> Database::Impl::run(std::span<const Given> all) {
    try {
        return run_once(all);
    } catch (const DatabaseError& error) {
        if (statements == Statements::unprepared || !is_pooled(error.sqlstate())) throw;
        statements = Statements::unprepared;
        log::warn("statements_unprepared",
                  "problem={} then=\"statements are no longer prepared\" next=\"a pooler that pools transactions keeps no "
                  "prepared statements: set prepared_statements = off in the configuration file, or let it pool "
                  "sessions\"",
                  log::quoted(error.what()));
    }
    return run_once(all);
}

// What stands between two points of synchronization is one transaction, without BEGIN and COMMIT, and one round trip.
std::vector<Rows> Database::Impl::run_once(std::span<const Given> all) {
    begin();
    PGconn* const session = connection.get();
    const std::string_view last = all.back().text;
    if (PQenterPipelineMode(session) != 1) fail(nullptr, last);
    std::vector<std::string> before;  // a pooler's transaction begins with these
    std::set<std::string_view> parsed;
    if (statements == Statements::unprepared) before = {std::string(kPlainTransaction), transaction_settings(patience)};
    const std::vector<Value> none;
    for (const std::string& text : before) send({text, &none});
    for (const Given& given : all) {
        const bool parse = statements == Statements::prepared && !prepared.contains(given.text);
        if (parse && parsed.insert(given.text).second) send_parse(given.text);
        send(given);
    }
    if (PQpipelineSync(session) != 1) give_up(last);
    flush(last);

    for (const std::string& text : before) take(text);
    std::vector<Rows> answers;
    for (const Given& given : all) {
        if (parsed.contains(given.text) && !prepared.contains(given.text)) {
            take(given.text);
            prepared.emplace(given.text);
        }
        answers.emplace_back(std::make_unique<Rows::Impl>(Rows::Impl{take(given.text)}));
    }
    // Here the server has committed: what fails only then, or a connection that ends now, fails all.
    const Result committed = next(last);
    if (PQresultStatus(committed.get()) != PGRES_PIPELINE_SYNC) fail(committed.get(), last);
    if (PQexitPipelineMode(session) != 1) fail(nullptr, last);
    return answers;
}

// Sends the rows of a COPY and its end.
void Database::Impl::put(const std::string& row, std::string_view target) {
    PGconn* const session = connection.get();
    const auto until_taken = [&](auto&& attempt) {
        int taken = 0;
        while ((taken = attempt()) == 0) {
            if (!wait(POLLIN | POLLOUT, until)) expire(target);
            if (PQconsumeInput(session) == 0) return false;
        }
        return taken == 1;
    };
    if (!until_taken([&] { return PQputCopyData(session, row.data(), static_cast<int>(row.size())); }) ||
        !until_taken([&] { return PQputCopyEnd(session, nullptr); }))
        fail(nullptr, target);
    flush(target);
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

void Database::end_by(Clock::time_point when) noexcept {
    impl_->end_by = when;
    eventfd_write(impl_->wake.get(), 1);
}

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
                         std::string_view then_select) {
    impl_->begin();
    PGconn* const session = impl_->connection.get();
    std::string query;
    int before = 0;  // statements with answers of their own
    if (impl_->statements == Statements::unprepared) {
        query = fmt::format("{}; {}; ", kPlainTransaction, transaction_settings(impl_->patience));
        before = 2;
    }
    query += fmt::format("COPY {} FROM STDIN (FORMAT binary); {}", copy_target, then_select);
    if (PQsendQuery(session, query.c_str()) != 1) impl_->fail(nullptr, copy_target);
    impl_->flush(copy_target);
    for (int i = 0; i < before; ++i) {
        const Result set = impl_->next(copy_target);
        if (!has_rows(set.get())) impl_->fail(set.get(), copy_target);
    }
    Result answer = impl_->next(copy_target);
    if (PQresultStatus(answer.get()) != PGRES_COPY_IN) impl_->fail(answer.get(), copy_target);
    struct Row {
        std::string bytes;
        ~Row() { wipe(bytes); }
    } row{copy_binary(rows)};
    impl_->put(row.bytes, copy_target);
    answer = impl_->next(copy_target);
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) impl_->fail(answer.get(), copy_target);
    answer = impl_->next(then_select);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) impl_->fail(answer.get(), then_select);
    // The transaction commits with the last statement of the string, and may fail only then.
    const Result end = impl_->next(then_select);
    if (end) impl_->fail(end.get(), then_select);
    if (PQtransactionStatus(session) != PQTRANS_IDLE) impl_->fail(nullptr, copy_target);
    return Rows(std::make_unique<Rows::Impl>(Rows::Impl{std::move(answer)}));
}

void Database::close() noexcept {
    impl_->connection.reset();
    impl_->prepared.clear();
}

bool Database::connected() const noexcept {
    return impl_->connection && PQstatus(impl_->connection.get()) == CONNECTION_OK;
}

}  // namespace o365
