// Buttons that this installation answers itself: HttpPOST actions of a MessageCard with the target "o365:action". When
// the card leaves, the target becomes an address with a token (docs/decisions/0014). Safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "lib/cards/action_link.h"

namespace o365 {

inline constexpr std::string_view kOwnTarget = "o365:action";

// Replaces each such target in the text of a MessageCard by address(number); buttons are numbered as in
// o365_internal.called_action. All other bytes stay. Returns the text as it is without `address`, and when the text is
// not JSON.
std::string with_own_targets(std::string card, const ActionLink& address);

}  // namespace o365
