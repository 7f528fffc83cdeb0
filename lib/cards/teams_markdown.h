// Converts texts of MessageCards to the Markdown that a TextBlock renders (office365-connectors.md 5.5, 6.1). It
// renders no HTML, headings, tables, blocks of code and pictures, so these are rewritten. Safe from any thread.
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
// code with its Markdown escaped, and a picture as a link. With `pictures`, pictures that have a web address are
// appended there, and a line that is one picture and nothing else becomes empty. Other text stays as it is.
std::string teams_markdown(const std::string& text, std::vector<TextPicture>* pictures = nullptr);

}  // namespace o365
