// GET /connect/<slug>/callback - Microsoft's page sends the browser here. The webhook is in this URL, so the answer is
// a redirect, or a page that sends no Referer. One statement judges the state, seals the webhook and stores it.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "fcgi/connect/attempt_cookie.h"
#include "fcgi/routes.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxState = 200;
constexpr std::size_t kMaxGroupName = 1024;
constexpr std::size_t kMaxAppType = 40;
constexpr std::size_t kMaxUserObjectId = 200;
constexpr std::size_t kMaxError = 200;

constexpr std::string_view kColumns =
    "slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port, webhook_url, user_object_id, app_type, "
    "group_name, fresh_cookie_hash, cookie_hashes";

constexpr std::array<std::pair<std::string_view, std::size_t>, 6> kParameters = {{{"state", kMaxState},
                                                                                  {"webhook_url", kMaxWebhook},
                                                                                  {"error", kMaxError},
                                                                                  {"group_name", kMaxGroupName},
                                                                                  {"app_type", kMaxAppType},
                                                                                  {"user_objectId", kMaxUserObjectId}}};

struct Callback {
    std::optional<std::string> webhook, error, group_name, app_type, user_object_id;
    Value state_hash, cookie_hash;
    AttemptCookie own;    // the attempt's cookie, as the browser sent it; the name is empty when there was no state
    AttemptCookie fresh;  // a new cookie, for a browser that comes without a state of ours
    std::string fresh_hash;
    std::string fault;  // what is wrong with the parameters, for o365.connect_attempt; empty for nothing
};

// Whether the answer is for a frame of another site, into which browsers send no cookie of ours. Browsers without
// Sec-Fetch-Dest are found by the missing cookie.
bool is_framed(const Request& request) {
    const auto found = request.headers.find("HTTP_SEC_FETCH_DEST");
    if (found == request.headers.end()) return false;
    const std::string& where = found->second;
    return where == "iframe" || where == "frame" || where == "embed" || where == "object" || where == "fencedframe";
}

// What is wrong with the documented parameters of a callback, without quoting one; empty for nothing.
std::string fault_of(const Parameters& query) {
    for (const auto& [name, most] : kParameters) {
        if (query.has(fmt::format("amp;{}", name))) return "the link was escaped as HTML: it has &amp; where & belongs";
    }
    for (const auto& [name, most] : kParameters) {
        if (const char* const why = query.fault(name)) return fmt::format("{} {}", name, why);
        if (query.get_or(name, "").size() > most) return fmt::format("{} is longer than {} bytes", name, most);
    }
    if (!query.get("webhook_url") && query.get_or("error", "").empty())
        return "it brought neither webhook_url nor error";
    return {};
}

Callback read_callback(const Request& request) {
    Callback received;
    received.fault = fault_of(request.query);
    const auto take = [&](std::string_view name) {
        return request.query.fault(name) != nullptr ? std::nullopt : request.query.get(name);
    };
    const std::optional<std::string> state = take("state");
    received.webhook = take("webhook_url");
    received.error = take("error");
    if (received.error && received.error->empty()) received.error.reset();
    received.group_name = take("group_name");
    received.app_type = take("app_type");
    received.user_object_id = take("user_objectId");
    // Also when there is a fault: the state says which attempt this is.
    if (state && !state->empty() && state->size() <= kMaxState) {
        const std::string hash = sha256(*state);
        received.state_hash = Value::bytes(hash);
        received.own.name = attempt_cookie_name(hash);
        if (const auto value = cookie(request.cookies, received.own.name)) {
            received.own.value = *value;
            received.cookie_hash = Value::bytes(sha256(*value));
        }
    }
    received.fresh = fresh_attempt_cookie();
    received.fresh_hash = sha256(received.fresh.value);
    return received;
}

Json::Value store(Site& site, const Request& request, const std::string& slug, const Callback& received,
                  const Url& webhook) {
    std::vector<Value> fields = {slug,
                                 request.id,
                                 received.state_hash,
                                 received.cookie_hash,
                                 webhook.host,
                                 std::to_string(webhook.port),
                                 received.webhook.value_or(""),
                                 Value::or_null(received.user_object_id.value_or("")),
                                 Value::or_null(received.app_type.value_or("")),
                                 Value::or_null(received.group_name.value_or("")),
                                 Value::bytes(received.fresh_hash),
                                 cookie_hashes(attempt_cookies(request))};
    const bool pinned = !site.sealing_key().empty();
    if (pinned) fields.emplace_back(site.sealing_key());
    return database_json(site.callbacks().copy_row(fmt::format("{}{}", kColumns, pinned ? ", sealing_key" : ""),
                                                   std::move(fields), request.id));
}

Json::Value judge(Site& site, const Request& request, const std::string& slug, const Callback& received) {
    const auto fail = [&](const std::string& error, const std::string& detail = {}) {
        return site.ask("SELECT o365_programs.responder_callback_error($1, $2, $3, $4, $5, $6)",
                        {slug, request.id, received.state_hash, received.cookie_hash, error, Value::or_null(detail)});
    };
    if (request.query.empty()) return fail("no_parameters");
    if (is_framed(request)) return fail("framed");
    if (!received.fault.empty()) return fail("malformed", received.fault);
    if (received.error) {
        // These names are for what the responder itself finds: rename an error of that name from outside.
        const bool ours = *received.error == "no_parameters" || *received.error == "malformed" ||
                          *received.error == "framed" || *received.error == "bad_webhook";
        return fail(ours ? "other: " + *received.error : *received.error);
    }
    const Webhook webhook = parse_webhook(*received.webhook);
    if (webhook.fault == WebhookFault::none) return store(site, request, slug, received, webhook.url);
    // A webhook that was not encoded ends at its first &; the rest of it became parameters of the callback.
    const bool unencoded = webhook.fault == WebhookFault::no_signature && request.query.has("sig");
    Json::Value page =
        fail("bad_webhook", unencoded ? "webhook_url was not encoded, so it ended at its first &" : webhook.problem);
    if (text_in(page, "outcome") == "bad_webhook")
        page["reason"] = fmt::format("webhook_{}", unencoded ? "unencoded" : code_of(webhook.fault));
    return page;
}

Response connected(const Site& site, const Request& request, Json::Value page, const Callback& received) {
    const std::string location = text_in(page, "location");
    const std::string mode = text_in(page, "clean_page");
    if (mode != "no-referrer" && mode != "origin") {
        Response response = Response::redirect(302, location);
        // Keep the cookie as long as the connection waits to be confirmed.
        const std::string cookie = text_in(page, "cookie");
        if (!cookie.empty())
            set_attempt_cookie(response, request, cookie == "fresh" ? received.fresh : received.own,
                               page["max_age"].asInt());
        return response;
    }
    page["referrer"] = mode;
    const bool own_page = location.starts_with(text_in(page, "public_url") + "/");
    if (!own_page) page["continue_url"] = location;
    return site.connected(request, std::move(page));
}

}  // namespace

Response callback(Site& site, const Request& request, const RouteParts& parts) {
    // Browsers do not keep a 503 from a prefetch, and the state stays unused until a person opens the page.
    if (is_prefetch(request)) return site.message(request, 503);
    const Callback received = read_callback(request);
    Json::Value page = judge(site, request, parts.slug, received);
    const std::string outcome = text_in(page, "outcome");
    log::debug("callback", "request={} connector={} outcome={}", request.id, parts.slug, outcome);
    if (!page["found"].asBool())
        return render_message(site.pages(), site.texts(request), request.path, 404, request.id);
    if (outcome == "connected" || outcome == "pending" || outcome == "repeated")
        return connected(site, request, std::move(page), received);
    if (outcome == "framed") {
        // No redirect: the page's only link opens the callback's URL in a tab. The page repeats nothing of that URL.
        Response response = site.failed(request, std::move(page), outcome, request.id);
        response.allow_framing();
        return response;
    }
    // No redirect without parameters, as the documentation's own example comes here: that URL has no secret.
    if (outcome == "no_parameters" || text_in(page, "public_url").empty())
        return site.failed(request, std::move(page), outcome, request.id);
    std::string reason = text_in(page, "reason");
    if (outcome == "no_cookie" && has_dropped_cookies(request)) reason = "too_many";
    return Site::to_failed(request, page, reason.empty() ? outcome : reason, request.id);
}

}  // namespace o365
