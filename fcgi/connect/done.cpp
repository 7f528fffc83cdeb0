// GET /connect/<slug>/done/<id> - the page after success, without a secret in its URL but the unguessable id of the
// attempt. While a connection waits to be confirmed, the page asks, and POST confirms: only from the browser that
// connected, and only with the token from its page.
#include <fmt/format.h>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/manage/manage_token.h"
#include "fcgi/routes.h"
#include "lib/base/crypto.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

Response confirm(Site& site, const Request& request, const std::string& slug, const std::string& id) {
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    const AttemptCookie* const cookie = cookie_of_form(cookies, request.form.get_or("token", ""));
    const std::string answer = request.form.get_or("answer", "");
    if (answer != "yes" && answer != "replace" && answer != "no")
        throw BadRequest(400, "answer is not yes, replace or no");
    const Json::Value page =
        site.ask("SELECT o365_programs.responder_confirm($1, $2, $3, $4, $5, $6)",
                 {slug, id, cookie != nullptr ? Value::bytes(sha256(cookie->value)) : Value(), request.id,
                  answer == "no" ? "false" : "true", answer == "replace" ? "true" : "false"});
    if (!page["found"].asBool()) return site.message(request, 404);
    const std::string outcome = text_in(page, "outcome");
    if (outcome != "connected" && outcome != "repeated")
        return Site::to_failed(request, page, outcome, text_in(page, "request_id"));
    return Response::redirect(303, fmt::format("{}/connect/{}/done/{}", text_in(page, "public_url"), slug, id));
}

// Makes a link to the page that manages the connection and leads the browser that connected there. It is made only when
// the user asks for it, because opening a page must not change anything.
Response lead_to_manage(Site& site, const Request& request, const std::string& slug, const std::string& id) {
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    const AttemptCookie* const cookie = cookie_of_form(cookies, request.form.get_or("token", ""));
    const std::string token = new_manage_token();
    const Json::Value page = site.ask(
        "SELECT o365_programs.responder_manage_link($1, $2, $3, $4)",
        {slug, id, cookie != nullptr ? Value::bytes(sha256(cookie->value)) : Value(), Value::bytes(sha256(token))});
    if (!page["found"].asBool()) return site.message(request, 404);
    const std::string public_url = text_in(page, "public_url");
    return Response::redirect(303, page["made"].asBool() ? fmt::format("{}/manage/{}", public_url, token)
                                                         : fmt::format("{}/connect/{}/done/{}", public_url, slug, id));
}

}  // namespace

Response done(Site& site, const Request& request, const RouteParts& parts) {
    const std::string& id = parts.rest;
    if (!is_public_id(id)) return site.message(request, 404);
    if (request.method == "POST" && request.form.get_or("do", "") == "manage")
        return lead_to_manage(site, request, parts.slug, id);
    if (request.method == "POST") return confirm(site, request, parts.slug, id);
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    Json::Value page =
        site.ask("SELECT o365_programs.responder_done($1, $2, $3)", {parts.slug, id, cookie_hashes(cookies)});
    if (!page["found"].asBool()) return site.message(request, 404);
    const std::string outcome = text_in(page, "outcome");
    const std::string shown_id = text_in(page, "request_id");
    const auto place = page["cookie"].isInt() ? static_cast<std::size_t>(page["cookie"].asInt()) : 0;
    if (outcome == "connected") {
        if (place > 0 && place <= cookies.size()) page["manage_token"] = form_token(cookies[place - 1]);
        return site.connected(request, std::move(page));
    }
    if (outcome != "pending" || place == 0 || place > cookies.size())
        return site.failed(request, std::move(page), outcome == "pending" ? "confirm_elsewhere" : outcome, shown_id);
    page["token"] = form_token(cookies[place - 1]);
    return site.confirm(request, std::move(page), shown_id);
}

}  // namespace o365
