#include "lib/json/json_text.h"

#include <charconv>
#include <memory>
#include <stdexcept>
#include <utility>

#include "lib/base/text.h"

namespace o365 {
namespace {

// The number of a \u escape, of its four digits at least; -1 where there is none.
int escaped(std::string_view text) {
    int code = 0;
    if (text.size() < 6 || !text.starts_with("\\u")) return -1;
    return std::from_chars(text.data() + 2, text.data() + 6, code, 16).ptr == text.data() + 6 ? code : -1;
}
bool is_high(int code) { return code >= 0xD800 && code <= 0xDBFF; }
bool is_low(int code) { return code >= 0xDC00 && code <= 0xDFFF; }

std::unique_ptr<Json::CharReader> new_strict_reader() {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    return std::unique_ptr<Json::CharReader>(builder.newCharReader());
}

}  // namespace

std::optional<std::size_t> lone_surrogate(std::string_view json) {
    // A backslash stands in strings alone, and each begins an escape of two characters or of six.
    for (std::size_t at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
        const int code = escaped(json.substr(at));
        const bool is_pair = is_high(code) && is_low(escaped(json.substr(at + 6)));
        if (!is_pair && (is_high(code) || is_low(code))) return at;
        at += is_pair ? 12 : 2;
    }
    return std::nullopt;
}

std::optional<std::size_t> json_comment(std::string_view json) {
    if (json.find("/*") == std::string_view::npos && json.find("//") == std::string_view::npos) return std::nullopt;
    bool in_string = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (json[at] == '"') in_string = !in_string;
        if (json[at] == '/' && !in_string) return at;
        if (json[at] == '\\') ++at;
    }
    return std::nullopt;
}

std::optional<Json::Value> parse_json(std::string_view text) {
    // jsoncpp takes both, and writes bytes that are no UTF-8.
    if (!is_utf8(text) || lone_surrogate(text)) return std::nullopt;
    // Its strict mode takes comments inside objects and arrays.
    if (json_comment(text)) return std::nullopt;
    // One for each thread: to make one costs as much as to read a page of JSON with it.
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
