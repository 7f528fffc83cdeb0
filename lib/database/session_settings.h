// What our sessions set, whatever the database, the role or a pooler would have.
#pragma once

#include <string>
#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// Before either of the statements below, which take a snapshot: SERIALIZABLE DEFERRABLE could wait for one.
constexpr std::string_view kPlainTransaction = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

// One string of statements for a new session: one round trip. Not as `options` of the connection, of which the
// operator's string may have some. What was set for the role, the database or this connection stays; so does a limit of
// the whole server, unless it is 0. Servers other than Linux refuse client_connection_check_interval.
std::string session_settings(const Patience& patience);

// The same for one transaction, behind a pooler: the session is not ours, and in another transaction it is another one.
std::string transaction_settings(const Patience& patience);

}  // namespace o365
