#include "lib/pages/texts.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "lib/base/text.h"

namespace o365 {
namespace {

const Json::Value& member(const Json::Value& object, const std::string& name) {
    return object.isObject() ? object[name] : Json::Value::nullSingleton();
}

std::string text_or(const Json::Value& object, const std::string& name, const char* otherwise) {
    const Json::Value& text = member(object, name);
    return text.isString() ? text.asString() : otherwise;
}

// ---- Plural forms ---------------------------------------------------------------------------------------------------

using PluralRule = std::string_view (*)(std::int64_t count);

std::string_view one_is_one(std::int64_t n) { return n == 1 ? "one" : "other"; }
std::string_view zero_and_one_are_one(std::int64_t n) { return n == 0 || n == 1 ? "one" : "other"; }
std::string_view all_are_other(std::int64_t /*n*/) { return "other"; }
bool ends_in_2_to_4(std::int64_t n) { return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14); }
std::string_view czech(std::int64_t n) { return n == 1 ? "one" : n >= 2 && n <= 4 ? "few" : "other"; }
std::string_view polish(std::int64_t n) { return n == 1 ? "one" : ends_in_2_to_4(n) ? "few" : "many"; }
std::string_view russian(std::int64_t n) {
    return n % 10 == 1 && n % 100 != 11 ? "one" : ends_in_2_to_4(n) ? "few" : "many";
}

// The languages whose plural rule is not that of English.
constexpr std::array<std::pair<std::string_view, PluralRule>, 10> kPluralRules = {{{"cs", czech},
                                                                                   {"fr", zero_and_one_are_one},
                                                                                   {"ja", all_are_other},
                                                                                   {"ko", all_are_other},
                                                                                   {"pl", polish},
                                                                                   {"pt", zero_and_one_are_one},
                                                                                   {"ru", russian},
                                                                                   {"sk", czech},
                                                                                   {"uk", russian},
                                                                                   {"zh", all_are_other}}};

// The number that chooses the plural form. Settings arrive as texts.
std::int64_t count_in(const Json::Value& value) {
    if (value.isInt64()) return value.asInt64();
    std::int64_t count = 0;
    if (value.isString()) {
        const std::string text = value.asString();
        std::from_chars(text.data(), text.data() + text.size(), count);
    }
    return count;
}

// ---- Dates ----------------------------------------------------------------------------------------------------------

struct Time {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0;
    bool has_time = false;
    std::string zone;
};

// Removes a number of exactly `digits` digits and then `separator` from the beginning of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits, std::string_view separator) {
    int number = 0;
    if (text.size() < digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (error != std::errc{} || end != text.data() + digits || number < 0) return std::nullopt;
    text.remove_prefix(digits);
    if (!text.starts_with(separator)) return std::nullopt;
    text.remove_prefix(separator.size());
    return number;
}

// "Z", "+01", "-03:30", "+0100" as "UTC", "UTC+1", "UTC-3:30", "UTC+1".
std::optional<std::string> zone_in_words(std::string_view offset) {
    if (offset.empty() || offset == "Z") return "UTC";
    const char sign = offset[0];
    if (sign != '+' && sign != '-') return std::nullopt;
    offset.remove_prefix(1);
    const auto hours = take_number(offset, 2, "");
    if (!hours) return std::nullopt;
    if (offset.starts_with(':')) offset.remove_prefix(1);
    const auto minutes = offset.empty() ? std::optional(0) : take_number(offset, 2, "");
    if (!minutes || !offset.empty()) return std::nullopt;
    if (*hours == 0 && *minutes == 0) return "UTC";
    return *minutes == 0 ? fmt::format("UTC{}{}", sign, *hours) : fmt::format("UTC{}{}:{:02}", sign, *hours, *minutes);
}

std::optional<Time> parse_time(std::string_view text) {
    Time time;
    const auto year = take_number(text, 4, "-");
    const auto month = year ? take_number(text, 2, "-") : std::nullopt;
    const auto day = month ? take_number(text, 2, "") : std::nullopt;
    if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
    time.year = *year;
    time.month = *month;
    time.day = *day;
    if (text.empty()) return time;
    if (text[0] != 'T' && text[0] != ' ') return std::nullopt;
    text.remove_prefix(1);
    const auto hour = take_number(text, 2, ":");
    const auto minute = hour ? take_number(text, 2, "") : std::nullopt;
    if (!minute) return std::nullopt;
    time.hour = *hour;
    time.minute = *minute;
    time.has_time = true;
    // Seconds and fractions are not shown.
    const auto offset = text.find_first_not_of(":.0123456789");
    const auto zone = zone_in_words(offset == std::string_view::npos ? std::string_view{} : text.substr(offset));
    if (!zone) return std::nullopt;
    time.zone = *zone;
    return time;
}

// ---- Placeholders ---------------------------------------------------------------------------------------------------

// Calls `literal` with each part of `text` outside of braces and `placeholder` with each inside. A brace that is never
// closed is a literal.
template <class Literal, class Placeholder>
void split_text(std::string_view text, const Literal& literal, const Placeholder& placeholder) {
    while (!text.empty()) {
        const auto open = text.find('{');
        const auto close = open == std::string_view::npos ? open : text.find('}', open);
        if (close == std::string_view::npos) return literal(text);
        literal(text.substr(0, open));
        placeholder(text.substr(open + 1, close - open - 1));
        text.remove_prefix(close + 1);
    }
}

}  // namespace

std::string_view plural_form(std::string_view language, std::int64_t count) {
    const std::string base = lower(language.substr(0, language.find('-')));
    for (const auto& [tag, rule] : kPluralRules) {
        if (tag == base) return rule(count);
    }
    return one_is_one(count);
}

bool is_text(const Json::Value& value) { return value.isString() || member(value, "other").isString(); }

std::set<std::string> placeholders(const Json::Value& text) {
    std::set<std::string> names;
    if (text.isObject()) {
        for (const std::string& form : text.getMemberNames()) {
            if (form == "count") {
                names.insert(text_or(text, form, ""));
            } else {
                names.merge(placeholders(text[form]));
            }
        }
    } else if (text.isString()) {
        split_text(
            text.asString(), [](std::string_view) {},
            [&](std::string_view name) { names.emplace(name.substr(0, name.find(':'))); });
    }
    return names;
}

Texts::Texts(std::string language, Json::Value tree) : language_(std::move(language)), tree_(std::move(tree)) {}

Json::Value Texts::fill(const Json::Value& text, const Json::Value& values) const {
    return filled(text, values, false);
}

Json::Value Texts::fill_html(const Json::Value& text, const Json::Value& values) const {
    return filled(text, values, true);
}

Json::Value Texts::filled(const Json::Value& text, const Json::Value& values, bool html) const {
    if (text.isString()) return replace_placeholders(text.asString(), values, html);
    if (is_text(text)) {
        const std::int64_t count = count_in(member(values, text_or(text, "count", "")));
        const std::string form{plural_form(language_, count)};
        return replace_placeholders(text_or(text, text.isMember(form) ? form : "other", ""), values, html);
    }
    if (!text.isObject()) return {};
    Json::Value all(Json::objectValue);
    for (auto one = text.begin(); one != text.end(); ++one) all[one.name()] = filled(*one, values, html);
    return all;
}

std::string Texts::replace_placeholders(std::string_view text, const Json::Value& values, bool html) const {
    std::string result;
    split_text(
        text, [&](std::string_view literal) { result += html ? html_escape(literal) : std::string(literal); },
        [&](std::string_view placeholder) { result += shown(placeholder, values, html); });
    return result;
}

std::string Texts::shown(std::string_view placeholder, const Json::Value& values, bool html) const {
    const auto colon = placeholder.find(':');
    const std::string_view form = colon == std::string_view::npos ? "" : placeholder.substr(colon + 1);
    const Json::Value& value = member(values, std::string(placeholder.substr(0, colon)));
    if (!value.isString() && !value.isInt64()) return {};
    std::string text = value.isString() ? value.asString() : number(value.asInt64());
    if (form == "date") text = date(text);
    if (form == "date_time") text = date_time(text);
    if (!html) return text;
    text = html_escape(text);
    if (form == "strong") return fmt::format("<strong><bdi>{}</bdi></strong>", text);
    if (form == "code") return fmt::format("<code>{}</code>", text);
    return text;
}

std::string Texts::date(std::string_view time) const { return in_words(time, "date"); }

std::string Texts::date_time(std::string_view time) const { return in_words(time, "date_time"); }

std::string Texts::in_words(std::string_view time, const char* pattern) const {
    const auto parsed = parse_time(time);
    if (!parsed) return std::string(time);
    const Json::Value& format = tree_["language"];
    Json::Value parts;
    parts["year"] = fmt::format("{:04}", parsed->year);
    parts["month"] = text_or(member(format, "months"), std::to_string(parsed->month), "");
    parts["day"] = parsed->day == 1 ? text_or(format, "first_day", "1") : std::to_string(parsed->day);
    parts["hour"] = fmt::format("{:02}", parsed->hour);
    parts["minute"] = fmt::format("{:02}", parsed->minute);
    parts["zone"] = parsed->zone;
    const char* const fitting = parsed->has_time ? pattern : "date";
    return replace_placeholders(text_or(format, fitting, "{year} {month} {day}"), parts, false);
}

std::string Texts::number(std::int64_t value) const {
    std::string digits = std::to_string(value);
    const std::size_t first = value < 0 ? 1 : 0;
    // Most languages write four digits without a separator.
    if (digits.size() - first <= 4) return digits;
    const std::string separator = text_or(tree_["language"], "thousands", "");
    for (std::size_t at = digits.size() - 3; at > first && at < digits.size(); at -= 3) digits.insert(at, separator);
    return digits;
}

}  // namespace o365
