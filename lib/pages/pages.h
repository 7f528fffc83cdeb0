// Pages from mustache templates (kainjow). Templates, texts and static files are compiled in (cmake/embed.cmake); the
// setting `templates` names a folder whose files, with the same names, take their place. Values are HTML-escaped by
// {{name}}. Safe from any thread once made.
#pragma once

#include <json/json.h>

#include <map>
#include <string>
#include <string_view>

namespace o365 {

// Files compiled into the program: "templates/landing.mustache", "static/o365.css", "strings/en.json" -> content.
const std::map<std::string, std::string_view, std::less<>>& embedded_files();

class Pages {
  public:
    // `folder` as in the setting `templates`; empty for none. Of strings/en.json there, the texts take the place of
    // ours one by one. Throws std::runtime_error naming a folder that is none, or a file that does not parse or cannot
    // be read.
    explicit Pages(const std::string& folder);

    // Renders templates/<name>.mustache with `values`, inside templates/layout.mustache ({{{content}}}, and all of
    // `values`). An empty text and null count as absent: {{#name}} is left out for them. Throws std::out_of_range for a
    // name that does not exist.
    std::string render(std::string_view name, const Json::Value& values) const;
    // The same without the layout: a part of a page, to be put into another as {{{...}}}.
    std::string render_part(std::string_view name, const Json::Value& values) const;
    // The static file, or nullptr. `name` as in the URL: "o365.css".
    const std::string* file(std::string_view name) const;
    // The texts of strings/en.json; null when the program has none.
    const Json::Value& strings() const noexcept { return strings_; }

  private:
    std::map<std::string, std::string, std::less<>> files_;
    Json::Value strings_;
};

}  // namespace o365
