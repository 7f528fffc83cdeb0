#include "lib/pages/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "lib/base/text.h"
#include "lib/pages/accept_language.h"

namespace o365 {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::string_view kTemplates = "templates/";
constexpr std::string_view kLayout = "templates/layout.mustache";
constexpr std::string_view kStrings = "strings/";
constexpr std::string_view kJson = ".json";
constexpr std::string_view kEnglish = "strings/en.json";

// An empty text counts as absent, so that {{#name}} asks whether there is anything to show.
data as_data(const Json::Value& value) {
    switch (value.type()) {
        case Json::objectValue: {
            data object{data::type::object};
            for (const std::string& name : value.getMemberNames()) object.set(name, as_data(value[name]));
            return object;
        }
        case Json::arrayValue: {
            data list{data::type::list};
            for (const Json::Value& element : value) list.push_back(as_data(element));
            return list;
        }
        case Json::booleanValue:
            return data{value.asBool()};
        case Json::nullValue:
            return data{false};
        default: {
            const std::string text = value.asString();
            return text.empty() ? data{false} : data{text};
        }
    }
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw std::runtime_error(fmt::format("could not read '{}'", path.string()));
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string fill(const std::string& text, const data& values) {
    mustache parsed{text};
    parsed.set_custom_escape([](const std::string& plain) { return html_escape(plain); });
    return parsed.render(values);
}

std::string template_file(std::string_view name) { return fmt::format("{}{}.mustache", kTemplates, name); }

// Adds the texts that a template's tags name.
void note_used_texts(std::string_view text, Pages::UsedTexts& used) {
    constexpr std::string_view kOpen = "{{";
    for (auto at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, at)) {
        const auto begin = text.find_first_not_of("{#^/& ", at);
        if (begin == std::string_view::npos) return;
        at = text.find_first_of("} ", begin);
        const std::string_view name = text.substr(begin, at - begin);
        if (name.starts_with("t.")) used.plain.emplace(name.substr(2));
        if (name.starts_with("h.")) used.html.emplace(name.substr(2));
    }
}

Json::Value parse_strings(std::string_view text, const std::string& shown) {
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder().newCharReader()};
    Json::Value strings;
    std::string problems;
    if (!reader->parse(text.data(), text.data() + text.size(), &strings, &problems) || !strings.isObject())
        throw std::runtime_error(fmt::format("could not use the texts '{}': {}", shown, problems));
    return strings;
}

// Replaces texts by those in `own`, one by one; a text is replaced with all its plural forms.
void put_over(Json::Value& texts, const Json::Value& own) {
    for (auto one = own.begin(); one != own.end(); ++one) {
        Json::Value& place = texts[one.name()];
        if (one->isObject() && place.isObject() && !is_text(*one) && !is_text(place)) {
            put_over(place, *one);
        } else {
            place = *one;
        }
    }
}

// Compares an operator's texts with the English ones and collects warnings.
class TextCheck {
  public:
    // `shown`: the file, for messages. `english`: the texts that every language should have.
    TextCheck(std::string shown, const Json::Value& english) : shown_(std::move(shown)) { note_placeholders(english); }

    // Throws std::runtime_error for anything that is not a text where there must be one.
    void check(const Json::Value& english, const Json::Value& own, const std::string& at = {}) {
        for (const std::string& name : own.getMemberNames()) {
            const std::string path = at.empty() ? name : at + "." + name;
            if (!english.isMember(name)) {
                unknown_.push_back(path);
            } else if (is_text(english[name])) {
                check_text(own[name], path);
            } else if (!own[name].isObject() || is_text(own[name])) {
                refuse(path, "a section of texts");
            } else {
                check(english[name], own[name], path);
            }
        }
    }
    // Notes the English texts that `own` lacks.
    void find_missing(const Json::Value& english, const Json::Value& own, const std::string& at = {}) {
        for (const std::string& name : english.getMemberNames()) {
            const std::string path = at.empty() ? name : at + "." + name;
            if (is_text(english[name])) {
                if (!own.isMember(name)) missing_.push_back(path);
            } else {
                find_missing(english[name], own.isMember(name) ? own[name] : Json::Value(Json::objectValue), path);
            }
        }
    }

    std::vector<std::string> warnings() const {
        std::vector<std::string> all;
        if (!missing_.empty())
            all.push_back(fmt::format("{} lacks texts, which are shown in English: {}", shown_, listed(missing_)));
        if (!unknown_.empty())
            all.push_back(fmt::format("{} has texts that no page shows: {}", shown_, listed(unknown_)));
        if (!unfilled_.empty())
            all.push_back(fmt::format("{} has placeholders that nothing fills: {}", shown_, listed(unfilled_)));
        return all;
    }

  private:
    static constexpr std::size_t kMostListed = 5;

    static std::string listed(const std::vector<std::string>& names) {
        const std::size_t most = std::min(names.size(), kMostListed);
        std::string text =
            fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most), ", "));
        return names.size() == most ? text : fmt::format("{} and {} more", text, names.size() - most);
    }

    [[noreturn]] void refuse(const std::string& path, const std::string& expected) const {
        throw std::runtime_error(fmt::format("could not use the texts '{}': {} must be {}", shown_, path, expected));
    }

    void note_placeholders(const Json::Value& texts) {
        for (const Json::Value& one : texts) {
            if (is_text(one)) {
                known_.merge(placeholders(one));
            } else {
                note_placeholders(one);
            }
        }
    }

    void check_text(const Json::Value& text, const std::string& path) {
        if (!is_text(text)) refuse(path, "a text, or an object with a text for each plural form and \"other\"");
        if (text.isObject()) {
            for (const Json::Value& form : text) {
                if (!form.isString()) refuse(path, "an object of texts");
            }
            if (!text.isMember("count")) refuse(path, "an object that names a number in \"count\"");
        }
        for (const std::string& name : placeholders(text)) {
            if (!known_.contains(name)) unfilled_.push_back(fmt::format("{{{}}} in {}", name, path));
        }
    }

    std::string shown_;
    std::set<std::string> known_;
    std::vector<std::string> missing_, unknown_, unfilled_;
};

// "strings/de.json" -> "de"; "" for the name of any other file.
std::string language_of(std::string_view name) {
    if (!name.starts_with(kStrings) || !name.ends_with(kJson)) return {};
    name.remove_prefix(kStrings.size());
    name.remove_suffix(kJson.size());
    return is_language_tag(name) ? std::string(name) : std::string();
}

// The files of texts in the operator's folder, by language.
std::map<std::string, std::filesystem::path> own_texts(const std::string& folder) {
    std::map<std::string, std::filesystem::path> found;
    std::error_code error;
    if (folder.empty()) return found;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(folder) / kStrings, error)) {
        const std::string language = language_of(fmt::format("{}{}", kStrings, entry.path().filename().string()));
        if (!language.empty()) found.emplace(language, entry.path());
    }
    return found;
}

}  // namespace

Pages::Pages(const std::string& folder, const std::string& language) {
    std::error_code no_folder;
    if (!folder.empty() && !std::filesystem::is_directory(folder, no_folder))
        throw std::runtime_error(fmt::format("the setting templates names '{}', which is not a folder", folder));
    for (const auto& [name, content] : embedded_files()) {
        if (name.starts_with(kStrings)) continue;
        std::string& text = files_.emplace(name, content).first->second;
        const std::filesystem::path own = std::filesystem::path(folder) / name;
        std::error_code error;
        const bool overridden = !folder.empty() && std::filesystem::exists(own, error);
        if (overridden) text = read_file(own);
        if (!name.starts_with(kTemplates)) continue;
        const mustache parsed{text};
        if (!parsed.is_valid())
            throw std::runtime_error(fmt::format("could not use the template '{}': {}",
                                                 overridden ? own.string() : name, parsed.error_message()));
    }
    const auto layout = files_.find(kLayout);
    for (const auto& [name, text] : files_) {
        if (!name.starts_with(kTemplates)) continue;
        UsedTexts& used = used_texts_[name];
        note_used_texts(text, used);
        if (layout != files_.end()) note_used_texts(layout->second, used);
    }
    read_texts(folder);
    if (languages_.empty()) return;
    const std::string* const served = find_language(language, languages_);
    if (served == nullptr)
        throw std::runtime_error(fmt::format("the setting language names '{}', and there are texts in {} only",
                                             language, fmt::join(languages_, ", ")));
    default_language_ = *served;
}

void Pages::read_texts(const std::string& folder) {
    const auto shipped = embedded_files().find(kEnglish);
    if (shipped == embedded_files().end()) return;
    const Json::Value ours = parse_strings(shipped->second, std::string(kEnglish));
    std::map<std::string, std::filesystem::path> own = own_texts(folder);
    // English first: the other languages fall back to it, with the operator's changes.
    std::vector<std::string> languages{"en"};
    for (const auto& [name, content] : embedded_files()) {
        if (name.starts_with(kStrings) && name != kEnglish) languages.push_back(language_of(name));
    }
    for (const auto& [language, path] : own) {
        if (std::find(languages.begin(), languages.end(), language) == languages.end()) languages.push_back(language);
    }
    Json::Value english = ours;
    for (const std::string& language : languages) {
        Json::Value texts = language == "en" ? ours : english;
        const std::string name = fmt::format("{}{}{}", kStrings, language, kJson);
        const auto embedded = embedded_files().find(name);
        if (embedded != embedded_files().end() && language != "en")
            put_over(texts, parse_strings(embedded->second, name));
        if (const auto file = own.find(language); file != own.end()) {
            const std::string shown = file->second.string();
            const Json::Value more = parse_strings(read_file(file->second), shown);
            TextCheck compared(shown, ours);
            compared.check(ours, more);
            if (embedded == embedded_files().end()) compared.find_missing(ours, more);
            for (const std::string& warning : compared.warnings()) warnings_.push_back(warning);
            put_over(texts, more);
        }
        if (language == "en") english = texts;
        texts_.emplace(language, Texts(language, std::move(texts)));
    }
    for (const auto& [language, texts] : texts_) languages_.push_back(language);
}

const Texts* Pages::find_texts(std::string_view tag) const {
    const std::string* const language = find_language(tag, languages_);
    return language == nullptr ? nullptr : &texts_.at(*language);
}

const Texts& Pages::texts(std::string_view accept_language) const {
    const std::string* const language = negotiate_language(accept_language, languages_);
    return texts_.at(language == nullptr ? default_language_ : *language);
}

std::string Pages::render(std::string_view name, const Json::Value& values) const {
    // A false positive: the analyzer loses the ownership of what mustache's data moves.
    data all = as_data(values);  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
    std::string content = fill(files_.at(template_file(name)), all);
    const auto layout = files_.find(kLayout);
    if (layout == files_.end()) return content;
    all.set("content", data{content});
    return fill(layout->second, all);
}

std::string Pages::render_part(std::string_view name, const Json::Value& values) const {
    const data all = as_data(values);  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
    return fill(files_.at(template_file(name)), all);
}

const Pages::UsedTexts& Pages::used_texts(std::string_view name) const { return used_texts_.at(template_file(name)); }

const std::string* Pages::file(std::string_view name) const {
    const auto found = files_.find(fmt::format("static/{}", name));
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace o365
