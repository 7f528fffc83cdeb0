// Addresses that a page or a card of ours may link to. Safe from any thread.
#pragma once

#include <string_view>

namespace o365 {

// Whether `url` is an http or https URL with a host and without a user, blanks and control characters. The same grammar
// as o365_internal.is_web_address, but blanks and control characters beyond ASCII are let through. Code that connects
// to an address uses parse_url() instead.
bool is_web_address(std::string_view url);

}  // namespace o365
