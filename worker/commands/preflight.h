// o365-worker preflight: whether a connector of this installation would pass the store's review.
#pragma once

#include <string>
#include <vector>

#include "lib/settings/settings.h"

namespace o365 {

struct PreflightOptions {
    std::string connector;          // slug
    std::vector<std::string> logs;  // the web server's, that secrets are looked for in
    bool json = false;              // one object of JSON in the place of lines for people
};

// Prints the checklist, item by item: pass, fail, or look where a person has to, with what to look for. Returns the
// exit code, after sysexits.h: 0 nothing fails, 64 there is no such connector, 65 something fails, 69 the database is
// away, 73 standard output cannot be written, 1 the schema is too old. Nothing that it makes for its tries stays.
// Throws SettingsError.
int preflight_connector(const Settings& settings, const PreflightOptions& options);

}  // namespace o365
