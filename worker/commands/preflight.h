// o365-worker preflight: checks whether a connector would pass the store's review.
#pragma once

#include <string>
#include <vector>

#include "lib/settings/settings.h"

namespace o365 {

struct PreflightOptions {
    std::string connector;          // slug
    std::vector<std::string> logs;  // the web server's logs, to search for secrets
    bool json = false;              // print one JSON object instead of lines for people
};

// Prints the checklist, item by item: pass, fail, or look, with what a person has to look at. Returns the exit code,
// after sysexits.h: 0 nothing fails, 64 there is no such connector, 65 something fails, 69 the database is down, 73
// standard output cannot be written, 1 the database refused the call. Removes everything that it made in the database.
// Throws SettingsError when program and schema do not work together.
int preflight_connector(const Settings& settings, const PreflightOptions& options);

}  // namespace o365
