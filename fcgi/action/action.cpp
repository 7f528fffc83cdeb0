// GET /action/<token> - the page behind a link to a card's action: the card's inputs and buttons. POST records the
// pressed button, for the application to take; the action's target is not called. The token alone is the right to
// press: nobody has to sign in, and it occurs in no other URL.
#include "lib/cards/action_form.h"

#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/cards/action_link.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_writing.h"

namespace o365 {
namespace {

Response message_page(const Site& site, const Request& request, int status, const char* text) {
    Json::Value values(Json::objectValue);
    values["texts"] = site.texts(request)["messages"][text];
    return site.page(request, status, "message", std::move(values));
}

// One page for all links that do not work: unknown ones, expired ones, and those whose connection is gone.
Response no_such_link(const Site& site, const Request& request) {
    return message_page(site, request, 404, "404_action");
}

Response show(const Site& site, const Request& request, Json::Value page, const std::string& form_id,
              const ActionAnswer* answer = nullptr) {
    Json::Value action;
    page.removeMember("action", &action);
    const Json::Value& errors = site.texts(request, page)["action"]["errors"];
    const bool again = answer != nullptr;
    const Json::Value view = action_view(action, errors, again ? &request.form : nullptr,
                                         again ? answer->problems : decltype(answer->problems){});
    for (const std::string& name : view.getMemberNames()) page[name] = view[name];
    page["form_id"] = form_id;
    page["card_title"] = text_in(page, "title");
    page["about"] = !text_in(page, "website").empty();
    return site.page(request, again ? 400 : 200, "action", std::move(page));
}

}  // namespace

Response action(Site& site, const Request& request, const RouteParts& parts) {
    const auto token = parse_action_token(parts.rest);
    if (!token) return no_such_link(site, request);
    const Value link_hash = Value::bytes(sha256(token->mac));
    Json::Value page =
        site.ask("SELECT o365_programs.responder_action($1, $2, $3)", {token->card_id, token->number, link_hash});
    if (!page["found"].asBool()) return no_such_link(site, request);
    if (request.method != "POST") return show(site, request, std::move(page), random_token());

    const ActionAnswer answer = read_action_form(page["action"], request.form);
    if (!answer.problems.empty()) return show(site, request, std::move(page), answer.form, &answer);
    page = site.ask("SELECT o365_programs.responder_act($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)",
                    {token->card_id, token->number, link_hash, answer.form, answer.step, answer.content_type,
                     answer.body, compact_json(answer.inputs), request.id});
    if (!page["found"].asBool()) return no_such_link(site, request);
    const std::string outcome = text_in(page, "outcome");
    log::debug("action", "request={} card={} number={} outcome={}", request.id, token->card_id, token->number, outcome);
    if (outcome == "full") return message_page(site, request, 409, "409_action");
    if (outcome != "recorded") throw BadRequest(400, "the card has no such button");
    // Redirect away from the token, so that neither the page that stays open nor a page opened from it has it.
    return Response::redirect(
        303, fmt::format("{}/connect/{}/recorded", text_in(page, "public_url"), text_in(page, "slug")));
}

// GET /connect/<slug>/recorded - the page after a button was recorded; its URL has no secret.
Response recorded(Site& site, const Request& request, const RouteParts& parts) {
    Json::Value page = site.ask("SELECT o365_programs.responder_landing($1, NULL)", {parts.slug});
    if (!page["found"].asBool()) return site.message(request, 404);
    page["about"] = !text_in(page, "website").empty();
    return site.page(request, 200, "recorded", std::move(page));
}

}  // namespace o365
