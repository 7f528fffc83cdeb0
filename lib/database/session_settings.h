// The settings of our sessions, which replace those of the database, the role or a pooler.
#pragma once

#include <string>
#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// Runs before either of the statements below: they take a snapshot, for which SERIALIZABLE DEFERRABLE could wait.
constexpr std::string_view kPlainTransaction = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

// One string of statements for a new session: one round trip. They are not `options` of the connection, because the
// operator's connection string may have such options. A limit that was set for the role, the database or this
// connection stays, and so does one of the whole server unless it is 0. Servers on other systems than Linux refuse
// client_connection_check_interval.
std::string session_settings(const Patience& patience);

// The same for one transaction behind a pooler, which may give the next transaction another session of the server.
std::string transaction_settings(const Patience& patience);

}  // namespace o365
