// The cookies that tie attempts to connect to a browser: one for each attempt, so that tabs do not interfere. Each has
// a random value, of which the database stores the SHA-256 only. Safe from any thread.
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

// A new cookie, named after its own value: for an attempt that has no state.
AttemptCookie fresh_attempt_cookie();

// Our cookies that the browser sent, oldest first (RFC 6265 5.4), at most the newest 64. A cookie whose name occurs
// twice is left out: another site may have planted it.
std::vector<AttemptCookie> attempt_cookies(const Request& request);

// Whether the browser has the most cookies that we allow, so that those of older attempts may have been deleted.
bool has_dropped_cookies(const Request& request);

// The SHA-256 of each cookie's value, in their order, as the text of a bytea[]; NULL for none.
Value cookie_hashes(const std::vector<AttemptCookie>& cookies);

// Sets a cookie for `max_age_s` seconds. Deletes the oldest of those that the browser sent when it would have more than
// 20, at most ten in one answer, so that its headers stay below 4 KB.
void set_attempt_cookie(Response& response, const Request& request, const AttemptCookie& cookie, int max_age_s);

// A token by which a form proves that it comes from the attempt's page: made from the cookie, which other sites cannot
// read.
std::string form_token(const AttemptCookie& cookie);

// The cookie whose form_token() is `token`; nullptr for none. Points into `cookies`.
const AttemptCookie* cookie_of_form(const std::vector<AttemptCookie>& cookies, const std::string& token);

// Whether a part of a path has the form of the unguessable id of an attempt's page. Check it before a statement gets
// the text: anything else may be a secret, and servers log the values of statements.
bool is_public_id(std::string_view text);

}  // namespace o365
