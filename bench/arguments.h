// What a program of bench/ is started with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// An option `--<name> VALUE`, or `--<name>` alone for a bool. Given twice, the last one counts.
struct Argument {
    std::string name;
    std::variant<std::string*, int*, std::size_t*, bool*> value;
    bool required = false;
};

// Reads the command line into the values. nullopt: the program goes on; else the code with which main() ends, after
// help was printed, or what is wrong.
std::optional<int> parse_arguments(const std::string& description, const std::vector<Argument>& arguments, int argc,
                                   char** argv);
