// Makes the body that is POSTed to a webhook from a card: as it is, in an envelope, or converted to the webhook's
// dialect. Formats: office365-connectors.md 5 and 6. o365.check_card judges which cards may be sent. Safe from any
// thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/cards/action_link.h"
#include "lib/cards/converted_card.h"

namespace o365 {

// The card in the form that a webhook of `dialect` ("connector" or "workflow") takes. A card that has this form already
// is returned as it is, with a summary added when its envelope has none. `link` and `version`: as for
// adaptive_from_message_card().
ConvertedCard card_for_dialect(const Json::Value& card, std::string_view dialect, const ActionLink& link = {},
                               std::string_view version = {});

// What a workflow takes. Microsoft's template takes a message with the card as its attachment, other flows the card
// alone. Of a message with several cards, the card alone is the first one.
enum class Payload { envelope, card };

struct CardBody {
    std::string text;     // "" when there is a problem
    std::string problem;  // why the card cannot be sent, without quoting it; "" for none
};

// Makes the body for `card`, which is JSON as PostgreSQL prints jsonb. For a connector, a text without "AdaptiveCard"
// is a MessageCard: it is not parsed and stays as it is, except for targets of ours (lib/cards/own_target.h), which
// become the addresses that `link` returns. Numbers of a card that needs no conversion stay as they are written.
// `payload` is for workflows only. `extra`: a JSON object of strings, fields to add beside the card in a workflow's
// envelope; "" for none. A field that the card's own envelope has is kept. Other bodies have no place for them.
CardBody card_body(std::string card, std::string_view dialect, const ActionLink& link = {},
                   std::string_view version = {}, Payload payload = Payload::envelope, std::string_view extra = {});

}  // namespace o365
