#include "lib/json/json_position.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <sstream>

#include "lib/base/text.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

Place place_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto line_begin = before.rfind('\n');
    const std::size_t column = line_begin == std::string_view::npos ? offset : offset - line_begin - 1;
    return {static_cast<int>(lines) + 1, static_cast<int>(column) + 1};
}

// One step of a path, taken off it: a name or an index. nullopt at its end, or where it cannot be read.
struct Step {
    std::string name;
    std::optional<Json::ArrayIndex> index;
};
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
    // A name in quotes is a JSON string.
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

// What PostgreSQL does not take, and the library does.
std::optional<JsonFault> postgres_fault(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (!is_utf8(text.substr(begin, end - begin)))
            return JsonFault{place_at(text, begin), "It is no UTF-8: save it as UTF-8."};
        begin = end + 1;
    }
    for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
        if (text.substr(at, 6) == "\\u0000")
            return JsonFault{place_at(text, at), "It has \\u0000, which PostgreSQL has in no text: leave it out."};
    }
    return std::nullopt;
}

// The first fault that the library names. It says "* Line 3, Column 5", what is wrong in the next line, and more of the
// same kind.
JsonFault first_fault(const std::string& said) {
    JsonFault fault;
    std::istringstream lines(said);
    std::string line;
    while (std::getline(lines, line)) {
        const bool number = line.starts_with("* Line ");
        if (number && !fault.words.empty()) break;
        if (number) {
            const auto comma = line.find(", Column ");
            if (comma == std::string::npos) continue;
            std::from_chars(line.data() + 7, line.data() + comma, fault.place.line);
            std::from_chars(line.data() + comma + 9, line.data() + line.size(), fault.place.column);
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

std::optional<Place> json_place(std::string_view text, std::string_view path) {
    const auto root = parse_json(text);
    if (!root) return std::nullopt;
    const Json::Value* value = &*root;
    if (path.starts_with('$')) path.remove_prefix(1);
    while (const auto step = take_step(path)) {
        const Json::Value* const inner = find(*value, *step);
        if (inner == nullptr) break;
        value = inner;
    }
    return place_at(text, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, value->getOffsetStart())));
}

std::optional<JsonFault> json_fault(std::string_view text) {
    if (auto fault = postgres_fault(text)) return fault;
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    std::string said;
    try {
        if (!reader->parse(text.data(), text.data() + text.size(), &value, &said)) return first_fault(said);
    } catch (const Json::Exception&) {
        return JsonFault{{}, "It is nested too deep."};
    }
    if (const auto flaw = json_flaw(text)) return JsonFault{place_at(text, flaw->offset), std::string(flaw->words)};
    if (!value.isObject()) return JsonFault{{}, "It is no object: a card stands in { }."};
    return std::nullopt;
}

}  // namespace o365
