// Writes JSON (jsoncpp). Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

namespace o365 {

// `value` as compact JSON in UTF-8, the form that is POSTed. A number with a fraction may become longer than it was in
// the text that was parsed: 0.1 becomes 0.10000000000000001.
std::string compact_json(const Json::Value& value);

// `json`, which must be valid JSON, without the blanks between its values. All other bytes stay as they are.
std::string without_blanks(std::string_view json);

}  // namespace o365
