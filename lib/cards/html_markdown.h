// Converts HTML in texts of MessageCards to Markdown, because Adaptive Cards have no HTML (office365-connectors.md 5.5,
// 6.1). Senders write tags and character references because Teams rendered some in connector cards. Safe from any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// Replaces the tags that Markdown can express: emphasis, code, headings, links to the web, pictures, lists, paragraphs
// and breaks. Removes tags that only change the look (span, font). Leaves other tags, opening tags without a closing
// one, and text between backticks as they are. Replaces character references by their characters, except where that
// would make a tag: "&lt;b>" stays.
std::string markdown_from_html(std::string_view text);

// Decodes the character references of a text that is shown as plain text, such as the name of a button.
std::string without_references(std::string_view text);

}  // namespace o365
