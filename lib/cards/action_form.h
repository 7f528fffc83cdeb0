// The form behind a link to a card's action (lib/cards/action_link.h): shows an HttpPOST or an ActionCard of a
// MessageCard as a form, reads the form, and makes the body from it. Formats: office365-connectors.md 5.3, 5.4. Safe
// from any thread. o365.check_card has judged the action; parts that are wrong all the same are not shown.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "lib/http/http.h"

namespace o365 {

// The value of each input, by its id. Several choices are joined with ",", as {{id.value}} has them.
using InputValues = std::map<std::string, std::string, std::less<>>;

// Replaces each {{id.value}} in `body`: by the inside of a JSON string, or %-encoded when `content_type` is
// application/x-www-form-urlencoded. An id without a value stays as it is. Values are not searched for placeholders.
// Stops replacing when the result has more than `most` bytes.
std::string fill_in(std::string_view body, const InputValues& values, std::string_view content_type,
                    std::size_t most = std::string::npos);

// The content type of an HttpPOST's body: its bodyContentType, else its header Content-Type, else application/json.
std::string body_content_type(const Json::Value& http_post);

// A form that was sent. Its fields: "press" (the button), "form" (a random_token() of the page) and one for each input,
// "i0", "i1"; where several choices are possible, one for each choice, "i2-0".
struct ActionAnswer {
    int step = 0;  // the index of the HttpPOST in an ActionCard's actions, else 0
    std::string form;
    std::string content_type;
    std::string body;
    Json::Value inputs{Json::objectValue};        // by id: a string; where several choices are possible, an array
    std::map<std::size_t, std::string> problems;  // by the input's index: required, too_long, one_line, choice, date
};

// Reads a form. When there are problems, body and content type are empty. Throws BadRequest(400) for an unknown field
// or button, or none; BadRequest(413) when the body would have more than 64 KiB.
ActionAnswer read_action_form(const Json::Value& action, const Parameters& form);

// The values for the template `action`: fields, buttons and links. `form`: the form that was sent, to show what was
// typed. `problems`: those of read_action_form(); `texts` has a sentence for each, in which {max} is the most
// characters.
Json::Value action_view(const Json::Value& action, const Json::Value& texts, const Parameters* form = nullptr,
                        const std::map<std::size_t, std::string>& problems = {});

}  // namespace o365
