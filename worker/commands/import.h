// o365-worker import: imports webhooks from a CSV file.
#pragma once

#include <string>

#include "lib/settings/settings.h"

namespace o365 {

struct ImportOptions {
    std::string file;       // CSV; "-" is standard input
    std::string connector;  // slug
    bool active = false;    // the webhooks are used at once; else each waits until its user has typed a code
    bool dry_run = false;   // says what would be done, and changes nothing
};

// Imports a file: a header with app_user and webhook_url, and perhaps group_name and label, then a line for each
// webhook. Prints its progress and the refused lines to standard error, never a webhook. Unless `active`, prints the
// users' links to standard output, as CSV. Returns the exit code, after sysexits.h: 0 all lines are imported, 64 there
// is no such connector, or its users have no page on which to type a code, 65 some lines, or the whole file, were
// refused, 66 the file cannot be read, 69 the database is down, 73 the links cannot be written, 75 interrupted, 1 the
// database refused the call. What was stored before a failure stays; running it again continues. Throws KeyError and
// SettingsError.
int import_webhooks(const Settings& settings, const ImportOptions& options);

}  // namespace o365
