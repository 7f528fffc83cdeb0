// Reads members of a JSON object as a far end reads a card: a member that is absent or of another type counts as empty.
// References are valid as long as the object. Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// The member of that name; null when there is none, or `object` is not an object.
const Json::Value& member(const Json::Value& object, const char* name);

// The member as text: a string as it is; a number, true and false as they are written, because a far end takes them
// for text; "" for anything else.
std::string text_in(const Json::Value& object, const char* name);

// Whether the member is true, "true" in any case, or 1: the rule of o365_internal.as_boolean.
bool flag_in(const Json::Value& object, const char* name);

// The member if it is an array, else an empty array.
const Json::Value& list_in(const Json::Value& object, const char* name);

// The items of an array as text; {} for an empty one. Throws Json::LogicError when an item is an object or an array.
std::vector<std::string> texts_of(const Json::Value& array);

}  // namespace o365
