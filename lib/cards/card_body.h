// What is POSTed to a webhook for a card: as it is, in an envelope, or in the dialect that the webhook takes. Formats:
// office365-connectors.md 5 and 6. What may be sent at all is o365.check_card's rule. Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/cards/action_link.h"
#include "lib/cards/converted_card.h"

namespace o365 {

// What a webhook of `dialect` ("connector" or "workflow") gets for a card. A card that is in its dialect already,
// envelope and all, is returned as it is, but for a summary where the envelope has none. `link` and `version`: as for
// adaptive_from_message_card.
ConvertedCard card_for_dialect(const Json::Value& card, std::string_view dialect, const ActionLink& link = {},
                               std::string_view version = {});

// What a workflow takes: Microsoft's template wants a message whose attachment is the card, others the card itself. The
// bare one is the first card of a message with several.
enum class Payload { envelope, card };

struct CardBody {
    std::string text;     // "" when there is a problem
    std::string problem;  // why it cannot be sent, quoting nothing of the card; "" for none
};

// What is POSTed for a card as PostgreSQL prints jsonb. A MessageCard for a connector is not parsed: it passes as it
// is, as does whatever has no text "AdaptiveCard" in it, which every Adaptive Card has; but for targets of ours
// (lib/cards/own_target.h), where `link` gives the address that is called. Numbers of a card that needs no conversion
// stay as they are written. `payload` matters to workflows only.
// `extra`: fields that stand beside the card in a workflow's envelope, a JSON object of strings; "" for none. A field
// that the card's own envelope has stays as it is there. Nothing else has a place for them.
CardBody card_body(std::string card, std::string_view dialect, const ActionLink& link = {},
                   std::string_view version = {}, Payload payload = Payload::envelope, std::string_view extra = {});

}  // namespace o365
