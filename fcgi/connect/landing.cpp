// GET /connect/<slug>/ - what the connector does, and the button. Only the POST behind the button makes a state.
#include <fmt/format.h>

#include "fcgi/connect/ticket.h"
#include "fcgi/routes.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"

namespace o365 {

Response landing(Site& site, const Request& request, const RouteParts& parts) {
    const std::string ticket = read_ticket(request.query);
    Json::Value page = site.ask("SELECT o365_programs.responder_landing($1, $2)", {parts.slug, ticket_hash(ticket)});
    if (!page["found"].asBool()) return site.message(request, 404);
    if (!request.path.ends_with('/')) {
        // Relative links of the page need the slash.
        const std::string query = ticket.empty() ? std::string() : "?ticket=" + url_encode(ticket);
        return Response::redirect(302, fmt::format("{}/connect/{}/{}", text_in(page, "public_url"), parts.slug, query));
    }
    const std::string known = text_in(page, "ticket");
    const std::string connect_url = text_in(page, "connect_url");
    if (known == "valid") page["ticket_value"] = ticket;
    page["ticket_invalid"] = known == "invalid";
    page["ticket_missing"] = known != "invalid" && !page["may_start"].asBool();
    page["about"] = page["may_start"].asBool() && !text_in(page, "website").empty();
    page["has_events"] = !page["events"].empty();
    Response response = site.page(request, 200, "landing", std::move(page));
    allow_connect_page(response, connect_url);
    return response;
}

}  // namespace o365
