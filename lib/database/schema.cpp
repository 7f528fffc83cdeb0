#include "lib/database/schema.h"

#include <fmt/format.h>

#include <string_view>

#include "lib/base/version.h"
#include "lib/database/sqlstate.h"

namespace o365 {

std::string schema_problem(int schema, int oldest_program) {
    if (schema == 0)
        return fmt::format(
            "the database's schema is of before version {} or not installed, and this program is of version {}: run "
            "sql/install.sql of this version",
            kOldestSchema, kSchema);
    if (schema < kOldestSchema)
        return fmt::format(
            "the database's schema has version {}, and this program is of version {} and works with {} or newer: run "
            "sql/install.sql of this version",
            schema, kSchema, kOldestSchema);
    if (kSchema < oldest_program)
        return fmt::format(
            "the database's schema has version {} and works with programs of version {} or newer, and this program is "
            "of version {}: upgrade the program",
            schema, oldest_program, kSchema);
    return {};
}

std::string schema_problem(Database& database) {
    try {
        const Rows rows = database.call("select schema, oldest_program from o365.version()");
        return schema_problem(static_cast<int>(rows.integer(0, 0)), static_cast<int>(rows.integer(0, 1)));
    } catch (const DatabaseError& error) {
        constexpr std::string_view kNoSuchSchema = "3F000";
        if (error.sqlstate() == kNoSuchFunction || error.sqlstate() == kNoSuchSchema) return schema_problem(0, 0);
        throw;
    }
}

void require_schema(Database& database) {
    const std::string problem = schema_problem(database);
    if (!problem.empty()) throw DatabaseError(Fault::retry, "", problem);
}

}  // namespace o365
