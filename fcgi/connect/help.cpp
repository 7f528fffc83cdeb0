// GET /connect/<slug>/help - the user documentation of a connector, made from its registration: what is posted and
// when, how to connect, pause, change and remove, and whom to ask.
#include <algorithm>
#include <utility>

#include "fcgi/routes.h"
#include "fcgi/schedule_words.h"
#include "lib/json/json_fields.h"

namespace o365 {

Response help(Site& site, const Request& request, const RouteParts& parts) {
    Json::Value page = site.ask("SELECT o365_programs.responder_landing($1, NULL)", {parts.slug});
    if (!page["found"].asBool()) return site.message(request, 404);
    const Json::Value& ways = page["ways"];
    const auto offers = [&ways](const char* way) {
        return std::find(ways.begin(), ways.end(), Json::Value(way)) != ways.end();
    };
    page["by_workflow"] = offers("workflow");
    page["by_button"] = offers("button");
    page["has_events"] = !page["events"].empty();
    page["schedule"] = schedule_in_words(site.texts(request, page),
                                         page.isMember("schedule") ? text_in(page, "schedule") : "immediate");
    page["about"] = !text_in(page, "website").empty();
    const std::string support = text_in(page, "support");
    page["support_link"] = support.find("://") != std::string::npos ? support : "mailto:" + support;
    return site.page(request, 200, "help", std::move(page));
}

}  // namespace o365
