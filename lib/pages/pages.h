// Pages from mustache templates (kainjow) and texts in several languages. Templates, texts and static files are
// compiled in (cmake/embed.cmake). The setting `templates` names a folder whose files replace those of the same name,
// and which may have texts in more languages. {{name}} escapes a value for HTML. Once made, safe from any thread.
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
    // `folder`: the setting `templates`; empty for none. The texts in its strings/<language>.json replace ours one by
    // one; a file for a new language adds that language. A text that a language lacks is shown in English. `language`:
    // for readers who prefer none of the languages, chosen with find_language(). Throws std::runtime_error, with the
    // name, for a folder that does not exist, a file that cannot be read or parsed, and a language without texts.
    explicit Pages(const std::string& folder, const std::string& language = "en");

    // Renders templates/<name>.mustache with `values`, inside templates/layout.mustache ({{{content}}}, and all of
    // `values`). An empty text and null count as absent: {{#name}} is left out for them. Throws std::out_of_range for a
    // name that does not exist.
    std::string render(std::string_view name, const Json::Value& values) const;
    // The same without the layout, for a part of a page that another template shows as {{{...}}}.
    std::string render_part(std::string_view name, const Json::Value& values) const;
    // The names of the texts that templates/<name>.mustache and the layout show. Throws std::out_of_range like render.
    struct UsedTexts {
        std::set<std::string> plain;  // as {{t.<text>}}
        std::set<std::string> html;   // as {{{h.<text>}}}
    };
    const UsedTexts& used_texts(std::string_view name) const;
    // The static file, or nullptr. `name` as in the URL: "o365.css".
    const std::string* file(std::string_view name) const;

    // The languages, in alphabetical order: "de", "en". Empty when the program has no texts.
    const std::vector<std::string>& languages() const noexcept { return languages_; }
    // The texts of the language that find_language() gives for `tag`, or nullptr.
    const Texts* find_texts(std::string_view tag) const;
    // The texts for a reader whose browser sends that Accept-Language ("" for none). The program must have texts.
    const Texts& texts(std::string_view accept_language) const;
    // What the operator should correct in the folder's texts, a sentence each: texts that a language lacks, texts that
    // no page shows, unknown placeholders.
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
