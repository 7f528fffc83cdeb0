// Cards as the feed shows them, and the actions in them (office365-connectors.md 5 and 6).
#pragma once

#include <json/json.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cards/action_form.h"
#include "lib/pages/pages.h"

namespace o365 {

// How a posted body looks at a target of that kind ("groups", "mail", "teams"), as values for the template `card`: one,
// or one for each Adaptive Card of an envelope. A body that is not a card, or has an unknown shape, is shown as its
// text.
std::vector<Json::Value> card_views(const Json::Value& card, const std::string& kind);
// The same as HTML. Without `post_id`, that of the post, it is a preview whose buttons do nothing.
std::string card_html(const Pages& pages, const Json::Value& card, const std::string& kind,
                      const std::string& post_id = {}, const std::string& token = {});

// Whether anything of a MessageCard is shown: a text with a visible character, a picture or an action.
bool shows_something(const Json::Value& message_card);

// The Adaptive Cards of a posted body, which a browser has to draw: a bare one, or those of an envelope's attachments.
// Empty for a MessageCard.
std::vector<const Json::Value*> adaptive_cards(const Json::Value& card);
// `card` after `fresh` came in the answer to the action at `path`: it replaces the Adaptive Card that has the action,
// or all of `card` if that is the only one or `fresh` is not an Adaptive Card.
Json::Value with_new_card(const Json::Value& card, std::string_view path, const Json::Value& fresh);

// The action at a path that card_views wrote into a button: "a0", "s1.a0", "a2.c1"; of the second Adaptive Card the
// first Action.Http, wherever it is in it: "t1.h0". nullptr when there is none.
const Json::Value* find_action(const Json::Value& card, std::string_view path);
// The ActionCard around the action at that path, which has its inputs; nullptr when it is not in one.
const Json::Value* find_action_card(const Json::Value& card, std::string_view path);

// What pressing an HttpPOST or an Action.Http sends, before inputs are put into `body`.
struct ActionCall {
    std::string name;
    std::string target;
    std::string method = "POST";  // of an Action.Http as it says, whatever that is
    std::string body;
    std::string content_type;          // bodyContentType, else the header Content-Type, else application/json
    std::vector<std::string> headers;  // the card's own, as HttpRequest takes them, but for those two and Authorization
    bool blanks_authorization = false;  // the token goes into Action-Authorization
};
std::optional<ActionCall> action_call(const Json::Value& action);  // nullopt for any other action

// The values of an ActionCard's inputs, by id, out of the fields of a form as the template `card` writes it. Choices of
// an input with isMultiSelect are joined with ",". `problem` describes the first value that breaks the card's rules
// (isRequired, maxLength, choices); empty for none.
struct Inputs {
    InputValues values;
    std::string problem;
};
Inputs read_inputs(const Json::Value& action_card, const std::map<std::string, std::string, std::less<>>& fields);

// true and false, also as a text in any case, which Json.NET reads so; nullopt for anything else.
std::optional<bool> flag_of(const Json::Value& value);
// Whether an object's @type is this one, in any case: some senders write HttpPost.
bool is_type(const Json::Value& object, std::string_view type);

}  // namespace o365
