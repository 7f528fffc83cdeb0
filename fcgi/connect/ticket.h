// The ticket that ties an attempt to connect to an application's user: a secret of one use, which the landing page's
// link and its form bring along. The database knows its SHA-256 only.
#pragma once

#include <string>

#include "lib/database/database.h"
#include "lib/http/http.h"

namespace o365 {

// The parameter `ticket`, or "" when there is none. Throws BadRequest(400) for one that is longer than any of ours.
std::string read_ticket(const Parameters& parameters);

// What the database knows it by; NULL for "".
Value ticket_hash(const std::string& ticket);

}  // namespace o365
