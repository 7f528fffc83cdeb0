#include "fcgi/routes.h"

#include "lib/base/log.h"

namespace o365 {
namespace {

constexpr const char* kRetrySeconds = "5";

// With and without a slash at its end, as it may have been registered at Microsoft.
bool is_callback(const std::vector<std::string>& route) {
    return route.size() >= 2 && route[1] == "callback" &&
           (route.size() == 2 || (route.size() == 3 && route[2].empty()));
}

Response dispatch(Site& site, const Request& request) {
    if (request.path == "/healthz") return healthz(site, request);
    if (const auto token = action_route(request.path)) return action(site, request, *token);
    const std::vector<std::string> route = connect_route(request.path);
    if (request.path == "/connect" || (route.size() == 1 && route[0].empty())) return list(site, request);
    if (route.size() == 2 && route[0] == "static") return static_file(site, request, route[1]);
    // Whatever connector it names: a webhook that went astray leaves a trace that the operator finds.
    if (is_callback(route)) return callback(site, request, is_slug(route[0]) ? route[0] : std::string());
    if (route.empty() || !is_slug(route[0])) return site.message(request, 404);
    const std::string& slug = route[0];
    if (route.size() == 1 || (route.size() == 2 && route[1].empty())) return landing(site, request, slug);
    if (route.size() == 3 && route[1] == "done") return done(site, request, slug, route[2]);
    if (route.size() != 2) return site.message(request, 404);
    if (route[1] == "start") return start(site, request, slug);
    if (route[1] == "failed") return failed(site, request, slug);
    if (route[1] == "recorded") return recorded(site, request, slug);
    if (route[1] == "logo") return logo(site, request, slug);
    return site.message(request, 404);
}

bool passes_by_itself(const DatabaseError& error) {
    return error.fault() == Fault::down || error.fault() == Fault::retry || error.fault() == Fault::in_doubt;
}

// The page loads itself again: a callback's parameters are still in the browser's address bar, so nothing is lost.
// Except after a POST: what was typed on the page of a card's action stands in this one, with its form's number, so
// that it can be sent again and counts once.
Response busy(const Site& site, const Request& request) {
    const bool reloads = request.method != "POST";
    Json::Value values(Json::objectValue);
    const bool from_us = !is_judged_by_origin(request) && is_same_site_post(request, "");
    const bool keeps = !reloads && from_us && action_route(request.path) && !request.form.all().empty();
    values["texts"] = site.pages().strings()["messages"][reloads ? "503" : keeps ? "503_action" : "503_post"];
    values["keeps"] = keeps;
    values["kept"] = Json::Value(Json::arrayValue);
    if (keeps) {
        for (const auto& [name, value] : request.form.all()) {
            Json::Value field;
            field["kept_name"] = name;
            field["kept_value"] = value;
            values["kept"].append(std::move(field));
        }
    }
    values["request_id"] = request.id;
    Response response = site.page(request, 503, "message", std::move(values));
    response.set("Retry-After", kRetrySeconds);
    if (reloads) response.set("Refresh", kRetrySeconds);
    return response;
}

}  // namespace

Response answer(Site& site, const Request& request) {
    try {
        return dispatch(site, request);
    } catch (const DatabaseError& error) {
        if (!passes_by_itself(error)) throw;
        // Somebody holds a lock for long, or the database is slow: it is there, and other requests may do better. That
        // it does not answer the pool has told.
        if (error.fault() == Fault::retry) {
            log::warn("database_busy", "request={} why={}", request.id, log::quoted(error.what()));
        } else if (error.fault() == Fault::in_doubt && !error.timed_out()) {
            log::warn("database_session_lost", "request={} why={}", request.id, log::quoted(error.what()));
        }
        log::info("told_to_wait", "request={}", request.id);
        return busy(site, request);
    }
}

}  // namespace o365
