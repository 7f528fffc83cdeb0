// Whether Teams shows an Adaptive Card that a workflow posts (office365-connectors.md 6.1).
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

namespace o365 {

// Why Teams shows nothing of an Adaptive Card, in the words of the workflow's run; "" for a card that it shows. A card
// is not shown when a known field cannot be read as its type, when an element or an action has no type, when the
// address of an Action.OpenUrl is not absolute, when Teams does not know its version, and when nothing in it is
// visible. Unknown elements, actions and fields are ignored.
std::string adaptive_problem(const Json::Value& card);

// Whether a UTF-8 text has a visible character: blanks and characters without width do not count.
bool is_seen(std::string_view text);

// Whether a text is a decimal number as JSON writes it, without an exponent and of at most nine digits: a far end
// accepts it where a number is documented.
bool is_number_text(std::string_view text);

}  // namespace o365
