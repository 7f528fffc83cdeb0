// Cards from one dialect into the other: MessageCards for Workflows webhooks, which take Adaptive Cards in an envelope,
// and Adaptive Cards for connector webhooks, which take MessageCards. Formats: office365-connectors.md 5 and 6; what
// becomes of each field: docs/cards.md. What may be sent at all is o365.check_card's rule, not this module's. Safe from
// any thread.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cards/action_link.h"

namespace o365 {

// Something of a card that the other format cannot show, by its JSON path: "$.potentialAction[0]".
struct LostPart {
    std::string path;
    std::string what;
    bool operator==(const LostPart&) const = default;
};

// A card in another format, or why there is none. Neither names any of the card's contents.
struct ConvertedCard {
    Json::Value card;            // null when there is a problem
    std::vector<LostPart> lost;  // in the order of the card
    std::string problem;
};

// A MessageCard as an Adaptive Card in its envelope, of the lowest version of Adaptive Cards that has all that is made
// of it (1.2), or of `version` ("1.4") where that is not empty. The envelope's summary is the card's, else its title or
// the first line of its text without Markdown, at most 100 characters. Left out, and listed as lost: actions of
// add-ins, targets of an OpenUri besides the default one (the first where none is default), pictures and buttons
// without a web address. HttpPOST and ActionCard become links, and without `link` are left out; either way they are
// listed. Its problem, the only one: it is no object. Lost as well are texts and lists of a wrong type. A card that
// would be larger than the far end counts, by what is written in another way or repeated, keeps its texts as they are.
ConvertedCard adaptive_from_message_card(const Json::Value& card, const ActionLink& link = {},
                                         std::string_view version = {});

// An Adaptive Card as a MessageCard where nothing is lost, else a problem: TextBlock (the first may be a title by
// weight and size), FactSet, Image and Action.OpenUrl, with the fields that docs/cards.md lists.
ConvertedCard message_card_from_adaptive(const Json::Value& card);

// A bare Adaptive Card in the envelope that Workflows takes. Its summary, what a notification says, is the card's
// fallbackText or speak, else the first line of its first TextBlock, at most 100 characters.
Json::Value adaptive_envelope(Json::Value card);

// What a webhook of that dialect ("connector" or "workflow") gets for a card. A card that is in its dialect already,
// envelope and all, is returned as it is, but for a summary where the envelope has none.
ConvertedCard card_for_dialect(const Json::Value& card, std::string_view dialect, const ActionLink& link = {},
                               std::string_view version = {});

// What is POSTed for a card as PostgreSQL prints jsonb. A MessageCard for a connector is not parsed: it passes as it
// is, as does whatever has no text "AdaptiveCard" in it, which every Adaptive Card has.
struct CardBody {
    std::string text;
    std::string problem;  // why it cannot be sent; names nothing of the card
};
CardBody card_body(std::string card, std::string_view dialect, const ActionLink& link = {},
                   std::string_view version = {});

// The most bytes that a converted MessageCard with its envelope can have: `size` is that of the card as PostgreSQL
// prints jsonb. Each object of the card (section, fact, image, action) may gain kBytesPerObject, each section
// kBytesPerSection beyond, and each action that becomes a link `link_bytes`.
std::size_t most_converted_bytes(const Json::Value& card, std::size_t size, std::size_t link_bytes = 0);

// Whether it is an http or https URL with a host, without a user, blanks and control characters: a page may link to it.
bool is_web_address(std::string_view url);

// Compact JSON in UTF-8, as it is POSTed. Numbers with a fraction may get longer.
std::string compact_json(const Json::Value& value);

// JSON, which it must be, without the blanks between its values.
std::string without_blanks(std::string_view json);

}  // namespace o365
