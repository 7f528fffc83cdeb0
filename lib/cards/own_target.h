// Buttons that this installation answers itself: HttpPOST actions of a MessageCard with the target "o365:action", which
// becomes an address with a token of its own when the card leaves (docs/decisions/0014). Safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "lib/cards/action_link.h"

namespace o365 {

inline constexpr std::string_view kOwnTarget = "o365:action";

// The text of a MessageCard with `address` of its number in the place of each such target; numbers are those of
// o365_internal.called_action. All other bytes stay. Without `address`, without such a target, and if the text is no
// JSON that can be read, the text itself.
std::string with_own_targets(std::string card, const ActionLink& address);

}  // namespace o365
