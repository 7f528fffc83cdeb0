// A connection to one of the hosts of a connection string, with a deadline for every wait. database.cpp runs statements
// on it. One thread, except for end_by().
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

    // Does not connect yet. Throws std::runtime_error when there is no file descriptor left for end_by().
    explicit Session(Options options);

    // Begins a call, which may take `timeout`. Connects if there is no connection, or if the server has closed it
    // meanwhile. True when the connection is a new one. Throws DatabaseError: Fault::down.
    bool begin(std::chrono::milliseconds timeout);
    // Sets a deadline for all waits, also for one that is running now; time_point::max() for none. From any thread.
    void end_by(Clock::time_point when) noexcept;

    // Owned by the session; nullptr when there is no connection.
    PGconn* connection() const noexcept { return connection_.get(); }
    bool lost() const noexcept { return PQstatus(connection_.get()) != CONNECTION_OK; }
    void close() noexcept { connection_.reset(); }
    // The next connection tries the host after the current one first.
    void begin_with_next_host() noexcept;

    // `what`, in these: the statement, for the text of errors, which names its function. At the call's deadline they
    // close the connection and throw DatabaseError, timed_out().
    // Waits for the socket (POLLIN, POLLOUT).
    void wait(short events, std::string_view what);
    // Waits for the next result; nullptr at the end of a statement.
    Result next(std::string_view what);
    // Sends what libpq has buffered.
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
    std::size_t first_ = 0;    // index in hosts_: the host to try first
    std::size_t current_ = 0;  // index in hosts_: the host of connection_
    Clock::time_point begun_;  // when the current call began
    Clock::time_point until_;  // its deadline
    std::atomic<Clock::time_point> end_by_ = Clock::time_point::max();
    Fd wake_;  // readable after end_by()
};

// A message of libpq with its line breaks as blanks.
std::string one_line(std::string_view message);

// The function that a statement calls, for errors: "select o365.send($1)" -> "o365.send", of o365_programs as well; the
// statement's first 40 bytes when it calls none of ours.
std::string statement_name(std::string_view statement);

}  // namespace o365
