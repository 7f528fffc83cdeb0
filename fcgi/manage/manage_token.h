// The token of a link to the page that manages a connection: 192 random bits, 32 characters of base64url. It alone is
// the right to use the page. The database stores its SHA-256 only. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// Throws std::runtime_error as random_bytes().
std::string new_manage_token();

// Whether `text` has the form of such a token.
bool is_manage_token(std::string_view text);

// A token by which a form proves that it comes from the page: made from the link's token, which no other site has.
std::string manage_form_token(const std::string& token);

}  // namespace o365
