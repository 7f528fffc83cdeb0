// What Teams makes of an Adaptive Card that a workflow posts (office365-connectors.md 6.1).
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

namespace o365 {

// Why Teams shows nothing of an Adaptive Card, as the run of the workflow tells it; "" for a card that it shows. A card
// is not shown when a field that is known cannot be read as its type, when an element or an action has no type, when
// the address of an Action.OpenUrl is not absolute, when its version is none that Teams knows, and when nothing in it
// can be seen. Elements, actions and fields that nobody knows are passed over.
std::string adaptive_problem(const Json::Value& card);

// Whether a text, which is UTF-8, has a character that is seen: blanks and characters without width are none.
bool is_seen(std::string_view text);

// Whether a text is a decimal number as JSON writes it, without an exponent and of at most nine digits: a far end reads
// it where a number is documented.
bool is_number_text(std::string_view text);

}  // namespace o365
