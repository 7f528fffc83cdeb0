// o365-worker find-user: lists the connections of a person by directory object id.
#pragma once

#include "lib/settings/settings.h"

namespace o365 {

// Reads directory object ids from standard input, one a line, and prints the connections that were made with them as
// CSV: subscription_id, connector, app_user, group_name, status, connected_at; the header alone when there are none.
// Each id is searched as it is written and in lower case. Ids never are on a command line or in a statement. Returns
// the exit code, after sysexits.h: 0 done, 65 there is no id, more than 100, or a line that is not an id, 69 the
// database is down, 73 standard output cannot be written, 1 the database refused the call. Throws SettingsError.
int find_user(const Settings& settings);

}  // namespace o365
