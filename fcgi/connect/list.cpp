// GET /connect/ - lists the connectors that anybody may connect, or redirects to the only one.
#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/json/json_fields.h"

namespace o365 {

Response list(Site& site, const Request& request, const RouteParts& /*parts*/) {
    Json::Value page = site.ask("SELECT o365_programs.responder_connectors()");
    const std::string public_url = text_in(page, "public_url");
    const Json::Value& connectors = page["connectors"];
    if (connectors.size() == 1 && !public_url.empty()) {
        return Response::redirect(302, fmt::format("{}/connect/{}/", public_url, text_in(connectors[0], "slug")));
    }
    page["none"] = connectors.empty();
    return site.page(request, 200, "list", std::move(page));
}

}  // namespace o365
