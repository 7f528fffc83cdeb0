#include "fcgi/routes.h"

#include "lib/base/log.h"

namespace o365 {
namespace {

constexpr const char* kRetrySeconds = "5";

Response dispatch(Site& site, const Request& request) {
    const auto found = find_route(request.path);
    if (!found) return site.message(request, 404);
    const Route& route = *found->route;
    if (!takes(route, request.method)) return site.wrong_method(request, route.methods);
    if (request.method == "POST" && route.from_own_pages) site.refuse_other_sites(request);
    return route.answer(site, request, found->parts);
}

bool is_action(const Request& request) {
    const auto found = find_route(request.path);
    return found && found->route->answer == action;
}

bool passes_by_itself(const DatabaseError& error) {
    return error.fault() == Fault::down || error.fault() == Fault::retry || error.fault() == Fault::in_doubt;
}

// The page for a database that is busy or away. It reloads itself, except after a POST. Nothing is lost: a callback's
// parameters are still in the browser's address bar, and for a card's action this page keeps the form that was sent,
// with its token, so that it can be sent again and counts once.
Response busy(const Site& site, const Request& request) {
    const bool reloads = request.method != "POST";
    Json::Value values(Json::objectValue);
    const bool from_us = !is_judged_by_origin(request) && is_same_site_post(request, "");
    const bool keeps = !reloads && from_us && is_action(request) && !request.form.all().empty();
    values["texts"] = site.texts(request)["messages"][reloads ? "503" : keeps ? "503_action" : "503_post"];
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
        // A lock that is held for long, or a slow database: it answers, and other requests may succeed. The pool has
        // logged a database that does not answer.
        if (error.fault() == Fault::retry) {
            log::warn("database_busy", "request={} why={}", request.id, log::quoted(error.what()));
        } else if (error.fault() == Fault::in_doubt && !error.timed_out()) {
            log::warn("database_session_lost", "request={} why={}", request.id, log::quoted(error.what()));
        }
        log::info("told_to_wait", "request={}", request.id);
        return takes_any_request(request.path) ? call_unavailable(site, request) : busy(site, request);
    }
}

}  // namespace o365
