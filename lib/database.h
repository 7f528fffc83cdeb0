// PostgreSQL (libpq). A Database is one connection and belongs to one thread; it connects at its first statement and
// comes back by itself after the server restarted. Values travel as text or bytea parameters; secrets never do: they go
// through copy_row (design: secrets).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// What the caller should do about a failure.
enum class Fault {
    refused,   // the database's functions refused the input: SQLSTATE says why, a retry will not help
    retry,     // a conflict, or the database cannot just now (SQLSTATE 40, 53, 55, 57014, 25006): nothing happened
    in_doubt,  // the connection died while the statement ran: it may have been committed
    down,      // no connection could be made
    bug        // anything else
};

class DatabaseError : public std::runtime_error {
  public:
    DatabaseError(Fault fault, std::string sqlstate, const std::string& what)
        : std::runtime_error(what), fault_(fault), sqlstate_(std::move(sqlstate)) {}
    Fault fault() const noexcept { return fault_; }
    const std::string& sqlstate() const noexcept { return sqlstate_; }  // five characters, or empty when libpq had none

  private:
    Fault fault_;
    std::string sqlstate_;
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

// How long a statement may wait for a lock, and take as a whole, in milliseconds; 0: for ever. What takes longer ends
// as Fault::retry (SQLSTATE 55P03, 57014), and nothing happened. Limits that are set for the role or the database
// (lock_timeout, statement_timeout) count instead of these.
struct Patience {
    int lock_ms = 0;
    int statement_ms = 0;
};

class Database {
  public:
    // `conninfo` is a libpq string or URI, several hosts and target_session_attrs included; `role` is the user,
    // overriding the string's, unless empty; `application_name` shows in pg_stat_activity. Does not connect yet.
    Database(std::string conninfo, std::string role, std::string application_name, Patience patience = {});
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

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

    // Closes the connection; the next statement makes a new one.
    void close() noexcept;
    bool connected() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace o365
