// The table of the responder's routes, which decides dispatching, 405, and the check of a POST's origin. A test holds
// the log formats of deploy/ against it (tests/unit/fcgi/route_table_tests.cpp). Safe from any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fcgi/site.h"

namespace o365 {

// The variable parts of a path. "" when the route has no such part.
struct RouteParts {
    std::string slug;  // a connector's slug; for a callback "" when the word is not a slug
    std::string rest;  // <id>, <name>, or <token>
};

// Which part of a route's requests is a secret. Neither this program nor a web server may log that part.
enum class SecretIn { nothing, query, path };

struct Route {
    // Literal words and variable parts between slashes: <slug> is a connector's slug, <word> any word, <id> and <name>
    // any word that the handler judges, <token> all that follows. "[/]" at the end: with or without a slash.
    std::string_view pattern;
    std::string_view methods;  // as in the header Allow
    Response (*answer)(Site& site, const Request& request, const RouteParts& parts);
    SecretIn secret = SecretIn::nothing;
    bool from_own_pages = false;  // a POST must come from a page of ours (Site::refuse_other_sites)
    // A POST may come from any site or program, with a body of any type; the handler judges it and uses no cookies.
    bool from_anywhere = false;
};

// All routes, in the order in which patterns are tried.
std::span<const Route> routes();

struct FoundRoute {
    const Route* route;
    RouteParts parts;
};
// The route of a path, below whatever prefix (fcgi/mount.h); nullopt when there is none.
std::optional<FoundRoute> find_route(std::string_view path);

// Whether the route of a path is from_anywhere: ServerOptions::takes_any_request.
bool takes_any_request(std::string_view path);

// Whether `method` is one of Route::methods.
bool takes(const Route& route, std::string_view method);

}  // namespace o365
