// POST /connect/<slug>/workflow - takes the webhook of a Teams workflow that a user pasted. The same page says at once
// what is wrong with one that can never work. One statement seals and stores any other, and a card with a code is
// posted to it. GET redirects to the landing page.
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/connect/landing.h"
#include "fcgi/connect/proof_card.h"
#include "fcgi/connect/ticket.h"
#include "fcgi/routes.h"
#include "fcgi/schedule_words.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/http/pasted_webhook.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr std::string_view kTarget =
    "o365_programs.paste (slug, request_id, ticket_hash, again, cookie_hashes, cookie_hash, webhook_host, "
    "webhook_port, webhook_url, place, renews, card";
constexpr std::size_t kMaxPlace = 400;  // bytes; the page's field takes 100 characters
constexpr std::size_t kMaxDigits = 18;
constexpr const char* kComeBackSeconds = "60";

struct PasteForm {
    std::string ticket;
    std::string again;      // the request id of an attempt of this browser, whose ticket is used again
    std::string place;      // the user's name for the channel
    std::string renews;     // the number of the subscription that gets the webhook, or ""
    std::string schedule;   // of a new connection; "" for the connector's
    bool imported = false;  // prove the webhook that an import stored; nothing is pasted
    bool is_shown = false;  // show the form: a failure page leads here, with `again`
    PastedWebhook pasted;
};

PasteForm read_form(const Request& request) {
    PasteForm form;
    form.ticket = read_ticket(request.form);
    form.again = request.form.get_or("again", "");
    if (!form.again.empty() && !is_request_id(form.again)) throw BadRequest(400, "again is not a request id");
    form.place = request.form.get_or("place", "");
    if (form.place.size() > kMaxPlace) throw BadRequest(400, "place is too long");
    form.renews = request.form.get_or("renews", "");
    if (form.renews.size() > kMaxDigits || form.renews.find_first_not_of("0123456789") != std::string::npos)
        throw BadRequest(400, "renews is not a number");
    form.schedule = read_schedule_choice(request.form.get_or("schedule", ""));
    form.imported = request.form.get_or("imported", "") == "1";
    form.is_shown = !form.imported && !request.form.has("url");
    if (!form.imported) form.pasted = parse_pasted_webhook(request.form.get_or("url", ""));
    return form;
}

Json::Value store(Site& site, const Request& request, const std::string& slug, const PasteForm& form,
                  const AttemptCookie& cookie) {
    const Url& url = form.pasted.url;
    std::vector<Value> fields = {slug,
                                 request.id,
                                 ticket_hash(form.ticket),
                                 Value::or_null(form.again),
                                 cookie_hashes(attempt_cookies(request)),
                                 Value::bytes(sha256(cookie.value)),
                                 Value::or_null(url.host),
                                 form.imported ? Value() : Value(url.port),
                                 Value::or_null(form.pasted.text),
                                 Value::or_null(form.place),
                                 Value::or_null(form.renews),
                                 proof_card(site.texts(request))};
    const bool pinned = !site.sealing_key().empty();
    if (pinned) fields.emplace_back(site.sealing_key());
    if (!form.schedule.empty()) fields.emplace_back(form.schedule);
    const Rows rows = site.copy_row(
        fmt::format("{}{}{})", kTarget, pinned ? ", sealing_key" : "", form.schedule.empty() ? "" : ", schedule"),
        fields, fmt::format("SELECT o365_programs.responder_paste_outcome('{}', '{}')", slug, request.id));
    return database_json(rows.text(0, 0));
}

bool is_too_many(const std::string& wrong) { return wrong == "too_many" || wrong == "too_many_with_link"; }

// Shows the form again, with the text of the fault `wrong` ("" for none) and without what was pasted.
Response ask_again(Site& site, const Request& request, const std::string& slug, const PasteForm& form,
                   const std::string& wrong, const std::string& host = {}) {
    Json::Value page =
        site.ask("SELECT o365_programs.responder_landing($1, $2, $3, $4)",
                 {slug, ticket_hash(form.ticket), Value::or_null(form.again), cookie_hashes(attempt_cookies(request))});
    if (!page["found"].asBool()) return site.message(request, 404);
    Json::Value values = page;
    values["host"] = host;
    const Texts& texts = site.texts(request, page);
    const std::string sentence =
        wrong.empty() ? std::string() : texts.fill(texts["paste"]["wrong_" + wrong], values).asString();
    log::debug("pasted", "request={} connector={} wrong={}", request.id, slug, wrong);
    const int status = wrong.empty() ? 200 : is_too_many(wrong) ? 429 : 422;
    Response response = show_landing(site, request, status, std::move(page), form.ticket,
                                     {.sentence = sentence,
                                      .place = form.place,
                                      .renews = form.renews,
                                      .schedule = form.schedule,
                                      .again = form.again});
    if (wrong == "too_many") response.set("Retry-After", kComeBackSeconds);
    return response;
}

}  // namespace

Response workflow(Site& site, const Request& request, const RouteParts& parts) {
    const std::string& slug = parts.slug;
    if (request.method != "POST") {
        const Json::Value page = site.ask("SELECT o365_programs.responder_landing($1, NULL)", {slug});
        if (!page["found"].asBool()) return site.message(request, 404);
        return Response::redirect(302, fmt::format("{}/connect/{}/", text_in(page, "public_url"), slug));
    }
    const PasteForm form = read_form(request);
    if (form.is_shown) return ask_again(site, request, slug, form, "");
    if (form.pasted.fault != PasteFault::none) return ask_again(site, request, slug, form, code_of(form.pasted.fault));
    const AttemptCookie cookie = fresh_attempt_cookie();
    const Json::Value page = store(site, request, slug, form, cookie);
    const std::string outcome = text_in(page, "outcome");
    log::debug("pasted", "request={} connector={} outcome={}", request.id, slug, outcome);
    if (outcome == "unknown_connector" || !page["found"].asBool()) return site.message(request, 404);
    if (outcome == "ticket") return Site::to_failed(request, page, "ticket", request.id);
    if (is_too_many(outcome)) Site::log_too_many(slug, "pastes");
    if (outcome != "pending" && outcome != "connected")
        return ask_again(site, request, slug, form, outcome, text_in(page, "host"));
    const std::string target = outcome == "pending" ? "workflow" : "done";
    const std::string return_url = outcome == "connected" ? text_in(page, "return_url") : "";
    Response response =
        Response::redirect(303, return_url.empty() ? fmt::format("{}/connect/{}/{}/{}", text_in(page, "public_url"),
                                                                 slug, target, text_in(page, "public_id"))
                                                   : return_url);
    set_attempt_cookie(response, request, cookie, page["max_age"].asInt());
    return response;
}

}  // namespace o365
