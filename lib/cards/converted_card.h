// The result of converting a card, whichever way.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// Something of a card that the other format cannot show, by its JSON path: "$.potentialAction[0]".
struct LostPart {
    std::string path;
    std::string what;
    bool operator==(const LostPart&) const = default;
};

// A card in another format, or the problem why there is none. Neither problem nor lost parts quote the card.
struct ConvertedCard {
    Json::Value card;            // null when there is a problem
    std::vector<LostPart> lost;  // in the order of the card
    std::string problem;         // "" for none
};

}  // namespace o365
