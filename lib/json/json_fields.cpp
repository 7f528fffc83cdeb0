#include "lib/json/json_fields.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "lib/base/text.h"

namespace o365 {
namespace {

// The shortest text that reads back as the same number.
std::string number_text(const Json::Value& value) {
    if (value.isInt64() || value.isUInt64() || !std::isfinite(value.asDouble())) return value.asString();
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value.asDouble());
    return error == std::errc() ? std::string(text.data(), end) : value.asString();
}

}  // namespace

const Json::Value& member(const Json::Value& object, const char* name) {
    static const Json::Value null;
    if (!object.isObject()) return null;
    const Json::Value* const found = object.find(name, name + std::char_traits<char>::length(name));
    return found == nullptr ? null : *found;
}

std::string text_in(const Json::Value& object, const char* name) {
    const Json::Value& value = member(object, name);
    if (value.isString()) return value.asString();
    if (value.isBool()) return value.asBool() ? "true" : "false";
    return value.isNumeric() ? number_text(value) : std::string();
}

bool flag_in(const Json::Value& object, const char* name) {
    const Json::Value& value = member(object, name);
    if (value.isBool()) return value.asBool();
    return value.isNumeric() ? value.asDouble() == 1 : same_name(text_in(object, name), "true");
}

const Json::Value& list_in(const Json::Value& object, const char* name) {
    static const Json::Value empty(Json::arrayValue);
    const Json::Value& value = member(object, name);
    return value.isArray() ? value : empty;
}

std::vector<std::string> texts_of(const Json::Value& array) {
    std::vector<std::string> texts;
    texts.reserve(array.size());
    for (const Json::Value& one : array) texts.push_back(one.asString());
    return texts;
}

}  // namespace o365
