#include "lib/json/json_text.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <utility>

#include "lib/base/text.h"

namespace o365 {
namespace {

// The code of the \uXXXX escape with which `text` begins; -1 when it begins with none.
int escaped(std::string_view text) {
    int code = 0;
    if (text.size() < 6 || !text.starts_with("\\u")) return -1;
    return std::from_chars(text.data() + 2, text.data() + 6, code, 16).ptr == text.data() + 6 ? code : -1;
}
bool is_high(int code) { return code >= 0xD800 && code <= 0xDBFF; }
bool is_low(int code) { return code >= 0xDC00 && code <= 0xDFFF; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kDigits = "0123456789";

// Removes the digits at the beginning of `text`. False when there are none.
bool take_digits(std::string_view& text) {
    const std::size_t count = std::min(text.find_first_not_of(kDigits), text.size());
    text.remove_prefix(count);
    return count > 0;
}
bool take_one_of(std::string_view& text, std::string_view characters) {
    const bool found = !text.empty() && characters.find(text.front()) != std::string_view::npos;
    if (found) text.remove_prefix(1);
    return found;
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
    take_one_of(text, "-");
    if (!take_one_of(text, "0") && !take_digits(text)) return false;
    if (take_one_of(text, ".") && !take_digits(text)) return false;
    if (take_one_of(text, "eE")) {
        take_one_of(text, "+-");
        if (!take_digits(text)) return false;
    }
    return text.empty();
}

// Moves `at` from the quotation mark that begins a string to behind its end, or returns the string's first flaw.
std::optional<JsonFlaw> pass_string(std::string_view text, std::size_t& at) {
    for (++at; at < text.size() && text[at] != '"';) {
        if (is_control(text[at]))
            return JsonFlaw{at, "This is a control character in a string: write it as an escape, a line end as \\n."};
        if (text[at] != '\\') {
            ++at;
            continue;
        }
        const int code = escaped(text.substr(at));
        const bool is_pair = is_high(code) && is_low(escaped(text.substr(at + 6)));
        if (!is_pair && (is_high(code) || is_low(code)))
            return JsonFlaw{at, "This is half a character: a surrogate without its other half."};
        at += is_pair ? 12 : 2;
    }
    ++at;
    return std::nullopt;
}

}  // namespace

std::unique_ptr<Json::CharReader> new_strict_reader() {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    return std::unique_ptr<Json::CharReader>(builder.newCharReader());
}

std::optional<JsonFlaw> json_flaw(std::string_view text) {
    if (text.starts_with(kByteOrderMark))
        return JsonFlaw{0, "It begins with a byte order mark: save it as UTF-8 without one."};
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '"') {
            if (const auto flaw = pass_string(text, at)) return flaw;
        } else if (c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9')) {
            const std::size_t end = std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
            if (!is_number(text.substr(at, end - at)))
                return JsonFlaw{at,
                                "This is not a number: in JSON it has no +, no leading zero, and digits on both sides "
                                "of the point."};
            at = end;
        } else if (c == '/') {
            return JsonFlaw{at, "This is a comment, and JSON has none."};
        } else if (is_control(c) && kBlanks.find(c) == std::string_view::npos) {
            return JsonFlaw{at, "This is a control character: take it out."};
        } else {
            ++at;
        }
    }
    return std::nullopt;
}

std::optional<Json::Value> parse_json(std::string_view text) {
    // jsoncpp accepts both, and for half a surrogate pair returns bytes that are not UTF-8.
    if (!is_utf8(text) || json_flaw(text)) return std::nullopt;
    // One reader a thread: making one costs as much as reading a page of JSON.
    thread_local const std::unique_ptr<Json::CharReader> reader = new_strict_reader();
    Json::Value value;
    try {
        if (!reader->parse(text.data(), text.data() + text.size(), &value, nullptr)) return std::nullopt;
    } catch (const Json::Exception&) {  // nested deeper than its stack limit
        return std::nullopt;
    }
    return value;
}

Json::Value database_json(std::string_view text) {
    std::optional<Json::Value> value = parse_json(text);
    if (!value) throw std::runtime_error("the database's answer is no JSON");
    return *std::move(value);
}

}  // namespace o365
