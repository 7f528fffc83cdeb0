// Positions in a JSON text, for messages to its author. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace o365 {

struct JsonPosition {
    int line = 1;    // from 1
    int column = 1;  // from 1, in bytes
    bool operator==(const JsonPosition&) const = default;
};

// Where the value at a path of o365.check_card begins: "$", "$.sections[0].name", "$.\"@type\"". When there is no value
// at the path, such as for a missing field: where the innermost value on the way begins. nullopt when the text is not
// JSON.
std::optional<JsonPosition> json_position(std::string_view text, std::string_view path);

// Why a text is not a JSON object that PostgreSQL accepts (UTF-8, no \u0000), and where.
struct JsonFault {
    JsonPosition position;
    std::string words;  // a sentence; it may quote the text
};

// nullopt when the text is such an object.
std::optional<JsonFault> json_fault(std::string_view text);

}  // namespace o365
