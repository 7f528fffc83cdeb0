// GET /connect/<slug>/ - what the connector does, and how to connect: the form for the webhook of a Teams workflow, and
// the button that leads to Microsoft's Connect page. Only a POST begins an attempt.
#include "fcgi/connect/landing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fcgi/connect/ticket.h"
#include "fcgi/routes.h"
#include "fcgi/schedule_words.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

bool offers(const Json::Value& page, const char* way) {
    const Json::Value& ways = page["ways"];
    return std::find(ways.begin(), ways.end(), Json::Value(way)) != ways.end();
}

// Shows the connections of this account, so that the user can choose one to get the pasted webhook.
void show_places(Json::Value& form, const Json::Value& page, const Texts& texts, const std::string& renews) {
    form["places"] = page["places"];
    for (Json::Value place : page["unnamed_places"]) {
        place["unnamed"] = texts.fill(texts["paste"]["new_address_unnamed"], place);
        form["places"].append(std::move(place));
    }
    form["has_places"] = !form["places"].empty() && !page["renews"].isObject();
    for (Json::Value& place : form["places"]) {
        const bool chosen = !renews.empty() && text_in(place, "id") == renews;
        place["chosen"] = chosen;
        if (chosen) form["one_chosen"] = true;
    }
    if (page["renews"].isObject()) form["fixed_place"] = text_in(page["renews"], "place");
}

}  // namespace

Response show_landing(const Site& site, const Request& request, int status, Json::Value page, const std::string& ticket,
                      const PasteProblem& problem) {
    const std::string known = text_in(page, "ticket");
    const std::string connect_url = text_in(page, "connect_url");
    const bool may_start = page["may_start"].asBool();
    const bool pastes = offers(page, "workflow");
    const bool button = offers(page, "button");
    if (known == "valid") page["ticket_value"] = ticket;
    if (known == "valid") page["again_id"] = problem.again;
    page["ticket_invalid"] = known == "invalid";
    page["ticket_missing"] = known != "invalid" && !may_start;
    page["about"] = may_start && !text_in(page, "website").empty();
    page["place"] = text_in(page["renews"], "place");
    page["has_events"] = !page["events"].empty();
    // A connection that gets a new webhook keeps its schedule.
    page["asks_schedule"] = page.isMember("schedule") && !page["renews"].isObject();
    page["schedules"] = schedule_choices(site.texts(request, page), text_in(page, "schedule"), problem.schedule);
    page["only_button"] = may_start && button && !pastes;
    page["button_too"] = may_start && button && pastes;
    if (!pastes) {
        const Json::Value& texts = site.texts(request, page)["landing"];
        page["texts"]["title"] = texts["title_button"];
        page["texts"]["heading"] = texts["heading_button"];
    }
    // An import has stored the webhook: prove that one first. The page after that takes another one.
    const bool imported = may_start && pastes && page["imported"].isObject() && problem.sentence.empty();
    if (imported) {
        page["renews"] = Json::Value();
    } else if (may_start && pastes) {
        Json::Value form = page;
        form["wrong"] = problem.sentence;
        form["typed_place"] = problem.place;
        show_places(form, page, site.texts(request, page), problem.renews);
        page["paste"] = render_part(site.pages(), site.texts(request, page), request.path, "paste", std::move(form));
    }
    page["proves"] = imported;
    Response response = site.page(request, status, "landing", std::move(page));
    if (button) allow_connect_page(response, connect_url);
    return response;
}

Response landing(Site& site, const Request& request, const RouteParts& parts) {
    const std::string ticket = read_ticket(request.query);
    Json::Value page = site.ask("SELECT o365_programs.responder_landing($1, $2)", {parts.slug, ticket_hash(ticket)});
    if (!page["found"].asBool()) return site.message(request, 404);
    if (!request.path.ends_with('/')) {
        // Relative links on the page need the slash.
        const std::string query = ticket.empty() ? std::string() : "?ticket=" + url_encode(ticket);
        return Response::redirect(302, fmt::format("{}/connect/{}/{}", text_in(page, "public_url"), parts.slug, query));
    }
    return show_landing(site, request, 200, std::move(page), ticket);
}

}  // namespace o365
