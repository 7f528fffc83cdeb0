// o365-worker import: webhooks that an operator has in a file.
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

// Imports the file's lines: a header that names app_user and webhook_url, and perhaps group_name and label, then a
// webhook a line. What it does stands on standard error, with a line for each that was refused; never a webhook. Unless
// `active`, standard output gets the links for the users, as CSV. Returns the exit code, after sysexits.h: 0 all lines
// are taken, 64 there is no such connector or its users have no page to type a code on, 65 some lines, or the whole
// file, were refused, 66 the file cannot be read, 69 the database is away, 73 standard output takes no links. What was
// stored before a failure stays; the same call again goes on. Throws KeyError and SettingsError.
int import_webhooks(const Settings& settings, const ImportOptions& options);

}  // namespace o365
