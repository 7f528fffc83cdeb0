// GET /connect/<slug>/failed?reason=...&request=r-... - says what happened and what to do next. Of the URL it shows
// only the request id.
#include <fmt/format.h>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/routes.h"

namespace o365 {

namespace {

constexpr const char* kNoCookie = "no_cookie";

}  // namespace

Response failed(Site& site, const Request& request, const RouteParts& parts) {
    std::string shown_id = request.query.get_or("request", "");
    if (!is_request_id(shown_id)) shown_id.clear();
    std::string reason = request.query.get_or("reason", "");
    // A web server that makes our cookies SameSite=Strict keeps them from the callback, but not from requests of our
    // own pages. So this page loads itself once more to see whether the cookie comes then.
    const bool looks_again = reason == kNoCookie && request.query.has("look") &&
                             request.sec_fetch_site == "same-origin" && !is_prefetch(request);
    const bool should_look = reason == kNoCookie && !shown_id.empty() && request.sec_fetch_site == "cross-site";
    Json::Value page =
        site.ask("SELECT o365_programs.responder_failed($1, $2, $3, $4)",
                 {parts.slug, shown_id, cookie_hashes(attempt_cookies(request)), looks_again ? "true" : "false"});
    if (!page["found"].asBool()) return site.message(request, 404);
    if (page["strict_cookie"].asBool()) reason = "strict_cookie";
    Response response = site.failed(request, std::move(page), reason, shown_id);
    if (should_look) response.set("Refresh", fmt::format("0; url=?reason={}&request={}&look=1", kNoCookie, shown_id));
    return response;
}

}  // namespace o365
