// The handlers of the responder's routes, one file each. Most make one statement; a POST whose Origin must be compared
// with public_url makes one before that. They throw DatabaseError, which answer() turns into a page that reloads
// itself.
#pragma once

#include <string>

#include "fcgi/route_table.h"

namespace o365 {

// Finds the route of a request and answers it. Throws BadRequest, and DatabaseError for an error that does not pass by
// itself.
Response answer(Site& site, const Request& request);

// The handlers of fcgi/route_table.cpp. answer() has checked the method, and the origin of a POST where the table says
// from_own_pages.
Response list(Site& site, const Request& request, const RouteParts& parts);
Response landing(Site& site, const Request& request, const RouteParts& parts);
Response start(Site& site, const Request& request, const RouteParts& parts);
Response callback(Site& site, const Request& request, const RouteParts& parts);
Response workflow(Site& site, const Request& request, const RouteParts& parts);
Response proof(Site& site, const Request& request, const RouteParts& parts);
Response done(Site& site, const Request& request, const RouteParts& parts);
Response failed(Site& site, const Request& request, const RouteParts& parts);
Response logo(Site& site, const Request& request, const RouteParts& parts);
Response action(Site& site, const Request& request, const RouteParts& parts);
Response action_call(Site& site, const Request& request, const RouteParts& parts);
// The answer of action_call() while the database is busy or away.
Response call_unavailable(const Site& site, const Request& request);
Response help(Site& site, const Request& request, const RouteParts& parts);
Response manage(Site& site, const Request& request, const RouteParts& parts);
Response recorded(Site& site, const Request& request, const RouteParts& parts);
Response static_file(Site& site, const Request& request, const RouteParts& parts);
Response healthz(Site& site, const Request& request, const RouteParts& parts);

}  // namespace o365
