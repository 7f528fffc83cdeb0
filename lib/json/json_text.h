// Reads JSON (jsoncpp) strictly: what RFC 8259 allows, nothing more. Safe from any thread.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace o365 {

// Parses an object or an array with nothing but blanks after it; nullopt for anything else. RFC 8259 leaves some cases
// to the reader: nullopt also for a name that occurs twice in an object, for nesting deeper than 1000, for a number
// that is too large for a double, for text that is not UTF-8, for a byte order mark and for half a surrogate pair. So
// every string of the value is UTF-8 and can be written as JSON again; a string may hold a NUL. There is no error text,
// because it would quote the input; json_fault() makes one for the author of a text. The checks beside jsoncpp's own
// cost a pass or two over the bytes.
std::optional<Json::Value> parse_json(std::string_view text);

// What jsoncpp accepts in its strict mode and parse_json does not: a byte order mark, comments, control characters,
// half a surrogate pair, and numbers such as 01, +1, 1. and -.5.
struct JsonFlaw {
    std::size_t offset;      // in bytes
    std::string_view words;  // a sentence for the author of the text: what is wrong and what to write instead
};

// The first flaw of a text in UTF-8; nullopt when there is none. Meaningless for a text that jsoncpp refuses.
std::optional<JsonFlaw> json_flaw(std::string_view text);

// jsoncpp's reader in its strict mode, which still accepts what JsonFlaw lists. Not thread-safe.
std::unique_ptr<Json::CharReader> new_strict_reader();

// parse_json for an answer of the database, which is JSON by contract. Throws std::runtime_error when it is not.
Json::Value database_json(std::string_view text);

}  // namespace o365
