// Which versions of the database's schema this program works with. Schemas are numbered by their newest migration;
// o365.version() says the number, and the number of the oldest programs that it serves.
#pragma once

#include <string>

#include "lib/database/database.h"

namespace o365 {

// The schema that this program was built with: the highest number in sql/migrations.
constexpr int kSchema = O365_SCHEMA;

// The oldest schema that this program works with. Raised to the version that was released before, never past it, so
// that schema and programs need not be upgraded in the same moment. What a program does for an older one is deleted
// then.
constexpr int kOldestSchema = 29;

// Why this program and the schema do not go together, with both numbers and the next step; empty when they do. Throws
// DatabaseError as Database::call does.
std::string schema_problem(Database& database);

// The same as a DatabaseError: Fault::retry, since it passes when either is upgraded.
void require_schema(Database& database);

// The same for numbers that are known: what the schema has, 0 when it is too old to say; the oldest program it serves.
std::string schema_problem(int schema, int oldest_program);

}  // namespace o365
