// POST /action - Microsoft's service calls it for an HttpPOST whose target "o365:action" a worker has replaced by this
// address (docs/decisions/0014). The address has a token of ours, a header has one of Microsoft's. A request with a
// wrong token gets the same answer whatever is wrong, and stores nothing. Answers: office365-connectors.md 7.4.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "fcgi/routes.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/cards/action_link.h"
#include "lib/database/sqlstate.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/pages/accept_language.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxBody = 64UL * 1024;
constexpr std::size_t kMaxContentType = 200;
constexpr milliseconds kMostWait{5000};
constexpr milliseconds kFirstLook{20};
constexpr milliseconds kLaterLook{100};
constexpr milliseconds kSlow{1000};

constexpr std::string_view kTarget =
    "o365_programs.action_call (card_id, number, token_hash, request_hash, request_id, content_type, body, app_id, "
    "pressed_by, pressed_by_name, tenant, most_waiting)";

std::string_view header(const Request& request, std::string_view name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

Response with_status(int http, std::string_view status, std::string card = {}) {
    const bool updates = !card.empty();
    Response response = updates ? Response::json(http, std::move(card)) : Response::text(http, "");
    response.set("CARD-ACTION-STATUS", status);
    if (updates) response.set("CARD-UPDATE-IN-BODY", "true");
    return response;
}

std::string text_of(const Site& site, const Request& request, const char* name, const Json::Value& call = {}) {
    return text_in(site.texts(request, call)["call"], name);
}

// The status line of the answer: the application's, in the language that the request asks for, else in the connector's;
// a sentence of ours when the application gave none.
std::string status_of(const Site& site, const Request& request, const Json::Value& call) {
    const Json::Value& translations = call["translations"];
    if (translations.isObject()) {
        const std::vector<std::string> tags = translations.getMemberNames();
        const std::string* tag = negotiate_language(header(request, "HTTP_ACCEPT_LANGUAGE"), tags);
        if (tag == nullptr) tag = find_language(text_in(call, "language"), tags);
        if (tag != nullptr) return text_in(translations, tag->c_str());
    }
    const std::string status = text_in(call, "status");
    return status.empty() ? text_of(site, request, "recorded", call) : status;
}

// What an operator does about such a refusal, when it should not be one; "" where nothing is to be done.
std::string next_step(std::string_view kind, std::string_view profile) {
    static const std::map<std::string_view, std::string_view> arguments{{"wrong_audience", "audiences"},
                                                                        {"wrong_client", "client_ids"},
                                                                        {"wrong_scope", "scope"},
                                                                        {"wrong_tenant", "tenants"},
                                                                        {"no_presser", "presser_claim"}};
    if (kind == "wrong_connector") return "select slug, app_id from o365.connectors";
    const auto argument = arguments.find(kind);
    if (argument == arguments.end()) return {};
    return fmt::format("select o365.set_token_profile('{}', {} => ...)", profile, argument->second);
}

// Of a token whose signature is right; "" of others, of which nothing is believed.
std::string told_claims(std::string_view kind, const ShownClaims& claims) {
    if (claims.profile.empty()) return {};
    std::string text = fmt::format(" profile={}", log::quoted(claims.profile));
    for (const auto& [name, value] :
         {std::pair("iss", &claims.issuer), std::pair("aud", &claims.audiences), std::pair("azp", &claims.azp),
          std::pair("appid", &claims.appid), std::pair("scp", &claims.scopes)}) {
        if (!value->empty()) text += fmt::format(" {}={}", name, log::quoted(*value));
    }
    if (const std::string then = next_step(kind, claims.profile); !then.empty())
        text += fmt::format(" then={}", log::quoted(then));
    return text;
}

// Logs at most one line a minute for each kind, over all threads. `kind` is one of a few words of ours.
void log_refused(std::string_view kind, const ShownClaims& claims = {}) {
    static std::mutex mutex;
    static std::map<std::string, log::Repeated, std::less<>> refusals;
    const std::lock_guard lock(mutex);
    if (const auto count = refusals[std::string(kind)].due(kind))
        log::warn("action_refused", "kind={} count={}{}", kind, *count, told_claims(kind, claims));
}

// The bearer token; "" when there is none, and when there are two, because we cannot know which one counts.
std::string_view bearer_token(const Request& request) {
    constexpr std::string_view kBearer = "bearer ";
    std::string_view text = request.authorization;
    const std::string_view other = header(request, "HTTP_ACTION_AUTHORIZATION");
    if (!text.empty() && !other.empty()) return {};
    if (text.empty()) text = other;
    if (!same_name(text.substr(0, kBearer.size()), kBearer)) return {};
    return text.substr(kBearer.size());
}

// The token in the address; when there is none, one that is no button's.
ActionToken button_token(const Request& request) {
    if (request.query.fault("token") != nullptr) return {};
    return parse_action_token(request.query.get_or("token", "")).value_or(ActionToken{});
}

// How many requests may wait for their application at once: half of the threads go on answering, and of one the thread
// that run() in main.cpp adds.
int most_waiting(const Site& site) { return std::max(1, site.threads() / 2); }

Json::Value record(Site& site, const Request& request, const ActionToken& button, const TokenResult& presser) {
    const std::string_view sent_id = header(request, "HTTP_ACTION_REQUEST_ID");
    const bool plain_type = request.content_type.size() <= kMaxContentType && is_utf8(request.content_type);
    const Rows rows =
        site.copy_row(kTarget,
                      {std::to_string(button.card_id), std::to_string(button.number), Value::bytes(sha256(button.mac)),
                       Value::bytes(sha256(sent_id.empty() ? std::string_view(request.id) : sent_id)), request.id,
                       plain_type ? request.content_type : "application/octet-stream", request.body, presser.app_id,
                       presser.taken() ? Value(presser.presser_id) : Value(), presser.presser_name, presser.tenant_id,
                       std::to_string(most_waiting(site))},
                      "SELECT o365_programs.responder_action_outcome()");
    return database_json(rows.text(0, 0));
}

// Counts the requests of this process that wait. has() is false when `most` of them wait already.
class WaitingPlace {
  public:
    explicit WaitingPlace(int most) : has_(waiting_.fetch_add(1) < most) {}
    WaitingPlace(const WaitingPlace&) = delete;
    WaitingPlace& operator=(const WaitingPlace&) = delete;
    ~WaitingPlace() { waiting_.fetch_sub(1); }
    bool has() const noexcept { return has_; }

  private:
    static inline std::atomic<int> waiting_{0};
    const bool has_;
};

// Waits until the application has called o365.answer_action, or until the time is up. Only the first request for a
// press ends the wait in the database; a repeated one does not.
Json::Value await_answer(Site& site, Json::Value call) {
    const WaitingPlace place(most_waiting(site));
    const bool is_first = text_in(call, "outcome") == "recorded";
    const milliseconds wait(std::clamp(call["wait_ms"].asInt64(), Json::Int64{0}, Json::Int64{kMostWait.count()}));
    const auto until = Clock::now() + (place.has() ? wait : milliseconds(0));
    milliseconds pause = kFirstLook;
    bool ends = false;
    while (call["waits"].asBool() && !ends) {
        const auto left = until - Clock::now();
        ends = left <= Clock::duration::zero();
        if (!ends) std::this_thread::sleep_for(std::min<Clock::duration>(pause, left));
        pause = std::min(2 * pause, kLaterLook);
        call = site.ask("SELECT o365_programs.responder_action_answer($1, $2)",
                        {call["event_id"].asInt64(), ends && is_first ? "true" : "false"});
    }
    return call;
}

// Logs that the application has answered and not committed, so that its answer comes too late for this request.
void log_held(const Json::Value& call) {
    static std::mutex mutex;
    static log::Repeated held;
    const std::lock_guard lock(mutex);
    if (const auto count = held.due("held"))
        log::warn("action_answer_not_committed", "event={} count={}", call["event_id"].asInt64(), *count);
}

// Stores how long a slow answer took, for the preflight. Only this program knows the whole time, which begins before a
// thread is free. A fast answer costs no statement.
void note_slow(Site& site, const Request& request, const Json::Value& call) {
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - request.received);
    if (took < kSlow) return;
    try {
        site.call("SELECT o365_programs.responder_action_took($1, $2)",
                  {call["event_id"].asInt64(), std::to_string(took.count())});
    } catch (const DatabaseError& error) {
        // The answer is sent all the same. A schema before migration 0030 does not have the function.
        if (error.sqlstate() != kNoSuchFunction)
            log::warn("slow_answer_not_noted", "request={} why={}", request.id, log::quoted(error.what()));
    }
}

Response refuse(const Site& site, const Request& request, std::string_view kind, const ShownClaims& claims) {
    log_refused(kind, claims);
    Response response = with_status(401, text_of(site, request, "refused"));
    response.set("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace

Response call_unavailable(const Site& site, const Request& request) {
    Response response = with_status(503, text_of(site, request, "unavailable"));
    response.set("Retry-After", "5");
    return response;
}

Response action_call(Site& site, const Request& request, const RouteParts& /*parts*/) {
    if (request.body.size() > kMaxBody) return with_status(413, text_of(site, request, "too_large"));
    if (!is_utf8(request.body) || request.body.find('\0') != std::string::npos)
        return with_status(400, text_of(site, request, "unreadable"));
    const ActionToken button = button_token(request);
    const TokenResult presser = site.action_tokens().judge(bearer_token(request));
    if (presser.refusal == TokenRefusal::no_keys) {
        log_refused(name_of(presser.refusal));
        // A worker fetches them within a minute, or under cron with its next run.
        Response response = with_status(503, text_of(site, request, "no_keys"));
        response.set("Retry-After", "60");
        return response;
    }
    // Also when the token was refused, so that every refusal takes the same time.
    Json::Value call = record(site, request, button, presser);
    const std::string outcome = text_in(call, "outcome");
    log::debug("action_call", "request={} card={} number={} outcome={}", request.id, button.card_id, button.number,
               outcome);
    if (!presser.taken()) return refuse(site, request, name_of(presser.refusal), presser.shown);
    if (outcome == "done_before" || outcome == "full") {
        if (outcome == "full") log_refused(outcome);
        return with_status(409, text_of(site, request, outcome.c_str(), call));
    }
    if (outcome != "recorded" && outcome != "repeated") return refuse(site, request, outcome, presser.shown);
    call = await_answer(site, std::move(call));
    if (call["is_held"].asBool()) log_held(call);
    note_slow(site, request, call);
    return with_status(200, status_of(site, request, call), text_in(call, "card"));
}

}  // namespace o365
