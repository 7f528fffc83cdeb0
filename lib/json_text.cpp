#include "lib/json_text.h"

#include <memory>
#include <stdexcept>
#include <utility>

namespace o365 {

std::optional<Json::Value> parse_json(std::string_view text) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
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
