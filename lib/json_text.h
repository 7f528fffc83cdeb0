// JSON (jsoncpp), read strictly: what PostgreSQL and browsers take, nothing more.
#pragma once

#include <json/json.h>

#include <optional>
#include <string_view>

namespace o365 {

// An object or an array, and nothing after it; nullopt for anything else, also for what is nested too deep or has a
// number beyond a double. Never an error text: it would quote what it could not read.
std::optional<Json::Value> parse_json(std::string_view text);

// The same for an answer of the database, which is JSON by contract. Throws std::runtime_error if it is not.
Json::Value database_json(std::string_view text);

}  // namespace o365
