#include "worker/commands/failure.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "lib/base/exit_code.h"
#include "lib/database/schema.h"
#include "lib/settings/settings.h"

namespace o365 {

int fail(int code, std::string_view why) {
    fmt::print(stderr, "o365-worker: {}\n", why);
    return code;
}

int exit_code_of(const DatabaseError& error) {
    const bool refused = error.fault() == Fault::bug || error.fault() == Fault::refused;
    return refused ? exit_code::kFailed : exit_code::kUnavailable;
}

void require_schema_of_program(Database& database) {
    if (const std::string problem = schema_problem(database); !problem.empty()) throw SettingsError(problem);
}

}  // namespace o365
