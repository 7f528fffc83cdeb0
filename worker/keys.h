// o365-worker keys: making, listing, checking and backing up what opens webhooks.
#pragma once

#include <string>

#include "lib/settings.h"

namespace o365 {

// Each prints what it did for a person and returns the exit code. They throw KeyError, OpenPgpError or DatabaseError,
// whose texts are for a person.
int keys_generate(const Settings& settings);
// `replaces`: new webhooks are sealed under the file's key although another one is in use.
int keys_add(const Settings& settings, bool replaces);
int keys_list(const Settings& settings);
int keys_check(const Settings& settings);
int keys_backup(const Settings& settings, const std::string& file);

}  // namespace o365
