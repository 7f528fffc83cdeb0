// How a command of the worker ends that could not do its work.
#pragma once

#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// Prints why to standard error, behind the program's name, and returns `code`.
int fail(int code, std::string_view why);

// The exit code for an error of the database that has no code of its own: 1 for what it refuses, 69 when it is away.
int exit_code_of(const DatabaseError& error);

// Throws SettingsError when program and schema do not go together.
void require_schema_of_program(Database& database);

}  // namespace o365
