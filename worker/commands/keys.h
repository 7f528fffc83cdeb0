// o365-worker keys: makes, lists, checks and backs up the keys that open webhooks.
#pragma once

#include <string>

#include "lib/settings/settings.h"

namespace o365 {

// Each prints what it did, for a person, and returns the exit code. They throw KeyError, OpenPgpError or DatabaseError,
// whose texts are for a person. Makes a key file and adds its keys to the database. `replaces`: also when webhooks are
// sealed under the key of another file, which is lost; lists the connections that nothing opens any more.
int keys_generate(const Settings& settings, bool replaces);
// Adds the keys of the key file to the database. `replaces`: seal new webhooks under them although another key is in
// use.
int keys_add(const Settings& settings, bool replaces);
// Lists the keys. Returns 1 when webhooks are sealed under a key that the file does not have.
int keys_list(const Settings& settings);
// Seals a text through the database and opens it again.
int keys_check(const Settings& settings);
// Copies the key file to `file` and notes the backup in the database. "-" is standard output, so that the copy can
// leave the machine through a pipe; a terminal is refused.
int keys_backup(const Settings& settings, const std::string& file);

}  // namespace o365
