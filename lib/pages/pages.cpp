#include "lib/pages/pages.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>
#include <memory>
#include <stdexcept>

#include "lib/base/text.h"

namespace o365 {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::string_view kTemplates = "templates/";
constexpr std::string_view kStrings = "strings/en.json";

// An empty text counts as absent, so that {{#name}} asks for "is there anything to show".
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

Json::Value parse_strings(std::string_view text, const std::string& shown) {
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder().newCharReader()};
    Json::Value strings;
    std::string problems;
    if (!reader->parse(text.data(), text.data() + text.size(), &strings, &problems) || !strings.isObject())
        throw std::runtime_error(fmt::format("could not use the texts '{}': {}", shown, problems));
    return strings;
}

// A text that the operator's file leaves out stays ours: a newer program may have texts that his file knows nothing of.
void put_over(Json::Value& strings, const Json::Value& own) {
    for (const std::string& name : own.getMemberNames()) {
        if (own[name].isObject() && strings[name].isObject()) {
            put_over(strings[name], own[name]);
        } else {
            strings[name] = own[name];
        }
    }
}

}  // namespace

Pages::Pages(const std::string& folder) {
    std::error_code no_folder;
    if (!folder.empty() && !std::filesystem::is_directory(folder, no_folder))
        throw std::runtime_error(fmt::format("the setting templates names '{}', which is no folder", folder));
    for (const auto& [name, content] : embedded_files()) {
        std::string& text = files_.emplace(name, content).first->second;
        const std::filesystem::path own = std::filesystem::path(folder) / name;
        std::error_code error;
        const bool overridden = !folder.empty() && std::filesystem::exists(own, error);
        if (overridden) text = read_file(own);
        const std::string shown = overridden ? own.string() : name;
        if (name.starts_with(kTemplates)) {
            const mustache parsed{text};
            if (!parsed.is_valid())
                throw std::runtime_error(
                    fmt::format("could not use the template '{}': {}", shown, parsed.error_message()));
        } else if (name == kStrings) {
            strings_ = parse_strings(content, std::string(name));
            if (overridden) put_over(strings_, parse_strings(text, shown));
        }
    }
}

std::string Pages::render(std::string_view name, const Json::Value& values) const {
    // The analyzer loses the ownership of what mustache's data moves about.
    data all = as_data(values);  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
    std::string content = fill(files_.at(fmt::format("{}{}.mustache", kTemplates, name)), all);
    const auto layout = files_.find("templates/layout.mustache");
    if (layout == files_.end()) return content;
    all.set("content", data{content});
    return fill(layout->second, all);
}

std::string Pages::render_part(std::string_view name, const Json::Value& values) const {
    const data all = as_data(values);  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
    return fill(files_.at(fmt::format("{}{}.mustache", kTemplates, name)), all);
}

const std::string* Pages::file(std::string_view name) const {
    const auto found = files_.find(fmt::format("static/{}", name));
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace o365
