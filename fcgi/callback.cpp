// GET /connect/<slug>/callback - what Microsoft's page sends back. The webhook stands in this URL, so nothing but a
// redirect answers it, or a page that gives no Referer away; one statement judges the state, seals and stores.
#include <fmt/format.h>

#include "fcgi/attempt_cookie.h"
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
    "user_object_id, app_type, group_name, fresh_cookie_hash, cookie_hashes";

struct Hit {
    std::optional<std::string> webhook, error, group_name, app_type, user_object_id;
    Value state_hash, cookie_hash;
    AttemptCookie own;    // of the attempt, as the browser sent it; the name is empty when there was no state
    AttemptCookie fresh;  // for a browser that comes without a state of ours
    std::string fresh_hash;
    bool malformed = false;
};

// A browser sends no cookie of ours into another site's frame, and shows no page of ours in one. Browsers that do not
// say where a page is to be shown come without the cookie.
bool is_framed(const Request& request) {
    const auto found = request.headers.find("HTTP_SEC_FETCH_DEST");
    if (found == request.headers.end()) return false;
    const std::string& where = found->second;
    return where == "iframe" || where == "frame" || where == "embed" || where == "object" || where == "fencedframe";
}

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
    if (hit.error && hit.error->empty()) hit.error.reset();
    hit.group_name = take("group_name", kMaxGroupName);
    hit.app_type = take("app_type", kMaxAppType);
    hit.user_object_id = take("user_objectId", kMaxUserObjectId);
    if (request.query_refused || (!hit.webhook && !hit.error)) hit.malformed = true;
    // Also of a hit that cannot be judged: it says whose attempt this was.
    if (state && !state->empty() && state->size() <= kMaxState) {
        const std::string hash = sha256(*state);
        hit.state_hash = Value::bytes(hash);
        hit.own.name = attempt_cookie_name(hash);
        if (const auto value = cookie(request.cookies, hit.own.name)) {
            hit.own.value = *value;
            hit.cookie_hash = Value::bytes(sha256(*value));
        }
    }
    hit.fresh.value = random_token();
    hit.fresh_hash = sha256(hit.fresh.value);
    hit.fresh.name = attempt_cookie_name(hit.fresh_hash);
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
                                 or_null(hit.group_name),
                                 Value::bytes(hit.fresh_hash),
                                 cookie_hashes(attempt_cookies(request))};
    const bool pinned = !site.sealing_key().empty();
    if (pinned) fields.emplace_back(site.sealing_key());
    site.check_schema();
    const Rows rows = site.database().copy_row(fmt::format("{}{})", kTarget, pinned ? ", sealing_key" : ""), fields,
                                               fmt::format("SELECT o365.responder_callback_outcome('{}')", request.id));
    site.database_answered(true);
    return database_json(rows.text(0, 0));
}

Json::Value judge(Site& site, const Request& request, const std::string& slug, const Hit& hit) {
    const auto fail = [&](const std::string& error) {
        return site.ask("SELECT o365.responder_callback_error($1, $2, $3, $4, $5)",
                        {slug, request.id, hit.state_hash, hit.cookie_hash, error});
    };
    if (request.query.empty() && !request.query_refused) return fail("no_parameters");
    if (is_framed(request)) return fail("framed");
    if (hit.malformed) return fail("malformed");
    if (hit.error) {
        // What the responder itself finds has names of its own, which nobody else may claim.
        const bool ours = *hit.error == "no_parameters" || *hit.error == "malformed" || *hit.error == "framed" ||
                          *hit.error == "bad_webhook";
        return fail(ours ? "other: " + *hit.error : *hit.error);
    }
    const Webhook webhook = parse_webhook(*hit.webhook);
    if (!webhook.problem.empty()) return fail("bad_webhook");
    return store(site, request, slug, hit, webhook.url);
}

Response connected(const Site& site, const Request& request, Json::Value page, const Hit& hit) {
    const std::string location = text_of(page, "location");
    const std::string mode = text_of(page, "clean_page");
    if (mode != "no-referrer" && mode != "origin") {
        Response response = Response::redirect(302, location);
        // What waits to be confirmed needs its cookie for as long.
        const std::string cookie = text_of(page, "cookie");
        if (!cookie.empty())
            set_attempt_cookie(response, request, cookie == "fresh" ? hit.fresh : hit.own, page["max_age"].asInt());
        return response;
    }
    page["referrer"] = mode;
    const bool own_page = location.starts_with(text_of(page, "public_url") + "/");
    if (!own_page) page["continue_url"] = location;
    return site.connected(request, std::move(page));
}

}  // namespace

Response callback(Site& site, const Request& request, const std::string& slug) {
    // No HEAD either: what only looks at a link must not use up its state.
    if (request.method != "GET") return site.wrong_method(request, "GET");
    const Hit hit = read_hit(request);
    Json::Value page = judge(site, request, slug, hit);
    const std::string outcome = text_of(page, "outcome");
    log::debug("callback", "request={} connector={} outcome={}", request.id, slug, outcome);
    if (!page["found"].asBool()) return render_message(site.pages(), request.path, 404, request.id);
    if (outcome == "connected" || outcome == "pending" || outcome == "repeated")
        return connected(site, request, std::move(page), hit);
    if (outcome == "framed") {
        // The page stays at the callback's URL, because its only link leads there, in a tab: nothing is repeated in it.
        Response response = site.failed(request, std::move(page), outcome, request.id);
        response.allow_framing();
        return response;
    }
    // The documentation's own example redirects here without anything: that URL holds no secret.
    if (outcome == "no_parameters" || text_of(page, "public_url").empty())
        return site.failed(request, std::move(page), outcome, request.id);
    return Site::to_failed(request, page, outcome, request.id);
}

}  // namespace o365
