// POST /connect/<slug>/start - makes a state and a cookie and sends the browser to the Connect page. The form has a
// ticket, or from a failure page the request id of an attempt, whose ticket the browser that began it uses again.
#include <fmt/format.h>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/connect/landing.h"
#include "fcgi/connect/ticket.h"
#include "fcgi/routes.h"
#include "fcgi/schedule_words.h"
#include "lib/base/crypto.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

// The answer when no attempt was started. When the connector does not offer the button any more, it is the landing page
// with the ways that it offers.
Response refuse(Site& site, const Request& request, const std::string& slug, const std::string& ticket,
                const std::string& again, const Json::Value& page) {
    const std::string reason = text_in(page, "reason");
    if (reason == "no_such_way") {
        Json::Value ways =
            site.ask("SELECT o365_programs.responder_landing($1, $2, $3, $4)",
                     {slug, ticket_hash(ticket), Value::or_null(again), cookie_hashes(attempt_cookies(request))});
        if (!ways["found"].asBool()) return site.message(request, 404);
        return show_landing(site, request, 200, std::move(ways), ticket,
                            {.sentence = {}, .place = {}, .renews = {}, .schedule = {}, .again = again});
    }
    if (reason != "ticket") Site::log_too_many(slug, "starts");
    return Site::to_failed(request, page, reason == "too_many" ? "too_many_starts" : reason, request.id);
}

}  // namespace

Response start(Site& site, const Request& request, const RouteParts& parts) {
    const std::string ticket = read_ticket(request.form);
    const std::string again = request.form.get_or("again", "");
    if (!again.empty() && !is_request_id(again)) throw BadRequest(400, "again is not a request id");
    const std::string schedule = read_schedule_choice(request.form.get_or("schedule", ""));
    const std::string state = random_token();
    const std::string state_hash = sha256(state);
    const AttemptCookie cookie{attempt_cookie_name(state_hash), random_token()};
    std::vector<Value> values = {parts.slug,
                                 ticket_hash(ticket),
                                 Value::bytes(state_hash),
                                 Value::bytes(sha256(cookie.value)),
                                 request.id,
                                 Value::or_null(again),
                                 again.empty() ? Value() : cookie_hashes(attempt_cookies(request)),
                                 Value::or_null(schedule)};
    const Json::Value page = site.ask("SELECT o365_programs.responder_start($1, $2, $3, $4, $5, $6, $7, $8)", values);
    if (!page["found"].asBool()) return site.message(request, 404);
    if (!page["started"].asBool()) return refuse(site, request, parts.slug, ticket, again, page);
    const std::string connect_url = text_in(page, "connect_url");
    Response response = Response::redirect(
        303, fmt::format("{}{}state={}&app_id={}&callback_url={}", connect_url,
                         connect_url.find('?') == std::string::npos ? '?' : '&', state,
                         url_encode(text_in(page, "app_id")), url_encode(text_in(page, "callback_url"))));
    set_attempt_cookie(response, request, cookie, page["max_age"].asInt());
    return response;
}

}  // namespace o365
