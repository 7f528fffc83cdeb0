// Addresses that a page or a card of ours may link to. Safe from any thread.
#pragma once

#include <string_view>

namespace o365 {

// Whether it is an http or https URL with a host, without a user, blanks and control characters. The grammar is that of
// o365_internal.is_web_address, except that of blanks and control characters beyond ASCII this function knows none.
// (What connects to an address asks parse_url instead.)
bool is_web_address(std::string_view url);

}  // namespace o365
