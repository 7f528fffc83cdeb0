// The ticket that ties an attempt to connect to a user of the application: a secret that is used once, in the link to
// the landing page and in its form. The database stores its SHA-256 only. Safe from any thread.
#pragma once

#include <string>

#include "lib/database/database.h"
#include "lib/http/http.h"

namespace o365 {

// The parameter `ticket`, or "" when there is none. Throws BadRequest(400) when it is longer than 200 bytes.
std::string read_ticket(const Parameters& parameters);

// The ticket's SHA-256, as the database stores it; NULL for "".
Value ticket_hash(const std::string& ticket);

}  // namespace o365
