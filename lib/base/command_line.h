// How main() of every program reads its arguments. For main alone: it includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "lib/base/exit_code.h"

namespace o365 {

// Parses the arguments into what was bound to `app`. Returns the exit code to end with: kDone when help or the version
// was asked for, which is then on standard output, kUsage when an argument is wrong, which is then told on standard
// error. Empty when the program is to go on.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_code::kDone : exit_code::kUsage;
    }
    return std::nullopt;
}

}  // namespace o365
