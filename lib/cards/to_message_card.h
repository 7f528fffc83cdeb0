// Adaptive Cards as MessageCards, for connector webhooks. What can be one: docs/cards.md. Safe from any thread.
#pragma once

#include <json/json.h>

#include "lib/cards/converted_card.h"

namespace o365 {

// A bare Adaptive Card as a MessageCard where nothing is lost, else a problem that names the element: TextBlock (the
// first may be a title by weight and size), FactSet, Image and Action.OpenUrl, with the fields that docs/cards.md
// lists. A card without a body becomes one with a summary alone.
ConvertedCard message_card_from_adaptive(const Json::Value& card);

}  // namespace o365
