// Pages from mustache templates (kainjow) and texts in several languages. Templates, texts and static files are
// compiled in (cmake/embed.cmake); the setting `templates` names a folder whose files, with the same names, take their
// place, and which may have texts in more languages. Values are HTML-escaped by {{name}}. Safe from any thread once
// made.
#pragma once

#include <json/json.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pages/texts.h"

namespace o365 {

// Files compiled into the program: "templates/landing.mustache", "static/o365.css", "strings/en.json" -> content.
const std::map<std::string, std::string_view, std::less<>>& embedded_files();

class Pages {
  public:
    // `folder` as in the setting `templates`; empty for none. Of strings/<language>.json there, the texts take the
    // place of ours one by one; a file for a language that we have not adds it. A text that a language lacks is
    // English. `language` is for readers who prefer none of those that there are, and serves as find_language says.
    // Throws std::runtime_error naming a folder that is none, a file that does not parse or cannot be read, or a
    // language that there is not.
    explicit Pages(const std::string& folder, const std::string& language = "en");

    // Renders templates/<name>.mustache with `values`, inside templates/layout.mustache ({{{content}}}, and all of
    // `values`). An empty text and null count as absent: {{#name}} is left out for them. Throws std::out_of_range for a
    // name that does not exist.
    std::string render(std::string_view name, const Json::Value& values) const;
    // The same without the layout: a part of a page, to be put into another as {{{...}}}.
    std::string render_part(std::string_view name, const Json::Value& values) const;
    // The texts that templates/<name>.mustache and the layout show as {{t.<text>}}, and as HTML, {{{h.<text>}}}. Throws
    // std::out_of_range like render.
    struct UsedTexts {
        std::set<std::string> plain, html;
    };
    const UsedTexts& used_texts(std::string_view name) const;
    // The static file, or nullptr. `name` as in the URL: "o365.css".
    const std::string* file(std::string_view name) const;

    // The languages that there are, in alphabetical order: "de", "en". Empty when the program has no texts.
    const std::vector<std::string>& languages() const noexcept { return languages_; }
    // The texts of the language that serves `tag`, or nullptr.
    const Texts* find_texts(std::string_view tag) const;
    // The texts for a reader whose browser sends that Accept-Language ("" for none).
    const Texts& texts(std::string_view accept_language) const;
    // What an operator should put right in the files of his folder, a sentence each: texts that a language lacks, texts
    // that no page shows, placeholders that there are none of.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

  private:
    void read_texts(const std::string& folder);

    std::map<std::string, std::string, std::less<>> files_;
    std::map<std::string, UsedTexts, std::less<>> used_texts_;  // by the template's name
    std::map<std::string, Texts, std::less<>> texts_;           // by a tag of languages_
    std::vector<std::string> languages_;
    std::string default_language_;
    std::vector<std::string> warnings_;
};

}  // namespace o365
