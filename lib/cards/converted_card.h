// The result of converting a card, whichever way.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// A part of a card that the other format cannot show.
struct LostPart {
    std::string path;  // JSON path: "$.potentialAction[0]"
    std::string what;  // what is lost, as a noun: "a button without a web address"
    bool operator==(const LostPart&) const = default;
};

// A card in another format, or why it cannot be converted. Neither `problem` nor `lost` quotes the card.
struct ConvertedCard {
    Json::Value card;            // null when there is a problem
    std::vector<LostPart> lost;  // in the order of the card
    std::string problem;         // "" for none
};

}  // namespace o365
