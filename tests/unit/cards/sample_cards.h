// Cards for the unit tests of lib/cards: those of tests/cards, and changed ones.
#pragma once

#include <json/json.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cards/converted_card.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"

namespace o365 {

inline const std::filesystem::path kCards = std::filesystem::path(O365_SOURCE_DIR) / "tests/cards";

inline std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// As PostgreSQL prints jsonb: a blank after each comma and colon.
inline std::size_t size_as_jsonb(const Json::Value& value) {
    if (value.isString() || !(value.isObject() || value.isArray())) return compact_json(value).size();
    std::size_t size = 2;
    for (auto it = value.begin(); it != value.end(); ++it) {
        size += size_as_jsonb(*it) + 2;
        if (value.isObject()) size += compact_json(Json::Value(it.name())).size() + 2;
    }
    return value.empty() ? size : size - 2;
}

inline Json::Value card(std::string_view text) { return *parse_json(text); }

// The cards as they are sent, by name.
inline std::vector<std::filesystem::path> golden_cards() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(kCards)) {
        const std::string name = entry.path().filename();
        if (name.ends_with(".json") && std::ranges::count(name, '.') == 1) paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

// Changes something of a card, at most `depth` levels down.
inline void change(Json::Value& value, std::mt19937& random, int depth) {
    static const std::array kOthers = {Json::Value(),
                                       Json::Value(true),
                                       Json::Value(17),
                                       Json::Value("x"),
                                       Json::Value("# h\n|a|b|\n|-|-|\n![](https://a.example/)<b>"),
                                       Json::Value(Json::arrayValue),
                                       Json::Value(Json::objectValue)};
    if ((!value.isObject() && !value.isArray()) || value.empty() || depth == 0) {
        value = kOthers[random() % kOthers.size()];
        return;
    }
    if (value.isArray()) {
        const auto at = static_cast<Json::ArrayIndex>(random() % value.size());
        if (random() % 4 == 0) {
            value.append(value[at]);
        } else {
            change(value[at], random, depth - 1);
        }
        return;
    }
    const auto names = value.getMemberNames();
    const std::string& name = names[random() % names.size()];
    if (random() % 4 == 0) {
        value.removeMember(name);
    } else {
        change(value[name], random, depth - 1);
    }
}

// The paths of what is lost, in order.
inline std::vector<std::string> lost_paths(const ConvertedCard& converted) {
    std::vector<std::string> paths;
    for (const LostPart& lost : converted.lost) paths.push_back(lost.path);
    std::ranges::sort(paths);
    return paths;
}

}  // namespace o365
