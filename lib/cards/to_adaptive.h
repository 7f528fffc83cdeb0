// Converts MessageCards to Adaptive Cards, for Workflows webhooks. docs/cards.md says what becomes of each field. Safe
// from any thread.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <string_view>

#include "lib/cards/action_link.h"
#include "lib/cards/converted_card.h"

namespace o365 {

// Converts a MessageCard to an Adaptive Card in its envelope. `version`: that of the Adaptive Card ("1.4"); "" for the
// lowest version that has all elements used here (1.2). The envelope's summary is the card's, else the first line of
// its title or text without Markdown, at most 100 characters. Left out and listed as lost: actions of add-ins, all
// targets of an OpenUri but its default one (else its first one), pictures and buttons without a web address, texts and
// lists of a wrong type. HttpPOST and ActionCard become links, or are left out without `link`; both are listed as lost.
// A card that would become too large for the far end keeps its texts as they are. A card with nothing to show gets a
// sentence that says so. The only problem: `card` is not an object.
ConvertedCard adaptive_from_message_card(const Json::Value& card, const ActionLink& link = {},
                                         std::string_view version = {});

// The most bytes that a converted MessageCard with its envelope can have. `size`: the bytes of the card as PostgreSQL
// prints jsonb. `link_bytes`: the bytes of each address that `link` returns.
std::size_t most_converted_bytes(const Json::Value& card, std::size_t size, std::size_t link_bytes = 0);

}  // namespace o365
