// The cookies that tie attempts to connect to a browser: one an attempt, so that several tabs do not disturb each
// other. Each holds a random value; the database knows its SHA-256 only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/database/database.h"
#include "lib/http/attempt_cookie_name.h"
#include "lib/http/http.h"

namespace o365 {

struct AttemptCookie {
    std::string name;
    std::string value;
};

// A new one, named by its own value: for an attempt that has no state.
AttemptCookie fresh_attempt_cookie();

// Those that the browser sent, oldest first (RFC 6265 5.4), the newest 64. One whose name arrives twice is left out:
// another site may have planted it.
std::vector<AttemptCookie> attempt_cookies(const Request& request);

// Whether the browser keeps as many as it may, so that those of older attempts were deleted.
bool has_dropped_cookies(const Request& request);

// Their SHA-256 in the same order, as the text of a bytea[]; NULL when there is none.
Value cookie_hashes(const std::vector<AttemptCookie>& cookies);

// Lets the browser keep a cookie for `max_age_s` seconds, and takes the oldest of those that it sent back where there
// would be more than 20: ten at most in one answer, whose headers stay below 4 KB.
void set_attempt_cookie(Response& response, const Request& request, const AttemptCookie& cookie, int max_age_s);

// What a form of an attempt's page shows to have come from that page: made from the cookie, which no other site can
// read.
std::string form_token(const AttemptCookie& cookie);

// The cookie of those whose form_token is `token`; nullptr for none.
const AttemptCookie* cookie_of_form(const std::vector<AttemptCookie>& cookies, const std::string& token);

// Whether a part of a path has the form of the unguessable id of an attempt's page. Anything else may be a secret that
// got into the path, and values of statements are logged.
bool is_public_id(std::string_view text);

}  // namespace o365
