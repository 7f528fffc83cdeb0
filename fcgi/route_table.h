// Every route of the responder, in one table: dispatching, 405, the check of a POST's origin, and what deploy/ may log
// of a path follow from it (tests/unit/fcgi/route_table_tests.cpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fcgi/site.h"

namespace o365 {

// The variable parts of a path. Empty where the route has none.
struct RouteParts {
    std::string slug;  // a connector's slug; of a callback also "" for any other word
    std::string rest;  // <id>, <name>, or <token>
};

// Where a request to a route carries a secret. Nothing may log that part: neither we nor a web server.
enum class SecretIn { nothing, query, path };

struct Route {
    // Literal words and variable parts between slashes: <slug> is a connector's slug, <word> any word, <id> and <name>
    // any word that the handler judges, <token> all that follows. "[/]" at the end: with and without a slash.
    std::string_view pattern;
    std::string_view methods;  // as in the header Allow
    Response (*answer)(Site& site, const Request& request, const RouteParts& parts);
    SecretIn secret = SecretIn::nothing;
    bool from_own_pages = false;  // a POST has to come from a page of ours (Site::refuse_other_sites)
    // A POST may come from any site and program, with a body of any type: cookies are not looked at, and the handler
    // judges everything itself.
    bool from_anywhere = false;
};

// Patterns are tried in this order.
std::span<const Route> routes();

// The route of a path, wherever the web server has mounted /connect/, /action/ and /manage/; nullopt when there is
// none.
struct FoundRoute {
    const Route* route;
    RouteParts parts;
};
std::optional<FoundRoute> find_route(std::string_view path);

// Whether the handler of a path judges everything itself: ServerOptions::takes_any_request.
bool takes_any_request(std::string_view path);

// Whether the route takes the method: a whole word of Route::methods.
bool takes(const Route& route, std::string_view method);

}  // namespace o365
