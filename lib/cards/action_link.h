// Addresses of card actions: links to a page of ours, for Workflows, which has neither HttpPOST nor ActionCard; and the
// addresses that Microsoft's service calls for an HttpPOST whose target is ours (lib/cards/own_target.h). Each has a
// token "<card>-<number>-<mac>": the number counts as in o365_internal.linked_actions or called_action, the mac is 192
// bits of HMAC-SHA-256 under a key that only workers and the database have. The token is a secret: whoever has a link
// can press the button. Safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/secret.h"

namespace o365 {

// The address of a card's action by its number.
using ActionLink = std::function<std::string(int number)>;

struct ActionToken {
    std::int64_t card_id = 0;
    int number = 0;
    std::string mac;  // 32 characters of base64url; a secret: the database gets its SHA-256
};

// The parts of a token; nullopt for anything but the one way to write a token.
std::optional<ActionToken> parse_action_token(std::string_view text);

// The link to an action's page. `public_url` has no slash at its end.
std::string action_link(std::string_view public_url, const Secret& key, std::int64_t card_id, int number);

// The address that Microsoft's service calls. Its token does not open the page, and a link's token is not good for a
// call.
std::string action_address(std::string_view public_url, const Secret& key, std::int64_t card_id, int number);

// An example as long as a real link, for converting a card that is not sent.
std::string example_action_link(int number);

}  // namespace o365
