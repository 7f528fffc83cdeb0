#include "lib/database.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "lib/c_free.h"
#include "lib/secret.h"

namespace o365 {
namespace {

using Connection = std::unique_ptr<PGconn, CFree<PQfinish>>;
using Result = std::unique_ptr<PGresult, CFree<PQclear>>;

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

constexpr std::string_view kReadOnly = "25006";

Fault fault_of(std::string_view sqlstate) {
    if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate.starts_with("55")) return Fault::retry;
    // Out of resources, cancelled, or a server that is a standby for the moment.
    if (sqlstate.starts_with("53") || sqlstate == "57014" || sqlstate == kReadOnly) return Fault::retry;
    if (sqlstate.starts_with("57P") || sqlstate.starts_with("08")) return Fault::in_doubt;
    if (sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("P0") || sqlstate == "42501") {
        return Fault::refused;
    }
    return Fault::bug;
}

template <class T, class Format>
std::string literal(const std::vector<T>& values, Format format) {
    std::string text = "{";
    for (const T& value : values) {
        if (text.size() > 1) text += ',';
        format(text, value);
    }
    return text + '}';
}

void append_quoted(std::string& text, std::string_view value) {
    text += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    text += '"';
}

void append_be(std::string& bytes, std::uint32_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 255U);
}

// One row in the format of COPY BINARY: signature, flags, header extension, field count, fields, trailer (PostgreSQL
// manual, COPY).
std::string copy_binary(const std::vector<Value>& fields) {
    std::string bytes("PGCOPY\n\377\r\n\0", 11);
    append_be(bytes, 0, 4);
    append_be(bytes, 0, 4);
    append_be(bytes, static_cast<std::uint32_t>(fields.size()), 2);
    for (const Value& field : fields) {
        if (!field.data) {
            append_be(bytes, 0xFFFFFFFFU, 4);
            continue;
        }
        append_be(bytes, static_cast<std::uint32_t>(field.data->size()), 4);
        bytes += *field.data;
    }
    append_be(bytes, 0xFFFFU, 2);
    return bytes;
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

}  // namespace

Value::Value(std::int64_t number) : data(std::to_string(number)) {}

Value Value::bytes(std::string_view bytes) {
    Value value(bytes);
    value.binary = true;
    return value;
}

std::string array_literal(const std::vector<std::int64_t>& values) {
    return literal(values, [](std::string& text, std::int64_t value) { text += std::to_string(value); });
}
std::string array_literal(const std::vector<std::string>& values) {
    return literal(values, [](std::string& text, const std::string& value) { append_quoted(text, value); });
}
std::string array_literal(const std::vector<std::optional<std::int64_t>>& values) {
    return literal(values, [](std::string& text, const std::optional<std::int64_t>& value) {
        text += value ? std::to_string(*value) : "NULL";
    });
}
std::string array_literal(const std::vector<std::optional<std::string>>& values) {
    return literal(values, [](std::string& text, const std::optional<std::string>& value) {
        if (value) {
            append_quoted(text, *value);
        } else {
            text += "NULL";
        }
    });
}

struct Rows::Impl {
    Result result;
};

Rows::Rows() = default;
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;
Rows::Rows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

int Rows::size() const noexcept { return impl_ ? PQntuples(impl_->result.get()) : 0; }

bool Rows::is_null(int row, int column) const {
    if (row < 0 || row >= size() || column < 0 || column >= PQnfields(impl_->result.get())) {
        throw std::out_of_range(fmt::format("the answer has no row {} or no column {}", row, column));
    }
    return PQgetisnull(impl_->result.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
    if (is_null(row, column)) return {};
    return {PQgetvalue(impl_->result.get(), row, column),
            static_cast<std::size_t>(PQgetlength(impl_->result.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
    const std::string_view value = text(row, column);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size())
        throw std::invalid_argument("the answer's column is no whole number");
    return number;
}

std::string Rows::bytes(int row, int column) const {
    const std::string_view value = text(row, column);
    if (!value.starts_with("\\x") || value.size() % 2 != 0)
        throw std::invalid_argument("the answer's column is no bytea");
    std::string decoded;
    decoded.reserve(value.size() / 2);
    for (std::size_t i = 2; i < value.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(value.data() + i, value.data() + i + 2, byte, 16);
        decoded += static_cast<char>(byte);
    }
    return decoded;
}

struct Database::Impl {
    std::string conninfo;
    std::string role;
    std::string application_name;
    Patience patience;
    Connection connection;
    std::map<std::string, std::string, std::less<>> prepared;  // statement -> its name on this connection

    void connect();
    void ensure_alive();
    [[noreturn]] void fail(const PGresult* result, std::string_view what);
    const std::string& prepare(std::string_view statement);
    bool lost() const { return PQstatus(connection.get()) != CONNECTION_OK; }
    void wait_for_answer();
    // Without a point of synchronization nothing would end the pipeline: the connection goes.
    [[noreturn]] void give_up(std::string_view what);
    void drain();
};

// Reads what the server still has to say, so that the connection can be used again.
void Database::Impl::drain() {
    if (PQpipelineStatus(connection.get()) != PQ_PIPELINE_OFF) {
        // No answer ends that of a statement; the last one is that of the pipeline.
        while (!lost()) {
            const Result rest{PQgetResult(connection.get())};
            if (PQresultStatus(rest.get()) == PGRES_PIPELINE_SYNC) break;
        }
        if (lost() || PQexitPipelineMode(connection.get()) != 1) connection.reset();
        return;
    }
    // A COPY that has begun and was not ended would answer so for ever.
    while (Result rest{PQgetResult(connection.get())}) {
        if (PQresultStatus(rest.get()) == PGRES_COPY_IN) return connection.reset();
    }
}

void Database::Impl::connect() {
    prepared.clear();
    connection.reset();
    // A server that fell silent is noticed within seconds, not after the kernel's quarter of an hour.
    const std::array<std::pair<const char*, const char*>, 10> parameters = {{
        {"dbname", conninfo.c_str()},
        {"user", role.empty() ? nullptr : role.c_str()},
        {"application_name", application_name.c_str()},
        {"connect_timeout", "5"},
        {"client_encoding", "UTF8"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "15000"},
        {nullptr, nullptr},
    }};
    std::array<const char*, 10> keywords{};
    std::array<const char*, 10> values{};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        keywords.at(i) = parameters.at(i).first;
        values.at(i) = parameters.at(i).second;
    }
    // expand_dbname: the string in `dbname` comes first, what follows overrides it; a null value is as good as absent.
    connection.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
    if (!connection) throw std::bad_alloc();
    if (lost()) {
        const std::string why = one_line(PQerrorMessage(connection.get()));
        connection.reset();
        throw DatabaseError(Fault::down, "", fmt::format("could not connect to the database: {}", why));
    }
    PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
    if (patience.lock_ms == 0 && patience.statement_ms == 0) return;
    // Not as `options` of the connection, of which the operator's string may have some. What is set for the role stays.
    const std::string limits = fmt::format(
        "SELECT set_config(s.name, s.ms, false) FROM (VALUES ('lock_timeout', '{}'), ('statement_timeout', '{}')) "
        "AS s (name, ms) WHERE current_setting(s.name) = '0'",
        patience.lock_ms, patience.statement_ms);
    const Result result{PQexec(connection.get(), limits.c_str())};
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) return;
    const std::string why = one_line(PQerrorMessage(connection.get()));
    connection.reset();
    throw DatabaseError(Fault::down, "", fmt::format("could not set the time limits of a connection: {}", why));
}

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

void Database::Impl::fail(const PGresult* result, std::string_view what) {
    const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const char* message = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    const char* hint = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : nullptr;
    const std::string sqlstate = state != nullptr ? state : "";
    // Of libpq's own text the first line: what may follow is context, with a function's whole statement.
    const std::string_view whole = message != nullptr ? message : PQerrorMessage(connection.get());
    std::string why = one_line(whole.substr(0, whole.find('\n')));
    if (hint != nullptr) why += ". " + one_line(hint);
    const Fault fault = state != nullptr ? fault_of(sqlstate) : (lost() ? Fault::in_doubt : Fault::bug);
    // A session that may not write stays so; a new one may find the primary.
    if (lost() || sqlstate == kReadOnly) {
        connection.reset();
    } else {
        drain();
    }
    throw DatabaseError(
        fault, sqlstate,
        fmt::format("{}: {}{}", statement_name(what), why, sqlstate.empty() ? "" : " (" + sqlstate + ")"));
}

// A server sends long answers 8 KiB at a time. Woken for each, this thread and the server's take turns, which costs
// both more than what they do; so once all that came is read, the next parts are left to gather.
void Database::Impl::wait_for_answer() {
    constexpr std::chrono::microseconds kGather{500};
    const auto readable = [this](int timeout_ms) {
        pollfd socket{.fd = PQsocket(connection.get()), .events = POLLIN, .revents = 0};
        return poll(&socket, 1, timeout_ms) > 0;
    };
    for (bool first = true; PQisBusy(connection.get()) != 0; first = false) {
        if (!first && !readable(0)) std::this_thread::sleep_for(kGather);
        readable(-1);
        if (PQconsumeInput(connection.get()) == 0) return;  // PQgetResult says why
    }
}

void Database::Impl::give_up(std::string_view what) {
    const std::string why = one_line(PQerrorMessage(connection.get()));
    connection.reset();
    throw DatabaseError(Fault::in_doubt, "", fmt::format("{}: {}", statement_name(what), why));
}

const std::string& Database::Impl::prepare(std::string_view statement) {
    if (const auto found = prepared.find(statement); found != prepared.end()) return found->second;
    const std::string name = fmt::format("s{}", prepared.size());
    const std::string text(statement);
    const Result result{PQprepare(connection.get(), name.c_str(), text.c_str(), 0, nullptr)};
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(result.get(), statement);
    return prepared.emplace(text, name).first->second;
}

Database::Database(std::string conninfo, std::string role, std::string application_name, Patience patience)
    : impl_(std::make_unique<Impl>(
          Impl{std::move(conninfo), std::move(role), std::move(application_name), patience, {}, {}})) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Rows Database::call(std::string_view statement, const std::vector<Value>& parameters) {
    impl_->ensure_alive();
    const std::string name = impl_->prepare(statement);
    const Parameters given(parameters);
    Result result{PQexecPrepared(impl_->connection.get(), name.c_str(), given.count, given.values.data(),
                                 given.lengths.data(), given.formats.data(), 0)};
    if (!has_rows(result.get())) impl_->fail(result.get(), statement);
    return Rows(std::make_unique<Rows::Impl>(Rows::Impl{std::move(result)}));
}

std::vector<Rows> Database::call_together(const std::vector<Statement>& statements) {
    impl_->ensure_alive();
    std::vector<std::string> names;
    names.reserve(statements.size());
    for (const Statement& statement : statements) names.push_back(impl_->prepare(statement.text));
    PGconn* const connection = impl_->connection.get();
    // What stands between two points of synchronization is one transaction, without BEGIN and COMMIT.
    if (PQenterPipelineMode(connection) != 1) impl_->fail(nullptr, statements.front().text);
    for (std::size_t i = 0; i < statements.size(); ++i) {
        const Parameters given(statements[i].parameters);
        if (PQsendQueryPrepared(connection, names[i].c_str(), given.count, given.values.data(), given.lengths.data(),
                                given.formats.data(), 0) != 1)
            impl_->give_up(statements[i].text);
    }
    if (PQpipelineSync(connection) != 1) impl_->give_up(statements.back().text);
    std::vector<Rows> answers;
    for (const Statement& statement : statements) {
        impl_->wait_for_answer();
        Result result{PQgetResult(connection)};
        if (!has_rows(result.get())) impl_->fail(result.get(), statement.text);
        answers.emplace_back(std::make_unique<Rows::Impl>(Rows::Impl{std::move(result)}));
        const Result end{PQgetResult(connection)};
        if (end) impl_->fail(end.get(), statement.text);
    }
    // Here the server has committed: what fails only then, or a connection that ends now, fails all.
    const Result committed{PQgetResult(connection)};
    if (PQresultStatus(committed.get()) != PGRES_PIPELINE_SYNC) impl_->fail(committed.get(), statements.back().text);
    if (PQexitPipelineMode(connection) != 1) impl_->fail(nullptr, statements.back().text);
    return answers;
}

Rows Database::copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select) {
    impl_->ensure_alive();
    PGconn* const connection = impl_->connection.get();
    const std::string query = fmt::format("COPY {} FROM STDIN (FORMAT binary); {}", copy_target, then_select);
    if (PQsendQuery(connection, query.c_str()) != 1) impl_->fail(nullptr, copy_target);
    Result answer{PQgetResult(connection)};
    if (PQresultStatus(answer.get()) != PGRES_COPY_IN) impl_->fail(answer.get(), copy_target);
    std::string row = copy_binary(fields);
    const bool sent = PQputCopyData(connection, row.data(), static_cast<int>(row.size())) == 1 &&
                      PQputCopyEnd(connection, nullptr) == 1;
    wipe(row);
    if (!sent) impl_->fail(nullptr, copy_target);
    answer.reset(PQgetResult(connection));
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) impl_->fail(answer.get(), copy_target);
    answer.reset(PQgetResult(connection));
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) impl_->fail(answer.get(), then_select);
    impl_->drain();
    // The transaction commits with the last statement of the string: only an idle connection says that it did.
    if (PQtransactionStatus(connection) != PQTRANS_IDLE) impl_->fail(nullptr, copy_target);
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
