// Converts Adaptive Cards to MessageCards, for connector webhooks. docs/cards.md says which cards can be converted.
// Safe from any thread.
#pragma once

#include <json/json.h>

#include "lib/cards/converted_card.h"

namespace o365 {

// Converts a bare Adaptive Card when nothing is lost; else the problem names the element. It may have TextBlock (the
// first may be a title, by weight and size), FactSet, Image and Action.OpenUrl, with the fields that docs/cards.md
// lists. A card without a body becomes one with only a summary.
ConvertedCard message_card_from_adaptive(const Json::Value& card);

}  // namespace o365
