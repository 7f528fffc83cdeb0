// PostgreSQL (libpq). A Database is one connection and belongs to one thread; it connects at its first statement and
// comes back by itself after the server restarted. Values travel as text or bytea parameters; secrets never do: they go
// through copy_row (design: secrets).
//
// Every call has a deadline, connecting included. When it passes, the connection is closed and the server is asked to
// cancel the statement; the call does not wait for that. What a session depends on (bytea_output, search_path and so
// on) is set when connecting, so that settings of the database or the role cannot change it: docs/operator.md,
// "Database sessions".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// What the caller should do about a failure.
enum class Fault {
    refused,   // the database's functions refused the input: SQLSTATE says why, a retry will not help
    retry,     // a conflict, or the database cannot just now (SQLSTATE 40, 53, 55, 57014, 25006): nothing happened
    in_doubt,  // the connection died, or the deadline passed, while the statement ran: it may have been committed
    down,      // no connection could be made
    bug        // anything else
};

class DatabaseError : public std::runtime_error {
  public:
    DatabaseError(Fault fault, std::string sqlstate, const std::string& what, bool timed_out = false)
        : std::runtime_error(what), fault_(fault), sqlstate_(std::move(sqlstate)), timed_out_(timed_out) {}
    Fault fault() const noexcept { return fault_; }
    const std::string& sqlstate() const noexcept { return sqlstate_; }  // five characters, or empty when libpq had none
    // The server did not answer by the deadline of the call: Fault::in_doubt, or down while connecting.
    bool timed_out() const noexcept { return timed_out_; }

  private:
    Fault fault_;
    std::string sqlstate_;
    bool timed_out_;
};

// One parameter of a statement: NULL, text, or bytes (sent in binary form as bytea).
struct Value {
    Value() = default;                                         // NULL
    Value(std::string_view text) : data(std::string(text)) {}  // NOLINT(google-explicit-constructor)
    Value(const char* text) : data(std::string(text)) {}       // NOLINT(google-explicit-constructor)
    Value(std::string text) : data(std::move(text)) {}         // NOLINT(google-explicit-constructor)
    Value(std::int64_t number);                                // NOLINT(google-explicit-constructor)
    Value(int number) : Value(std::int64_t{number}) {}         // NOLINT(google-explicit-constructor)
    static Value bytes(std::string_view bytes);
    // NULL for "".
    static Value or_null(std::string_view text) { return text.empty() ? Value() : Value(text); }

    std::optional<std::string> data;
    bool binary = false;
};

// A statement and its parameters.
struct Statement {
    std::string_view text;
    std::vector<Value> parameters;
};

// Rows of an answer, in text form. Indexes out of range are a bug and throw std::out_of_range.
class Rows {
  public:
    Rows();
    Rows(Rows&&) noexcept;
    Rows& operator=(Rows&&) noexcept;
    ~Rows();

    int size() const noexcept;
    // The number of the column of that name, for the calls below. Throws std::out_of_range naming it when the answer
    // has none; an answer of no statement has none at all.
    int column(const char* name) const;
    bool is_null(int row, int column) const;
    std::string_view text(int row, int column) const;  // valid while Rows lives; empty for NULL
    std::int64_t integer(int row, int column) const;   // throws std::invalid_argument when it is none
    std::string bytes(int row, int column) const;      // a bytea in its \x form, decoded
    bool boolean(int row, int column) const { return text(row, column) == "t"; }

    struct Impl;
    explicit Rows(std::unique_ptr<Impl> impl);

  private:
    std::unique_ptr<Impl> impl_;
};

// The array literal for a parameter of type bigint[], int[] or text[]. nullopt elements become NULL.
std::string array_literal(const std::vector<std::int64_t>& values);
std::string array_literal(const std::vector<std::string>& values);
std::string array_literal(const std::vector<std::optional<std::int64_t>>& values);
std::string array_literal(const std::vector<std::optional<std::string>>& values);

// The limits of a session. Those of the server end a statement as Fault::retry (SQLSTATE 55P03, 57014), and nothing
// happened; 0 means none. Where the operator has set such a limit for the role or the database, that one counts. Those
// of this side hold whatever the server does.
struct Patience {
    int lock_ms = 0;                          // lock_timeout
    int statement_ms = 0;                     // statement_timeout
    int transaction_ms = 0;                   // transaction_timeout, where the server has it (PostgreSQL 17)
    std::chrono::milliseconds connect{5000};  // for a connection, through all hosts of the connection string
    std::chrono::milliseconds call{60000};    // for a call as a whole, connecting included
};

// How statements are sent. `unprepared` is for a connection pooler that pools transactions and cannot keep prepared
// statements, such as PgBouncer before 1.21: each call is then one transaction that brings its session settings along.
// A Database that prepares and finds itself behind such a pooler logs statements_unprepared and prepares no more.
enum class Statements { prepared, unprepared };
constexpr Statements statements_when(bool prepared) noexcept {
    return prepared ? Statements::prepared : Statements::unprepared;
}

class Database {
  public:
    using Clock = std::chrono::steady_clock;

    // `conninfo` is a libpq string or URI, several hosts and target_session_attrs included; `role` is the user,
    // overriding the string's, unless empty; `application_name` shows in pg_stat_activity. Does not connect yet.
    // Connecting tries the hosts in their order, each with its share of the time. A host that refuses the session or
    // does not answer is left for the next one; after a session that stopped answering, or that may not write, the next
    // connection begins with the host behind it.
    Database(std::string conninfo, std::string role, std::string application_name, Patience patience = {},
             Statements statements = Statements::prepared);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    // How long a call may take from the next one on; at first Patience::call.
    void set_timeout(std::chrono::milliseconds timeout) noexcept;
    std::chrono::milliseconds timeout() const noexcept;
    // No call goes on after `when`, not even one that is running now; time_point::max() lifts it. From any thread.
    void end_by(Clock::time_point when) noexcept;

    // Runs one statement, prepared at its first use on this connection, and returns its rows. A connection that the
    // server has closed meanwhile is replaced first; nothing is ever sent twice. Throws DatabaseError; its text names
    // the statement's function and the server's message, never a parameter.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {});
    // The same for several statements, in this order: one transaction and one round trip. The rows of each; what fails
    // is all undone.
    std::vector<Rows> call_together(const std::vector<Statement>& statements);

    // Sends one row as COPY <copy_target> FROM STDIN (FORMAT binary) and returns the rows of `then_select`, both in one
    // transaction and one round trip. Fields are text or bytea (Value::bytes); `then_select` may inline hashes in hex,
    // nothing else. The only way a secret may enter the database (callback-and-fastcgi.md 0.1). Throws DatabaseError as
    // call does.
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select);
    // The same for several rows: all of them in one transaction, at least one. `lock_timeout`: instead of that of the
    // session, for this transaction.
    Rows copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows, std::string_view then_select,
                   std::optional<std::chrono::milliseconds> lock_timeout = std::nullopt);

    // Closes the connection; the next statement makes a new one.
    void close() noexcept;
    bool connected() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace o365
