// Texts of MessageCards as the Markdown that a TextBlock renders (office365-connectors.md 5.5, 6.1): it knows no HTML,
// headings, tables, blocks of code and pictures, so each is written in a way that reads well. Safe from any thread.
#pragma once

#include <string>
#include <vector>

namespace o365 {

// A picture in a text: ![name](url).
struct TextPicture {
    std::string name;
    std::string url;
};

// The text with HTML as Markdown (html_markdown.h), "## Name" as "**Name**", a row of a table as its cells, a line of
// code with its Markdown escaped, and a picture as a link. With `pictures`, those of the web are appended there, and a
// line that is a picture and nothing else becomes empty. A text that has none of it is returned as it is; "" for "".
std::string teams_markdown(const std::string& text, std::vector<TextPicture>* pictures = nullptr);

}  // namespace o365
