#include "bench/arguments.h"

#include <CLI/CLI.hpp>

std::optional<int> parse_arguments(const std::string& description, const std::vector<Argument>& arguments, int argc,
                                   char** argv) {
    CLI::App app{description};
    for (const Argument& argument : arguments) {
        const std::string name = "--" + argument.name;
        CLI::Option* const option = std::visit(
            [&](auto* value) {
                if constexpr (std::is_same_v<decltype(value), bool*>) {
                    return app.add_flag(name, *value);
                } else {
                    return app.add_option(name, *value);
                }
            },
            argument.value);
        option->take_last()->required(argument.required);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    return std::nullopt;
}
