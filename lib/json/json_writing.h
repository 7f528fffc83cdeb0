// JSON as text (jsoncpp). Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

namespace o365 {

// Compact JSON in UTF-8, as it is POSTed. Numbers with a fraction may get longer than they were written.
std::string compact_json(const Json::Value& value);

// `json`, which must be JSON, without the blanks between its values. Everything else stays byte for byte.
std::string without_blanks(std::string_view json);

}  // namespace o365
