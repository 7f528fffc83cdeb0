// Markdown (cmark) as cards have it (office365-connectors.md 5.5): HTML in it is shown as the text that it is, links
// lead to http, https and mailto only, pictures become links. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// The HTML of a text, paragraphs and all; "" for an empty one. What it is given may say anything: no tag, handler or
// script of its makes it into the result. Bytes that are not UTF-8 are replaced.
std::string markdown_html(std::string_view text);

// The first line of a text that has one, without Markdown and HTML, for a place where neither is read; "" for none.
std::string markdown_first_line(std::string_view text);

}  // namespace o365
