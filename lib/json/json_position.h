// Where in a JSON text something stands: for people who wrote it and are told what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace o365 {

struct Place {
    int line = 1;
    int column = 1;  // in bytes
    bool operator==(const Place&) const = default;
};

// Where the value at a path of o365.check_card begins: "$", "$.sections[0].name", "$.\"@type\"". For a path that leads
// to nothing, a field that is missing for one, the innermost value on the way that is there. nullopt when the text is
// no JSON.
std::optional<Place> json_place(std::string_view text, std::string_view path);

// Why a text is no object of JSON that PostgreSQL takes (UTF-8, no \u0000), and where; nullopt when it is one. The
// words may quote the text.
struct JsonFault {
    Place place;
    std::string words;
};
std::optional<JsonFault> json_fault(std::string_view text);

}  // namespace o365
