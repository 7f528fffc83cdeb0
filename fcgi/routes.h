// The routes of the responder, one file each. Every one makes one statement (the POST of a card's action two: what its
// form may hold is the card's), and a POST whose Origin has to be compared one before it. They throw DatabaseError,
// which answer() turns into the page that retries by itself.
#pragma once

#include <string>

#include "fcgi/site.h"

namespace o365 {

// Finds the route of a request and answers it.
Response answer(Site& site, const Request& request);

Response list(Site& site, const Request& request);
Response landing(Site& site, const Request& request, const std::string& slug);
Response start(Site& site, const Request& request, const std::string& slug);
Response callback(Site& site, const Request& request, const std::string& slug);
Response done(Site& site, const Request& request, const std::string& slug, const std::string& id);
Response failed(Site& site, const Request& request, const std::string& slug);
Response logo(Site& site, const Request& request, const std::string& slug);
Response action(Site& site, const Request& request, std::string_view token);
Response recorded(Site& site, const Request& request, const std::string& slug);
Response static_file(Site& site, const Request& request, const std::string& name);
Response healthz(Site& site, const Request& request);

}  // namespace o365
