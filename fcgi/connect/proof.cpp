// GET and POST /connect/<slug>/workflow/<id> - the page that proves a pasted webhook: it says whether the card with the
// code was posted, takes the code, and posts another card. Only for the browser that pasted the webhook.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/connect/proof_card.h"
#include "fcgi/routes.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr std::string_view kTarget = "o365_programs.proof (slug, id, cookie_hash, code)";
constexpr std::string_view kReplacing = "o365_programs.proof (slug, id, cookie_hash, code, replace)";
constexpr const char* kLookAgain = "3";  // seconds, while the card is on its way
constexpr std::size_t kMaxCode = 40;

Json::Value ask_state(Site& site, const Request& request, const RouteParts& parts) {
    return site.ask("SELECT o365_programs.responder_proof($1, $2, $3)",
                    {parts.slug, parts.rest, cookie_hashes(attempt_cookies(request))});
}

// The digits of what was typed.
std::string digits_of(std::string_view typed) {
    std::string digits;
    std::copy_if(typed.begin(), typed.end(), std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
    return digits.substr(0, kMaxCode);
}

Response back_to_page(const Json::Value& page, const RouteParts& parts) {
    return Response::redirect(
        303, fmt::format("{}/connect/{}/workflow/{}", text_in(page, "public_url"), parts.slug, parts.rest));
}

Response connected(const Json::Value& page, const RouteParts& parts) {
    const std::string own = text_in(page, "return_url");
    return Response::redirect(
        303,
        own.empty() ? fmt::format("{}/connect/{}/done/{}", text_in(page, "public_url"), parts.slug, parts.rest) : own);
}

Response show(Site& site, const Request& request, Json::Value page, const AttemptCookie& cookie) {
    const Texts& texts = site.texts(request, page);
    const Json::Value& answers = texts["answers"];
    const bool posted = page["posted"].asBool();
    const bool refused = page["refused"].asBool();
    const bool failing = page["failing"].asBool();
    page["sending"] = !posted && !refused;
    if (refused || failing || page["in_doubt"].asBool()) {
        const std::string rule = text_in(page, "rule_id");
        const bool answered = !text_in(page, "http_status").empty();
        const Json::Value& reason = answers.isMember(rule) ? answers[rule] : answers[answered ? "refused" : "none"];
        page["reason"] = texts.fill(reason, page);
    }
    const char* waiting = failing ? "failing" : page["no_worker"].asBool() ? "no_worker" : "sending";
    page["waiting_text"] = texts.fill(texts["proof"][waiting], page);
    page["tries"] = page["tries_left"];
    page["minutes"] = page["minutes_left"];
    page["may_try"] = page["tries_left"].asInt() > 0;
    page["may_send"] = page["codes_left"].asInt() > 0;
    page["open_help"] = page["wrong"].asBool();
    page["token"] = form_token(cookie);
    // The user is typing another address: do not reload the page.
    const bool another = request.query.has("another");
    page["another_open"] = another;
    const bool waits = page["sending"].asBool() && !another;
    page["another_link"] = waits;
    Response response = site.page(request, 200, "proof", std::move(page));
    if (waits) response.set("Refresh", kLookAgain);
    return response;
}

Response answer_state(Site& site, const Request& request, const RouteParts& parts, Json::Value page) {
    if (!page["found"].asBool()) return site.message(request, 404);
    const std::string outcome = text_in(page, "outcome");
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    const auto place = page["cookie"].isInt() ? static_cast<std::size_t>(page["cookie"].asInt()) : 0;
    const std::string shown_id = text_in(page, "request_id");
    if (outcome == "connected") return connected(page, parts);
    if (place == 0 || place > cookies.size()) return site.failed(request, std::move(page), "proof_elsewhere", shown_id);
    if (outcome != "pending") {
        const std::string reason = outcome == "unconfirmed" ? "unproven" : outcome;
        return Site::to_failed(request, page, reason, shown_id);
    }
    return show(site, request, std::move(page), cookies[place - 1]);
}

}  // namespace

Response proof(Site& site, const Request& request, const RouteParts& parts) {
    if (!is_public_id(parts.rest)) return site.message(request, 404);
    if (request.method != "POST") return answer_state(site, request, parts, ask_state(site, request, parts));
    const std::vector<AttemptCookie> cookies = attempt_cookies(request);
    const AttemptCookie* const cookie = cookie_of_form(cookies, request.form.get_or("token", ""));
    const std::string what = request.form.get_or("do", "");
    const bool replaces = what == "replace";
    if (!replaces && what != "prove" && what != "again" && what != "other")
        throw BadRequest(400, "do is not prove, replace, again or other");
    if (cookie == nullptr) return answer_state(site, request, parts, ask_state(site, request, parts));
    const Value cookie_hash = Value::bytes(sha256(cookie->value));
    if (what == "again" || what == "other") {
        const Json::Value page = site.ask(
            "SELECT o365_programs.responder_new_code($1, $2, $3, $4, $5)",
            {parts.slug, parts.rest, cookie_hash, what == "other" ? "true" : "false", proof_card(site.texts(request))});
        return back_to_page(page, parts);
    }
    std::vector<Value> fields = {parts.slug, parts.rest, cookie_hash, digits_of(request.form.get_or("code", ""))};
    if (replaces) fields.emplace_back("true");
    const Rows rows =
        site.copy_row(replaces ? kReplacing : kTarget, fields,
                      fmt::format("SELECT o365_programs.responder_proof('{}', '{}', NULL)", parts.slug, parts.rest));
    return back_to_page(database_json(rows.text(0, 0)), parts);
}

}  // namespace o365
