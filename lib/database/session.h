// A connection to one of the hosts of a connection string, on which no wait is longer than its deadline. What runs on
// it is the business of database.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/c_free.h"
#include "lib/base/fd.h"
#include "lib/database/database_hosts.h"
#include "lib/database/libpq.h"

namespace o365 {

class Session {
  public:
    using Clock = Database::Clock;
    struct Options {
        std::string conninfo;
        std::string role;                   // overrides the string's, unless empty
        std::string application_name;       // shows in pg_stat_activity
        std::string set_up;                 // statements for a new connection; empty: none
        std::chrono::milliseconds connect;  // for connecting, through all hosts
    };

    // Does not connect yet. Throws std::runtime_error without a descriptor for end_by.
    explicit Session(Options options);

    // A call begins, which may take `timeout`. Connects if there is no connection, or if the server has closed it
    // meanwhile; true when the connection is a new one. Throws DatabaseError: Fault::down.
    bool begin(std::chrono::milliseconds timeout);
    // No wait goes on after `when`, not even one that is running now; time_point::max() lifts it. From any thread.
    void end_by(Clock::time_point when) noexcept;

    // Owned by the session; nullptr when there is none.
    PGconn* connection() const noexcept { return connection_.get(); }
    bool lost() const noexcept { return PQstatus(connection_.get()) != CONNECTION_OK; }
    void close() noexcept { connection_.reset(); }
    // The next connection begins with the host behind the current one.
    void begin_with_next_host() noexcept;

    // Waits for the socket (POLLIN, POLLOUT). Throws as expire does at the call's deadline. `what` is the statement, of
    // which errors name the function.
    void wait(short events, std::string_view what);
    // The next result; nullptr at the end of a statement.
    Result next(std::string_view what);
    // Sends what libpq holds back.
    void flush(std::string_view what);

  private:
    void connect();
    std::optional<std::string> try_host(std::size_t index, const char* session_kind, Clock::time_point share);
    std::optional<std::string> try_address(const DatabaseHost& host, const std::string& address,
                                           const char* session_kind, Clock::time_point share);
    std::optional<std::string> set_up(Clock::time_point share);
    bool wait_until(short events, Clock::time_point limit);
    [[noreturn]] void expire(std::string_view what);

    Options options_;
    std::unique_ptr<PGconn, CFree<PQfinish>> connection_;
    DatabaseHosts hosts_;      // empty until the first connection
    std::size_t first_ = 0;    // of them, the one to begin with
    std::size_t current_ = 0;  // and the one that connection_ leads to
    Clock::time_point begun_;  // of the call that runs
    Clock::time_point until_;  // its deadline
    std::atomic<Clock::time_point> end_by_ = Clock::time_point::max();
    Fd wake_;  // readable when end_by was called
};

// What libpq says, without line breaks.
std::string one_line(std::string_view message);

// The function that a statement calls, for errors: "select o365.send($1)" -> "o365.send". Never a parameter.
std::string statement_name(std::string_view statement);

}  // namespace o365
