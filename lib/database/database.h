// PostgreSQL (libpq). A Database is one connection and belongs to one thread. It connects at its first statement, and
// again after the server has restarted. Values are sent as text or bytea parameters. Secrets never are: they go through
// copy_row, because servers log parameters.
//
// Every call has a deadline, which includes connecting. When it passes, the connection is closed and the server is
// asked to cancel the statement; the call does not wait for that. The settings that a session depends on (bytea_output,
// search_path and so on) are set when connecting, so that those of the database or the role do not matter:
// docs/operator.md, "Database sessions".
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
    refused,   // a function of the database refused the input: SQLSTATE says why, a retry does not help
    retry,     // a conflict, or the database is busy or read-only (SQLSTATE 40001, 40P01, 53, 55, 57014, 25006):
               // nothing happened
    in_doubt,  // the connection ended, or the deadline passed, while the statement ran: it may have been committed
    down,      // no connection could be made: nothing happened
    bug        // anything else
};

class DatabaseError : public std::runtime_error {
  public:
    DatabaseError(Fault fault, std::string sqlstate, const std::string& what, bool timed_out = false)
        : std::runtime_error(what), fault_(fault), sqlstate_(std::move(sqlstate)), timed_out_(timed_out) {}
    Fault fault() const noexcept { return fault_; }
    const std::string& sqlstate() const noexcept { return sqlstate_; }  // five characters; empty when there is none
    // The server did not answer by the call's deadline: Fault::in_doubt, or Fault::down while connecting.
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

// The rows of an answer, in text form. Rows and columns count from 0; an index out of range throws std::out_of_range.
class Rows {
  public:
    Rows();
    Rows(Rows&&) noexcept;
    Rows& operator=(Rows&&) noexcept;
    ~Rows();

    int size() const noexcept;
    // The index of the column of that name, for the calls below. Throws std::out_of_range, with the name, when there is
    // none; a default-made Rows has no columns.
    int column(const char* name) const;
    bool is_null(int row, int column) const;
    std::string_view text(int row, int column) const;  // valid as long as the Rows; "" for NULL
    std::int64_t integer(int row, int column) const;   // throws std::invalid_argument for anything else, NULL too
    std::string bytes(int row, int column) const;      // decodes a bytea; throws std::invalid_argument as integer()
    bool boolean(int row, int column) const { return text(row, column) == "t"; }  // false for NULL

    struct Impl;
    explicit Rows(std::unique_ptr<Impl> impl);

  private:
    std::unique_ptr<Impl> impl_;
};

// The literal of a PostgreSQL array, for a parameter of type bigint[], int[] or text[]: "{}" for no elements. nullopt
// elements become NULL.
std::string array_literal(const std::vector<std::int64_t>& values);
std::string array_literal(const std::vector<std::string>& values);
std::string array_literal(const std::vector<std::optional<std::int64_t>>& values);
std::string array_literal(const std::vector<std::optional<std::string>>& values);

// The time limits of a session. The server keeps the first three, 0 for none: a statement that exceeds one fails as
// Fault::retry (SQLSTATE 55P03, 57014), and nothing happened. A limit that the operator has set for the role or the
// database counts instead. This side keeps the last two, whatever the server does.
struct Patience {
    int lock_ms = 0;                          // lock_timeout
    int statement_ms = 0;                     // statement_timeout
    int transaction_ms = 0;                   // transaction_timeout, from PostgreSQL 17 on
    std::chrono::milliseconds connect{5000};  // for connecting, to all hosts of the connection string together
    std::chrono::milliseconds call{60000};    // for a call as a whole, connecting included
};

// How statements are sent. `unprepared` is for a connection pooler that pools transactions and cannot keep prepared
// statements, such as PgBouncer before 1.21: each call is then one transaction that sets its session settings first. A
// Database that prepares and finds such a pooler logs statements_unprepared and goes on as `unprepared`.
enum class Statements { prepared, unprepared };
constexpr Statements statements_when(bool prepared) noexcept {
    return prepared ? Statements::prepared : Statements::unprepared;
}

// How copy_rows sends rows: as they are, or as one row of arrays, which have an element for each of the rows. The
// arrays are text[] or bytea[], by their elements; NULL when all of these are NULL. All rows must have as many fields.
enum class CopyForm { rows, arrays };

class Database {
  public:
    using Clock = std::chrono::steady_clock;

    // `conninfo` is a libpq string or URI, several hosts and target_session_attrs included. `role` is the user, in
    // place of the string's; "" for the string's. `application_name` shows in pg_stat_activity. Does not connect yet.
    // Connecting tries the hosts in their order, each with its share of the time, until one accepts the session. After
    // a session that stopped answering, or cannot write, it begins with the host after that session's.
    Database(std::string conninfo, std::string role, std::string application_name, Patience patience = {},
             Statements statements = Statements::prepared);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    // How long each later call may take; Patience::call until it is set.
    void set_timeout(std::chrono::milliseconds timeout) noexcept;
    std::chrono::milliseconds timeout() const noexcept;
    // Sets a deadline for all calls, also for one that is running now; time_point::max() for none. From any thread.
    void end_by(Clock::time_point when) noexcept;

    // Runs one statement, which is prepared at its first use on this connection, and returns its rows. Connects again
    // first when the server has closed the connection. A statement that may have run is never sent again. Throws
    // DatabaseError, whose text has the statement's function and the server's message, never a parameter.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {});
    // Runs several statements, at least one, in their order: one transaction and one round trip. Returns the rows of
    // each. When one fails, all are undone and it throws as call() does.
    std::vector<Rows> call_together(const std::vector<Statement>& statements);

    // Sends one row as COPY <copy_target> FROM STDIN (FORMAT binary) and returns the rows of `then_select`, both in one
    // transaction. Fields are text or bytea (Value::bytes). `then_select` has no parameters; what it inlines must be
    // checked by the caller and must not be secret. The only way by which a secret may enter the database
    // (callback-and-fastcgi.md 0.1). Throws DatabaseError as call() does.
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select);
    // The same for several rows, at least one, in one transaction. `lock_timeout`: for this transaction, in place of
    // the session's.
    Rows copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows, std::string_view then_select,
                   std::optional<std::chrono::milliseconds> lock_timeout = std::nullopt,
                   CopyForm form = CopyForm::rows);

    // Closes the connection; the next statement makes a new one.
    void close() noexcept;
    bool connected() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace o365
