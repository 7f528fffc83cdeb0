// GET /connect/<slug>/logo - the connector's picture, as it was registered.
#include "fcgi/routes.h"

namespace o365 {

Response logo(Site& site, const Request& request, const RouteParts& parts) {
    const Rows rows = site.call("SELECT content_type, logo FROM o365_programs.responder_logo($1)", {parts.slug});
    if (rows.size() == 0) return site.message(request, 404);
    Response response = Response::html(200, rows.bytes(0, 1));
    response.set("Content-Type", rows.text(0, 0));
    response.set("Cache-Control", "public, max-age=300");
    return response;
}

}  // namespace o365
