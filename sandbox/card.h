// Cards as the feed shows them, and the actions in them (office365-connectors.md 5 and 6).
#pragma once

#include <json/json.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

// How a card looks at a target of that kind ("groups", "mail", "teams"), as values for the template `card`. What is no
// card, or of a shape that nobody knows, is shown as its text.
Json::Value card_view(const Json::Value& card, const std::string& kind);

// Whether a browser has to draw it: an Adaptive Card, in its envelope or bare. The card itself, or null.
const Json::Value* adaptive_card(const Json::Value& card);

// The action at a path that card_view wrote into a button: "a0", "s1.a0", "a2.c1". nullptr when there is none.
const Json::Value* find_action(const Json::Value& card, std::string_view path);
// The ActionCard around the action at that path, which has its inputs; nullptr when it is not in one.
const Json::Value* find_action_card(const Json::Value& card, std::string_view path);

// The values of an ActionCard's inputs, by id, out of the fields of a form as the template `card` writes it. Choices of
// an input with isMultiSelect are joined with ",". `problem` says which one that is required is empty.
struct Inputs {
    std::map<std::string, std::string, std::less<>> values;
    std::string problem;
};
Inputs read_inputs(const Json::Value& action_card, const std::map<std::string, std::string, std::less<>>& fields);

// `body` with each {{id.value}} replaced: as the inside of a JSON string for application/json, %-encoded for
// application/x-www-form-urlencoded. An id that is no input is left as it stands.
std::string substitute(std::string_view body, const Inputs& inputs, std::string_view content_type);

// A text of an object, "" when it is absent or no text.
std::string text_in(const Json::Value& object, const char* name);

}  // namespace o365
