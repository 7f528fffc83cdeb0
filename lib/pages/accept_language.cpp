#include "lib/pages/accept_language.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "lib/base/text.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxHeader = 1000;
constexpr std::size_t kMaxSubtag = 8;
constexpr int kWhole = 1000;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Removes from `text` the part before `separator`, and the separator, and returns that part.
std::string_view take_part(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return part;
}

// A qvalue ("0", "0.5", "1.000") in thousandths; nullopt for anything else.
std::optional<int> parse_qvalue(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    int value = text[0] == '1' ? kWhole : 0;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int digit_worth = kWhole / 10;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) return std::nullopt;
        value += (c - '0') * digit_worth;
        digit_worth /= 10;
    }
    return value <= kWhole ? std::optional(value) : std::nullopt;
}

struct Range {
    std::string_view tag;  // or "*"
    int quality = kWhole;
};

std::optional<Range> parse_range(std::string_view element) {
    Range range;
    range.tag = trimmed(take_part(element, ';'));
    if (range.tag != "*" && !is_language_tag(range.tag)) return std::nullopt;
    const std::string_view weight = trimmed(element);
    if (weight.empty()) return range;
    if (weight.size() < 2 || !same_name(weight.substr(0, 2), "q=")) return std::nullopt;
    const auto quality = parse_qvalue(weight.substr(2));
    if (!quality) return std::nullopt;
    range.quality = *quality;
    return range;
}

// Whether `tag` is `beginning`, or `beginning` and further subtags.
bool begins_with(std::string_view tag, std::string_view beginning) {
    return tag.size() >= beginning.size() && same_name(tag.substr(0, beginning.size()), beginning) &&
           (tag.size() == beginning.size() || tag[beginning.size()] == '-');
}

}  // namespace

bool is_language_tag(std::string_view text) {
    if (text.empty() || text.ends_with('-')) return false;
    for (bool is_first = true; !text.empty(); is_first = false) {
        const std::string_view subtag = take_part(text, '-');
        if (subtag.empty() || subtag.size() > kMaxSubtag) return false;
        for (const char c : subtag) {
            if (!is_letter(c) && (is_first || !is_digit(c))) return false;
        }
    }
    return true;
}

const std::string* find_language(std::string_view tag, std::span<const std::string> offered) {
    const std::string* best = nullptr;
    for (const std::string& one : offered) {
        if (begins_with(tag, one) && (best == nullptr || one.size() > best->size())) best = &one;
    }
    if (best != nullptr) return best;
    // A reader of pt-PT reads pt-BR rather than another language.
    for (std::string_view shorter = tag; !shorter.empty();) {
        for (const std::string& one : offered) {
            if (begins_with(one, shorter)) return &one;
        }
        const auto dash = shorter.rfind('-');
        shorter = dash == std::string_view::npos ? std::string_view{} : shorter.substr(0, dash);
    }
    return nullptr;
}

const std::string* negotiate_language(std::string_view header, std::span<const std::string> offered) {
    if (header.size() > kMaxHeader) return nullptr;
    std::vector<Range> ranges;
    while (!header.empty()) {
        if (const auto range = parse_range(take_part(header, ','))) ranges.push_back(*range);
    }
    std::stable_sort(ranges.begin(), ranges.end(),
                     [](const Range& a, const Range& b) { return a.quality > b.quality; });
    const auto is_refused = [&](std::string_view tag) {
        return std::any_of(ranges.begin(), ranges.end(),
                           [&](const Range& range) { return range.quality == 0 && same_name(range.tag, tag); });
    };
    for (const Range& range : ranges) {
        if (range.quality == 0 || range.tag == "*") return nullptr;
        const std::string* const found = find_language(range.tag, offered);
        if (found != nullptr && !is_refused(*found)) return found;
    }
    return nullptr;
}

}  // namespace o365
