// GET /connect/<slug>/callback - what Microsoft's page sends back. The webhook stands in this URL, so nothing but a
// redirect answers it, or a page that gives no Referer away; one statement judges the state, seals and stores.
#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/crypto.h"
#include "lib/json_text.h"
#include "lib/log.h"
#include "lib/url.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxState = 200;
constexpr std::size_t kMaxGroupName = 1024;
constexpr std::size_t kMaxAppType = 40;
constexpr std::size_t kMaxUserObjectId = 200;
constexpr std::size_t kMaxWebhook = 2048;
constexpr std::size_t kMaxError = 200;

constexpr std::string_view kTarget =
    "o365.callback (slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port, webhook_url, "
    "user_object_id, app_type, group_name";

struct Hit {
    std::optional<std::string> webhook, error, group_name, app_type, user_object_id;
    Value state_hash, cookie_hash;
    bool malformed = false;
};

Hit read_hit(const Request& request) {
    Hit hit;
    const auto take = [&](std::string_view name, std::size_t most) {
        std::optional<std::string> value = request.query.get(name);
        if (value && value->size() > most) hit.malformed = true;
        return value;
    };
    const std::optional<std::string> state = take("state", kMaxState);
    hit.webhook = take("webhook_url", kMaxWebhook);
    hit.error = take("error", kMaxError);
    hit.group_name = take("group_name", kMaxGroupName);
    hit.app_type = take("app_type", kMaxAppType);
    hit.user_object_id = take("user_objectId", kMaxUserObjectId);
    if (request.query_refused || (!hit.webhook && !hit.error)) hit.malformed = true;
    if (state && !hit.malformed) {
        hit.state_hash = Value::bytes(sha256(*state));
        if (const auto value = cookie(request.cookies, state_cookie_name(*state)))
            hit.cookie_hash = Value::bytes(sha256(*value));
    }
    return hit;
}

Value or_null(const std::optional<std::string>& text) { return text && !text->empty() ? Value(*text) : Value(); }

Json::Value store(Site& site, const Request& request, const std::string& slug, const Hit& hit, const Url& webhook) {
    std::vector<Value> fields = {slug,
                                 request.id,
                                 hit.state_hash,
                                 hit.cookie_hash,
                                 webhook.host,
                                 std::to_string(webhook.port),
                                 hit.webhook.value_or(""),
                                 or_null(hit.user_object_id),
                                 or_null(hit.app_type),
                                 or_null(hit.group_name)};
    // A schema one version older does not know the column.
    const bool pinned = !site.sealing_key().empty();
    if (pinned) fields.emplace_back(site.sealing_key());
    const Rows rows = site.database().copy_row(fmt::format("{}{})", kTarget, pinned ? ", sealing_key" : ""), fields,
                                               fmt::format("SELECT o365.responder_callback_outcome('{}')", request.id));
    site.database_answered(true);
    return database_json(rows.text(0, 0));
}

Json::Value judge(Site& site, const Request& request, const std::string& slug) {
    const Hit hit = read_hit(request);
    const auto fail = [&](const std::string& error) {
        return site.ask("SELECT o365.responder_callback_error($1, $2, $3, $4, $5)",
                        {slug, request.id, hit.state_hash, hit.cookie_hash, error});
    };
    if (request.query.empty() && !request.query_refused) return fail("no_parameters");
    if (hit.malformed) return fail("malformed");
    if (hit.error) {
        // What the responder itself finds has names of its own, which nobody else may claim.
        const bool ours = *hit.error == "no_parameters" || *hit.error == "malformed" || *hit.error == "bad_webhook";
        return fail(ours ? "other: " + *hit.error : *hit.error);
    }
    const auto webhook = parse_url(*hit.webhook);
    if (!webhook || !webhook_shape_problem(*hit.webhook).empty()) return fail("bad_webhook");
    return store(site, request, slug, hit, *webhook);
}

Response connected(const Site& site, const Request& request, Json::Value page) {
    const std::string location = text_of(page, "location");
    const std::string mode = text_of(page, "clean_page");
    if (mode != "no-referrer" && mode != "origin") return Response::redirect(302, location);
    page["referrer"] = mode;
    const bool own_page = location.starts_with(text_of(page, "public_url") + "/");
    if (!own_page) page["continue_url"] = location;
    return site.connected(request, std::move(page));
}

}  // namespace

Response callback(Site& site, const Request& request, const std::string& slug) {
    // No HEAD either: what only looks at a link must not use up its state.
    if (request.method != "GET") return site.wrong_method(request, "GET");
    Json::Value page = judge(site, request, slug);
    const std::string outcome = text_of(page, "outcome");
    log::debug("callback", "request={} connector={} outcome={}", request.id, slug, outcome);
    if (!page["found"].asBool()) return site.message(request, 404);
    if (outcome == "connected" || outcome == "repeated") return connected(site, request, std::move(page));
    const std::string public_url = text_of(page, "public_url");
    // The documentation's own example redirects here without anything: that URL holds no secret.
    if (outcome == "no_parameters" || public_url.empty())
        return site.failed(request, std::move(page), outcome, request.id);
    return Response::redirect(302, fmt::format("{}/connect/{}/failed?reason={}&request={}", public_url, slug,
                                               url_encode(outcome), request.id));
}

}  // namespace o365
