// JSON (jsoncpp), read strictly: what PostgreSQL and browsers take, nothing more.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace o365 {

// An object or an array, and nothing after it; nullopt for anything else, also for what is nested too deep, has a
// number beyond a double, is no UTF-8, or names half a character (lone_surrogate). So every string of the value is
// UTF-8, and json can be written from it again; a string may hold a NUL. Never an error text: it would quote what it
// could not read. What is checked beside jsoncpp's own reading is a pass or two over the bytes.
std::optional<Json::Value> parse_json(std::string_view text);

// Where in a text of JSON the first \u escape stands that is half of a surrogate pair, for which there is no UTF-8:
// an offset in bytes; nullopt when there is none.
std::optional<std::size_t> lone_surrogate(std::string_view json);

// Where in such a text a comment begins, which JSON has not: an offset in bytes; nullopt when there is none.
std::optional<std::size_t> json_comment(std::string_view json);

// As parse_json, for an answer of the database, which is JSON by contract. Throws std::runtime_error if it is not.
Json::Value database_json(std::string_view text);

}  // namespace o365
