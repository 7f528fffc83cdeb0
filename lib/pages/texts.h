// The texts of one language, strings/<language>.json: sections of named texts, and the section "language", which says
// how that language writes dates and numbers. docs/contributing.md, "a text", shows the format. Safe from any thread.
//
// A text is a whole sentence with {placeholders}, or one sentence for each plural form:
//     {"count": "cards", "one": "One card waits.", "other": "{cards} cards wait."}
// {name} is the value of that name: a text as it is, a whole number with the language's separators. A format may follow
// a colon: {since:date}, {until:date_time}; in HTML also {account:strong} and {id:code}.
#pragma once

#include <json/json.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace o365 {

// The plural form that a language uses for `count`: "one", "few", "many" or "other" (CLDR, without the forms for
// millions). English rules for a language that is not in the table.
std::string_view plural_form(std::string_view language, std::int64_t count);

// Whether a member of a strings file is a text rather than a section: a string, or an object with a string "other".
bool is_text(const Json::Value& value);

// The names of the placeholders in a text, of all its plural forms, without formats.
std::set<std::string> placeholders(const Json::Value& text);

class Texts {
  public:
    // `tree`: the object of a strings file. Texts that it lacks are shown as nothing.
    Texts(std::string language, Json::Value tree);

    // The language tag, as in <html lang>: "de", "pt-BR".
    const std::string& language() const noexcept { return language_; }
    // A section, with its placeholders not filled in; null when there is none.
    const Json::Value& operator[](const std::string& section) const { return tree_[section]; }

    // Chooses the plural form of `text` and fills its placeholders from the members of `values`. A placeholder whose
    // value is missing, or neither a text nor a whole number, is left out. For a section, returns a section of such
    // texts; for anything else null.
    Json::Value fill(const Json::Value& text, const Json::Value& values) const;
    // The same as HTML: text and values are escaped, :strong and :code mark a value up.
    Json::Value fill_html(const Json::Value& text, const Json::Value& values) const;

    // A time in ISO 8601, as jsonb has a timestamptz ("2026-11-29T15:46:16.5+00:00"), as "29 November 2026" or
    // "29 November 2026, 15:46 (UTC)". The time is shown in the offset in which it is written, and names it: "UTC",
    // "UTC+1", "UTC-3:30"; UTC when it has none. A date alone is shown without a time. Anything else is returned as it
    // is.
    std::string date(std::string_view time) const;
    std::string date_time(std::string_view time) const;
    // 1234 as "1234", 12345 as "12,345".
    std::string number(std::int64_t value) const;

  private:
    std::string in_words(std::string_view time, const char* pattern) const;
    std::string shown(std::string_view placeholder, const Json::Value& values, bool html) const;
    std::string replace_placeholders(std::string_view text, const Json::Value& values, bool html) const;
    Json::Value filled(const Json::Value& text, const Json::Value& values, bool html) const;

    std::string language_;
    Json::Value tree_;
};

}  // namespace o365
