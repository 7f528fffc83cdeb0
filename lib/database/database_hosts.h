// The hosts of a libpq connection string and their addresses. libpq itself tries several hosts only in its blocking
// functions, and looks names up without a deadline in all of them, so Database does both itself. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace o365 {

// One host of a connection string. Each field may be empty: libpq then takes its default.
struct DatabaseHost {
    std::string host;      // a name, a numeric address, or the folder of a Unix socket
    std::string hostaddr;  // a numeric address, when the connection string gives it
    std::string port;
};

struct DatabaseHosts {
    std::vector<DatabaseHost> hosts;  // at least one, in the order of the connection string
    bool prefers_standby = false;     // target_session_attrs=prefer-standby
    bool random_order = false;        // load_balance_hosts=random, which libpq knows from version 16 on
};

// Reads `conninfo` as libpq does, with its environment variables and service files. Does not connect. A string that
// libpq cannot read gives one host without fields: connecting with it then says what is wrong.
DatabaseHosts database_hosts(const std::string& conninfo);

// The numeric addresses of `host`, in the resolver's order; {""} for an empty name and for the folder of a Unix socket,
// which need no look-up. Throws std::runtime_error, with the reason, when there is no address, or no answer by `until`.
// Such a late look-up goes on in a thread of its own, and the next call for the same name takes its answer; there is
// never more than one for a name.
std::vector<std::string> addresses_of(const std::string& host, std::chrono::steady_clock::time_point until);

}  // namespace o365
