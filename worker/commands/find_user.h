// o365-worker find-user: the connections of a person whose directory object id is known.
#pragma once

#include "lib/settings/settings.h"

namespace o365 {

// Reads directory object ids from standard input, one a line, and prints the connections that were made with them as
// CSV: subscription_id, connector, app_user, group_name, status, connected_at; the header alone when there are none.
// Each id is looked for as it stands and in lower case. An id is on no command line and in no statement. Returns the
// exit code, after sysexits.h: 0 done, 65 there is no id, or more than 100, or one that is none, 69 the database is
// away, 73 standard output cannot be written. Throws SettingsError.
int find_user(const Settings& settings);

}  // namespace o365
