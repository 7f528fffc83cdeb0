// How the worker's commands report that they failed.
#pragma once

#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// Prints "o365-worker: <why>" to standard error and returns `code`.
int fail(int code, std::string_view why);

// The exit code for an error of the database: 1 when it refused the call, 69 when it is down or busy.
int exit_code_of(const DatabaseError& error);

// Throws SettingsError when program and schema do not work together.
void require_schema_of_program(Database& database);

}  // namespace o365
