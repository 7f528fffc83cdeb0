// Reading members of a JSON object as a far end reads a card: what is absent or of another type counts as empty.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// The member, or null when `object` is no object or has none of that name.
const Json::Value& member(const Json::Value& object, const char* name);

// The text of a string; of a number, true and false their text, as the far end reads them (o365.send has written them
// so); "" for anything else.
std::string text_in(const Json::Value& object, const char* name);

// Whether it is true, "true" in any case, or 1, as o365_internal.as_boolean reads them.
bool flag_in(const Json::Value& object, const char* name);

// The array; an empty one for anything else.
const Json::Value& list_in(const Json::Value& object, const char* name);

// The items of an array, as text. Throws Json::LogicError where one is an object or an array.
std::vector<std::string> texts_of(const Json::Value& array);

}  // namespace o365
