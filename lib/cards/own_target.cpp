#include "lib/cards/own_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"

namespace o365 {
namespace {

constexpr int kActions = 10;          // how many actions of a card or a section have numbers
constexpr int kStep = 100000;         // added for each action of an ActionCard
constexpr int kSteps = 98;            // how many actions of an ActionCard have numbers
constexpr int kNoNumber = kStep - 1;  // for all others: an address that refuses, not that of another button

struct Place {
    std::size_t begin;
    std::size_t end;
    int number;
};

void find_target(const Json::Value& action, int number, std::vector<Place>& places) {
    if (text_in(action, "@type") != "HttpPOST" || text_in(action, "target") != kOwnTarget) return;
    const Json::Value& target = action["target"];
    places.push_back(
        {static_cast<std::size_t>(target.getOffsetStart()), static_cast<std::size_t>(target.getOffsetLimit()), number});
}

// Finds our targets in the actions of a card or a section. `first`: the number of the first action.
void find_targets(const Json::Value& around, int first, std::vector<Place>& places) {
    const Json::Value& actions = list_in(around, "potentialAction");
    for (Json::ArrayIndex i = 0; i < actions.size(); ++i) {
        const int number = i < kActions ? first + static_cast<int>(i) : kNoNumber;
        find_target(actions[i], number, places);
        if (text_in(actions[i], "@type") != "ActionCard") continue;
        const Json::Value& steps = list_in(actions[i], "actions");
        for (Json::ArrayIndex step = 0; step < steps.size(); ++step)
            find_target(steps[step], step < kSteps ? number + kStep * (static_cast<int>(step) + 1) : kNoNumber, places);
    }
}

}  // namespace

std::string with_own_targets(std::string card, const ActionLink& address) {
    // Nearly no card has such a target: this search is cheap.
    if (!address || card.find(fmt::format("\"{}\"", kOwnTarget)) == std::string::npos) return card;
    const auto parsed = parse_json(card);
    if (!parsed) return card;
    std::vector<Place> places;
    find_targets(*parsed, 0, places);
    const Json::Value& sections = list_in(*parsed, "sections");
    for (Json::ArrayIndex i = 0; i < sections.size(); ++i)
        find_targets(sections[i], 10 * (static_cast<int>(i) + 1), places);
    // Replace from the end, so that earlier offsets stay right.
    std::ranges::sort(places, std::ranges::greater{}, &Place::begin);
    for (const Place& place : places)
        card.replace(place.begin, place.end - place.begin, compact_json(Json::Value(address(place.number))));
    return card;
}

}  // namespace o365
