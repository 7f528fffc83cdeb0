// How main() of every program reads its arguments. For main alone: it includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "lib/base/exit_code.h"

namespace o365 {

// Parses the arguments into the variables that are bound to `app`. Returns the exit code with which main() ends: kDone
// after printing help or the version to standard output, kUsage after printing to standard error which argument is
// wrong. nullopt: the program goes on.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_code::kDone : exit_code::kUsage;
    }
    return std::nullopt;
}

}  // namespace o365
