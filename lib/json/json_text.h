// JSON (jsoncpp), read strictly: what RFC 8259 allows, nothing more.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace o365 {

// An object or an array, and nothing after it but blanks; nullopt for anything else. RFC 8259 leaves some things to the
// reader: nullopt also for a name that stands twice in an object, for what is nested deeper than 1000, for a number
// beyond a double, for what is no UTF-8, for a byte order mark and for half a surrogate pair. So every string of the
// value is UTF-8, and json can be written from it again; a string may hold a NUL. Never an error text: it would quote
// what it could not read. What is checked beside jsoncpp's own reading is a pass or two over the bytes.
std::optional<Json::Value> parse_json(std::string_view text);

// What jsoncpp takes in its strict mode although parse_json does not: a byte order mark, comments, control characters,
// half a surrogate pair, and numbers as 01, +1, 1. and -.5 are.
struct JsonFlaw {
    std::size_t offset;      // in bytes
    std::string_view words;  // a sentence for whoever wrote the text, and what to write instead
};

// The first flaw of a text in UTF-8; nullopt when there is none. Of a text that jsoncpp does not take, it may be any.
std::optional<JsonFlaw> json_flaw(std::string_view text);

// As parse_json, for an answer of the database, which is JSON by contract. Throws std::runtime_error if it is not.
Json::Value database_json(std::string_view text);

}  // namespace o365
