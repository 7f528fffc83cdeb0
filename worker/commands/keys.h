// o365-worker keys: making, listing, checking and backing up what opens webhooks.
#pragma once

#include <string>

#include "lib/settings/settings.h"

namespace o365 {

// Each prints what it did for a person and returns the exit code. They throw KeyError, OpenPgpError or DatabaseError,
// whose texts are for a person.
// `replaces`: makes a new key file although webhooks are sealed under another one's key, for when that file is lost,
// and lists the connections that nothing opens any more.
int keys_generate(const Settings& settings, bool replaces);
// `replaces`: new webhooks are sealed under the file's key although another one is in use.
int keys_add(const Settings& settings, bool replaces);
int keys_list(const Settings& settings);
int keys_check(const Settings& settings);
// `file`: where the copy goes. "-" is standard output, so that the copy can leave the machine through a pipe; a
// terminal is refused.
int keys_backup(const Settings& settings, const std::string& file);

}  // namespace o365
