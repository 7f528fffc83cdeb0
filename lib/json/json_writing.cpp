#include "lib/json/json_writing.h"

namespace o365 {

std::string compact_json(const Json::Value& value) {
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    writer["emitUTF8"] = true;
    return Json::writeString(writer, value);
}

std::string without_blanks(std::string_view json) {
    std::string result;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (!in_string && std::string_view(" \t\r\n").find(json[i]) != std::string_view::npos) continue;
        result += json[i];
        if (json[i] == '"') in_string = !in_string;
        if (in_string && json[i] == '\\' && i + 1 < json.size()) result += json[++i];
    }
    return result;
}

}  // namespace o365
