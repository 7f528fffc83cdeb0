// HTML in texts of MessageCards as Markdown for Adaptive Cards, which know no HTML (office365-connectors.md 5.5, 6.1).
// Senders write tags and character references because Teams knew some in connector cards. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// The text with the tags that have Markdown written in it: emphasis, code, headings, links to the web, pictures, lists,
// paragraphs and breaks, with attributes or without. Tags that only change the look (span, font) are left out. An
// opening tag changes only with its closing one; every other tag, and whatever stands between backticks, stays the text
// that it is. Character references become their characters, but for those of a tag: "&lt;b>" stays as it is.
std::string markdown_from_html(std::string_view text);

// A text where neither HTML nor Markdown is read, such as the name of a button, with its character references decoded.
std::string without_references(std::string_view text);

}  // namespace o365
