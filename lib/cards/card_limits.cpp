#include "lib/cards/card_limits.h"

#include <algorithm>

#include "lib/json/json_writing.h"

namespace o365 {

std::size_t counted_bytes(std::string_view body) {
    return body.size() +
           static_cast<std::size_t>(std::ranges::count_if(body, [](char one) { return one == '"' || one == '\\'; }));
}

bool fits_far_end(const Json::Value& body) { return counted_bytes(compact_json(body)) <= kFarEndCounts; }

std::string summary_beginning(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
        if (count++ == kSummaryCharacters) return text.substr(0, at);
    }
    return text;
}

}  // namespace o365
