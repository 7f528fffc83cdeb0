// The routes of the responder, one file each. Every one makes one statement (the POST of a card's action two: what its
// form may hold is the card's), and a POST whose Origin has to be compared one before it. They throw DatabaseError,
// which answer() turns into the page that retries by itself.
#pragma once

#include <string>

#include "fcgi/route_table.h"

namespace o365 {

// Finds the route of a request and answers it.
Response answer(Site& site, const Request& request);

// The handlers of fcgi/route_table.cpp. The method is one that the route takes, and a POST comes from a page of ours
// where the table asks for it.
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
// What it answers while the database is away.
Response call_unavailable(const Site& site, const Request& request);
Response help(Site& site, const Request& request, const RouteParts& parts);
Response manage(Site& site, const Request& request, const RouteParts& parts);
Response recorded(Site& site, const Request& request, const RouteParts& parts);
Response static_file(Site& site, const Request& request, const RouteParts& parts);
Response healthz(Site& site, const Request& request, const RouteParts& parts);

}  // namespace o365
