// The token of a link to the page on which a connection is managed: 192 random bits, 32 characters. It is the right to
// use the page, and all that there is; the database knows its SHA-256 only.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

std::string new_manage_token();

// Whether a text has the form of one.
bool is_manage_token(std::string_view text);

// What a form of that page shows to have come from it: made from the token, which no other site knows.
std::string manage_form_token(const std::string& token);

}  // namespace o365
