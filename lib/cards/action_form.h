// The form behind a link to a card's action (lib/cards/action_link.h): what a page shows of an HttpPOST or an
// ActionCard of a MessageCard, how what comes back is read, and the body that is made of it. Formats:
// office365-connectors.md 5.3, 5.4. Safe from any thread. The action was judged by o365.check_card; whatever it holds
// all the same only ends up unshown.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "lib/http/http.h"

namespace o365 {

// By the id of an input; those of several choices joined with ",", as {{id.value}} has them.
using InputValues = std::map<std::string, std::string, std::less<>>;

// `body` with each {{id.value}} replaced: as the inside of a JSON string, or %-encoded for
// application/x-www-form-urlencoded. An id that is no input is left as it stands; what was typed is not looked at
// again. Once it is longer than `most` bytes it is not gone on with.
std::string fill_in(std::string_view body, const InputValues& values, std::string_view content_type,
                    std::size_t most = std::string::npos);

// Of an HttpPOST's body: bodyContentType, else the header Content-Type, else application/json.
std::string body_content_type(const Json::Value& http_post);

// What came of a form. Fields are "press" (which button), "form" (random_token() of the page) and one an input, "i0",
// "i1"; of several choices one each, "i2-0".
struct ActionAnswer {
    int step = 0;  // the HttpPOST: its place in an ActionCard's actions, else 0
    std::string form;
    std::string content_type;
    std::string body;
    Json::Value inputs{Json::objectValue};        // by id: a string, of several choices an array of strings
    std::map<std::size_t, std::string> problems;  // by the input's place: required, too_long, one_line, choice, date
};

// Reads a form. With problems there is no body. Throws BadRequest(400) for fields that no form of ours has, a button
// that the action has not, or none; BadRequest(413) for what makes a body of more than 64 KiB.
ActionAnswer read_action_form(const Json::Value& action, const Parameters& form);

// Values for the template `action`: fields, buttons and links. With `form`, what came, fields hold what was typed, and
// `problems` those of read_action_form in words: `texts` has a text for each, {max} is the most characters.
Json::Value action_view(const Json::Value& action, const Json::Value& texts, const Parameters* form = nullptr,
                        const std::map<std::size_t, std::string>& problems = {});

}  // namespace o365
