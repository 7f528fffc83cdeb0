// Addresses of card actions: links for Workflows, which knows neither HttpPOST nor ActionCard, to a page of ours; and
// the addresses that Microsoft's service calls for an HttpPOST whose target is ours (lib/cards/own_target.h). Each has
// a token, "<card>-<number>-<mac>": number as o365_internal.linked_actions or called_action counts, mac 192 bits of
// HMAC-SHA-256 under a key that only workers and the database have. The token is a secret: whoever has that of a link
// can press.
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

// The parts of a token, or nullopt for whatever is none, written in any other way included.
std::optional<ActionToken> parse_action_token(std::string_view text);

// `public_url` without a slash at its end.
std::string action_link(std::string_view public_url, const Secret& key, std::int64_t card_id, int number);

// The address that Microsoft's service calls. Its token opens no page, nor does a link's token answer a call.
std::string action_address(std::string_view public_url, const Secret& key, std::int64_t card_id, int number);

// As long as a real one, for where a card is converted that nobody sends; it says what it stands for.
std::string example_action_link(int number);

}  // namespace o365
