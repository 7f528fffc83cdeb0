#include "lib/cards/teams_markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/cards/html_markdown.h"
#include "lib/http/web_address.h"

namespace o365 {
namespace {

// Replaces CR LF, and CR alone, which Teams' documentation uses, by LF.
std::string with_line_feeds(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            result += text[i];
        } else if (i + 1 == text.size() || text[i + 1] != '\n') {
            result += '\n';
        }
    }
    return result;
}

// "## Name ##" is "**Name**".
std::optional<std::string> heading(std::string_view line) {
    const auto level = line.find_first_not_of('#');
    if (level == 0 || level == std::string_view::npos || level > 6 || line[level] != ' ') return std::nullopt;
    std::string name(trimmed(line.substr(level)));
    while (name.ends_with('#')) name.pop_back();
    name = std::string(trimmed(name));
    if (name.empty()) return std::nullopt;
    return name.find('*') == std::string::npos ? "**" + name + "**" : name;
}

// How many backticks the line has when it begins or ends a block of code; 0 for other lines, such as "```code```".
std::size_t fence(std::string_view line) {
    const auto end = std::min(line.find_first_not_of('`'), line.size());
    return end >= 3 && line.find('`', end) == std::string_view::npos ? end : 0;
}

// A line of code with its Markdown escaped.
std::string escaped(std::string_view line) {
    std::string result;
    const auto first = line.find_first_not_of(" \t");
    const auto digits_end = first == std::string_view::npos ? first : line.find_first_not_of("0123456789", first);
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool begins_list = (i == first && std::string_view("-+>=").find(line[i]) != std::string_view::npos) ||
                                 (i == digits_end && i != first && (line[i] == '.' || line[i] == ')'));
        if (begins_list || std::string_view("\\`*_[]#~|").find(line[i]) != std::string_view::npos) result += '\\';
        result += line[i];
    }
    return result;
}

// "![name](url)" is "[name](url)", without a name the url. With `pictures` those of the web are appended there.
std::string without_pictures(std::string_view line, std::vector<TextPicture>* pictures) {
    std::string result;
    const bool has_one = line.find("![") == line.rfind("![");
    while (true) {
        const auto open = line.find("![");
        if (open == std::string_view::npos) break;
        const auto middle = line.find("](", open);
        const auto close = middle == std::string_view::npos ? middle : line.find(')', middle);
        if (close == std::string_view::npos) break;
        result += line.substr(0, open);
        const std::string name(line.substr(open + 2, middle - open - 2));
        const std::string url(line.substr(middle + 2, close - middle - 2));
        line.remove_prefix(close + 1);
        const bool is_shown = pictures != nullptr && is_web_address(url);
        if (is_shown) pictures->push_back({name, url});
        // A line that is one picture and nothing else becomes empty.
        if (is_shown && has_one && trimmed(result).empty() && trimmed(line).empty()) return {};
        result += name.empty() ? url : fmt::format("[{}]({})", name, url);
    }
    result += line;
    return result;
}

// ---- Rules: each handles a line and returns true, or leaves it to the next rule ----

struct Line {
    std::string_view text;
    std::string_view bare;  // without blanks at its ends
    bool is_last = false;
    bool is_before_empty = false;  // the next line is empty
};

struct Reading {
    std::string result;
    std::size_t code = 0;  // backticks of the block of code that is open
    bool after_table = false;
    std::vector<TextPicture>* pictures = nullptr;
};

void write(const Line& line, Reading& reading, std::string_view text, bool as_paragraph) {
    reading.result += text;
    if (!line.is_last) reading.result += as_paragraph ? "\n\n" : "\n";
}

bool opens_code(const Line& line, Reading& reading) {
    if (reading.code > 0 || fence(line.bare) == 0) return false;
    reading.code = fence(line.bare);
    return true;
}

bool closes_code(const Line& line, Reading& reading) {
    const std::size_t backticks = fence(line.bare);
    if (reading.code == 0 || backticks < reading.code || backticks != line.bare.size()) return false;
    reading.code = 0;
    return true;
}

bool is_code(const Line& line, Reading& reading) {
    if (reading.code == 0) return false;
    write(line, reading, escaped(line.text), !line.bare.empty());
    return true;
}

// "|---|:-:|" has nothing to show.
bool rules_table(const Line& line, Reading& /*reading*/) {
    return line.bare.find('-') != std::string_view::npos && line.bare.find('|') != std::string_view::npos &&
           line.bare.find_first_not_of("|-: \t\r") == std::string_view::npos;
}

bool is_table_row(const Line& line, Reading& reading) {
    if (line.bare.size() <= 2 || !line.bare.starts_with('|') || !line.bare.ends_with('|')) return false;
    write(line, reading, trimmed(line.bare.substr(1, line.bare.size() - 2)), true);
    reading.after_table = true;
    return true;
}

bool is_heading(const Line& line, Reading& reading) {
    const auto name = heading(line.bare);
    if (!name) return false;
    write(line, reading, *name, !line.is_before_empty);
    return true;
}

bool is_text(const Line& line, Reading& reading) {
    if (reading.after_table && !line.bare.empty() && !reading.result.ends_with("\n\n")) reading.result += '\n';
    reading.after_table = false;
    write(line, reading, without_pictures(line.text, reading.pictures), false);
    return true;
}

// Tried in this order. The last one handles every line.
constexpr std::array kRules = {opens_code, closes_code, is_code, rules_table, is_table_row, is_heading, is_text};

}  // namespace

std::string teams_markdown(const std::string& text, std::vector<TextPicture>* pictures) {
    const bool marked = text.find_first_of("#|`<&\r") != std::string::npos || text.find("![") != std::string::npos;
    if (!marked) return text;
    const std::string source = with_line_feeds(markdown_from_html(text));
    Reading reading;
    reading.pictures = pictures;
    std::string_view rest = source;
    while (true) {
        const auto end = rest.find('\n');
        const bool is_last = end == std::string_view::npos;
        const std::string_view line_text = rest.substr(0, end);
        if (!is_last) rest.remove_prefix(end + 1);
        const Line line{line_text, trimmed(line_text), is_last, !is_last && rest.starts_with('\n')};
        std::ranges::any_of(kRules, [&](const auto rule) { return rule(line, reading); });
        if (is_last) break;
    }
    return std::move(reading.result);
}

}  // namespace o365
