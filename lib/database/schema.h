// Which versions of the database's schema this program works with. A schema has the number of its newest migration;
// o365.version() returns that number and the number of the oldest programs that it serves.
#pragma once

#include <string>

#include "lib/database/database.h"

namespace o365 {

// The oldest schema that this program works with; the newest is kSchema of lib/base/version.h. Raise it to the version
// before, never past it, so that schema and programs can be upgraded one after the other; then delete the code for
// older schemas.
constexpr int kOldestSchema = 29;

// Why this program and the database's schema do not work together, with both numbers and the next step; empty when
// they do. Throws DatabaseError as Database::call does.
std::string schema_problem(Database& database);

// Throws DatabaseError when schema_problem() is not empty: Fault::retry, because upgrading either of them ends it.
void require_schema(Database& database);

// The same from numbers. `schema`: that of the schema, 0 when it is too old to have one. `oldest_program`: the oldest
// program that it serves.
std::string schema_problem(int schema, int oldest_program);

}  // namespace o365
