#include "lib/json/json_position.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <sstream>

#include "lib/base/text.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

JsonPosition position_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto line_begin = before.rfind('\n');
    const std::size_t column = line_begin == std::string_view::npos ? offset : offset - line_begin - 1;
    return {static_cast<int>(lines) + 1, static_cast<int>(column) + 1};
}

// One step of a path: a name or an index.
struct Step {
    std::string name;
    std::optional<Json::ArrayIndex> index;
};
// Removes the first step from `path`. nullopt at its end, or where it cannot be read.
std::optional<Step> take_step(std::string_view& path) {
    Step step;
    if (path.starts_with('[')) {
        Json::ArrayIndex index = 0;
        const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
        if (error != std::errc{} || end == path.data() + path.size() || *end != ']') return std::nullopt;
        path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
        step.index = index;
        return step;
    }
    if (!path.starts_with('.')) return std::nullopt;
    path.remove_prefix(1);
    if (!path.starts_with('"')) {
        const auto end = path.find_first_of(".[");
        step.name = path.substr(0, end);
        path.remove_prefix(std::min(end, path.size()));
        return step;
    }
    // A name in quotation marks is a JSON string.
    std::size_t end = 1;
    while (end < path.size() && path[end] != '"') end += path[end] == '\\' ? 2 : 1;
    if (end >= path.size()) return std::nullopt;
    const auto named = parse_json("[" + std::string(path.substr(0, end + 1)) + "]");
    if (!named) return std::nullopt;
    step.name = (*named)[0].asString();
    path.remove_prefix(end + 1);
    return step;
}

const Json::Value* find(const Json::Value& value, const Step& step) {
    if (step.index) return value.isArray() && *step.index < value.size() ? &value[*step.index] : nullptr;
    return value.isObject() ? value.find(step.name.data(), step.name.data() + step.name.size()) : nullptr;
}

// What PostgreSQL refuses and jsoncpp accepts.
std::optional<JsonFault> postgres_fault(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (!is_utf8(text.substr(begin, end - begin)))
            return JsonFault{position_at(text, begin), "This line is not UTF-8: save the text as UTF-8."};
        begin = end + 1;
    }
    for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
        if (text.substr(at, 6) == "\\u0000")
            return JsonFault{position_at(text, at), "PostgreSQL cannot store \\u0000 in a text: leave it out."};
    }
    return std::nullopt;
}

// The first fault in jsoncpp's error text, which has for each fault a line "* Line 3, Column 5" and then lines that say
// what is wrong.
JsonFault first_fault(const std::string& errors) {
    JsonFault fault;
    std::istringstream lines(errors);
    std::string line;
    while (std::getline(lines, line)) {
        const bool number = line.starts_with("* Line ");
        if (number && !fault.words.empty()) break;
        if (number) {
            const auto comma = line.find(", Column ");
            if (comma == std::string::npos) continue;
            std::from_chars(line.data() + 7, line.data() + comma, fault.position.line);
            std::from_chars(line.data() + comma + 9, line.data() + line.size(), fault.position.column);
        } else if (!line.starts_with("See ")) {
            line.erase(0, line.find_first_not_of(' '));
            fault.words += (fault.words.empty() ? "" : " ") + line;
        }
    }
    if (fault.words.empty()) fault.words = "It cannot be read.";
    if (fault.words.back() != '.') fault.words += '.';
    return fault;
}

}  // namespace

std::optional<JsonPosition> json_position(std::string_view text, std::string_view path) {
    const auto root = parse_json(text);
    if (!root) return std::nullopt;
    const Json::Value* value = &*root;
    if (path.starts_with('$')) path.remove_prefix(1);
    while (const auto step = take_step(path)) {
        const Json::Value* const inner = find(*value, *step);
        if (inner == nullptr) break;
        value = inner;
    }
    return position_at(text, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, value->getOffsetStart())));
}

std::optional<JsonFault> json_fault(std::string_view text) {
    if (auto fault = postgres_fault(text)) return fault;
    const std::unique_ptr<Json::CharReader> reader = new_strict_reader();
    Json::Value value;
    std::string errors;
    try {
        if (!reader->parse(text.data(), text.data() + text.size(), &value, &errors)) return first_fault(errors);
    } catch (const Json::Exception&) {
        return JsonFault{{}, "It is nested too deeply."};
    }
    if (const auto flaw = json_flaw(text)) return JsonFault{position_at(text, flaw->offset), std::string(flaw->words)};
    if (!value.isObject()) return JsonFault{{}, "It is not an object: a card stands in { }."};
    return std::nullopt;
}

}  // namespace o365
