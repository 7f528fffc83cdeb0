// GET /connect/<slug>/failed?reason=...&request=r-... - says what happened and what to do next. Nothing of the URL is
// shown but a request id.
#include "fcgi/routes.h"

namespace o365 {

Response failed(Site& site, const Request& request, const std::string& slug) {
    if (request.method == "POST") return site.wrong_method(request, "GET, HEAD");
    const std::string shown_id = request.query.get_or("request", "");
    Json::Value page = site.ask("SELECT o365.responder_page($1)", {slug});
    if (!page["found"].asBool()) return site.message(request, 404);
    return site.failed(request, std::move(page), request.query.get_or("reason", ""),
                       is_request_id(shown_id) ? shown_id : std::string());
}

}  // namespace o365
