// MessageCards as Adaptive Cards, for Workflows webhooks. What becomes of each field: docs/cards.md. Safe from any
// thread.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <string_view>

#include "lib/cards/action_link.h"
#include "lib/cards/converted_card.h"

namespace o365 {

// A MessageCard as an Adaptive Card in its envelope, of the lowest version of Adaptive Cards that has all that is made
// of it (1.2), or of `version` ("1.4") where that is not empty. The envelope's summary is the card's, else its title or
// the first line of its text without Markdown, at most 100 characters. Left out, and listed as lost: actions of
// add-ins, targets of an OpenUri besides the default one (the first where none is default), pictures and buttons
// without a web address, texts and lists of a wrong type. HttpPOST and ActionCard become links, and without `link` are
// left out; either way they are listed. A card that would become larger than the far end counts keeps its texts as they
// are. A card without anything to show says so. The only problem: `card` is no object.
ConvertedCard adaptive_from_message_card(const Json::Value& card, const ActionLink& link = {},
                                         std::string_view version = {});

// The most bytes that a converted MessageCard with its envelope can have. `size`: bytes of the card as PostgreSQL
// prints jsonb. `link_bytes`: those of each address that `link` makes.
std::size_t most_converted_bytes(const Json::Value& card, std::size_t size, std::size_t link_bytes = 0);

}  // namespace o365
