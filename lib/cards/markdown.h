// Markdown (cmark) as cards have it (office365-connectors.md 5.5): HTML in it is shown as text, links may be http,
// https and mailto only, pictures become links. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// Renders a text as HTML, in paragraphs; "" for "". The text may be hostile: no tag, event handler or script of it gets
// into the result. Bytes that are not UTF-8 are replaced.
std::string markdown_html(std::string_view text);

// The first line of a text that is not blank, as plain text without Markdown and HTML; "" when there is none.
std::string markdown_first_line(std::string_view text);

}  // namespace o365
