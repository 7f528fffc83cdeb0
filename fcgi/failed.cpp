// GET /connect/<slug>/failed?reason=...&request=r-... - says what happened and what to do next. Nothing of the URL is
// shown but a request id.
#include "fcgi/attempt_cookie.h"
#include "fcgi/routes.h"

namespace o365 {

Response failed(Site& site, const Request& request, const std::string& slug) {
    if (request.method == "POST") return site.wrong_method(request, "GET, HEAD");
    std::string shown_id = request.query.get_or("request", "");
    if (!is_request_id(shown_id)) shown_id.clear();
    Json::Value page =
        site.ask("SELECT o365.responder_failed($1, $2, $3)", {slug, shown_id, cookie_hashes(attempt_cookies(request))});
    if (!page["found"].asBool()) return site.message(request, 404);
    return site.failed(request, std::move(page), request.query.get_or("reason", ""), shown_id);
}

}  // namespace o365
