// Texts of cards as HTML that a page may hold (office365-connectors.md 5 and 6.1).
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// What a button of a MessageCard opens, and a link in a text.
bool is_web(std::string_view uri);
bool is_link(std::string_view uri);

struct Mention {
    std::string text;  // "<at>Ann</at>"
    std::string name;
};
// The mentions that an Adaptive Card declares; other mention tags are text.
std::vector<Mention> mentions_of(const Json::Value& card);

// A text of an Adaptive Card as cards.js shows it.
std::string adaptive_html(std::string_view text, const std::vector<Mention>& mentions);

// HTML of a card that Teams reads as HTML ("markdown": false), reduced to what is safe in a page: text, emphasis,
// lists, quotes, headings and links to the web. Any other tag is shown as text; an unclosed tag is closed.
std::string limited_html(std::string_view html);

}  // namespace o365
