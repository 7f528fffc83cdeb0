// Pressing an HttpPOST action: the request that Microsoft's service would make, its answer, and the tokens' key set
// (office365-connectors.md 7). The token is sent but not stored.
#include <algorithm>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::string_view kFailed = "Could not complete the requested action. Please try again later.";
constexpr std::size_t kMaxStatus = 1000;  // bytes

std::string tenant_id() { return guid_of(sha256("sandbox tenant")); }

std::string entra_audience(const std::string& app_id) { return "api://auth-am-" + app_id + "/" + app_id; }

std::string origin_of(const std::string& url) { return url.substr(0, url.find('/', url.find("//") + 2)); }

TokenFacts facts_for(const Sandbox& sandbox, const std::string& target, const std::string& app_id,
                     const std::string& person) {
    TokenFacts facts;
    facts.legacy_issuer = sandbox.origin() + "/sts/";
    facts.legacy_audience = origin_of(target);
    facts.entra_issuer = sandbox.origin() + "/" + tenant_id() + "/v2.0";
    facts.entra_audience = entra_audience(app_id.empty() ? guid_of(sha256("sandbox playground")) : app_id);
    facts.tenant_id = tenant_id();
    facts.object_id = object_id(person);
    facts.name = person;
    facts.now = std::chrono::system_clock::now();
    return facts;
}

// Why Microsoft's side would not send there; empty when it would. `allowed`: the registration's target URLs, null for a
// card that no connector sent.
std::string target_problem(const std::string& target, const Json::Value& allowed) {
    const auto url = parse_url(target);
    if (!url || url->scheme != "https" || url->has_user) return "The target is no https address.";
    if (!is_loopback_host(url->host)) return "The target is not on this machine, and the sandbox calls nothing else.";
    if (allowed.isNull()) return {};
    for (const Json::Value& one : allowed) {
        const auto registered = parse_url(one.asString());
        if (!registered) continue;
        const std::string& host = registered->host;
        if (url->host == host || url->host.ends_with("." + host)) return {};
    }
    return "The target is none of the connector's registered target URLs.";
}

struct Outcome {
    std::string token;  // kind
    std::optional<int> http;
    int took_ms = 0;
    std::string status;   // CARD-ACTION-STATUS
    std::string problem;  // empty: it worked
    std::optional<Json::Value> new_card;
};

std::string header_of(const PostResult& result, std::string_view name) {
    for (const auto& [key, value] : result.headers) {
        if (key == name) return value;
    }
    return {};
}

// Sends the action and reads the answer, by the rules of 7.4.
Outcome perform(Sandbox& sandbox, const ActionCall& call, const Json::Value& card, const Inputs& inputs,
                const std::string& token_kind, const TokenFacts& facts) {
    Outcome outcome;
    outcome.token = token_kind;
    HttpRequest request;
    request.url = Secret(call.target);
    request.method = call.method;
    request.headers = call.headers;
    if (call.method == "POST") {
        request.body = fill_in(call.body, inputs.values, call.content_type);
        request.headers.push_back("Content-Type: " + call.content_type);
    }
    request.headers.push_back("Action-Request-Id: " + guid_of(random_bytes(16)));
    if (const std::string id = text_in(card, "correlationId"); !id.empty())
        request.headers.push_back("Card-Correlation-Id: " + id);
    if (const std::string token = sandbox.tokens().make(token_kind, facts); !token.empty())
        request.headers.push_back(
            (call.blanks_authorization ? "Action-Authorization: Bearer " : "Authorization: Bearer ") + token);

    const PostResult result = sandbox.fetch(std::move(request));
    outcome.took_ms = static_cast<int>(result.took.count());
    if (result.transport != TransportStatus::answered) {
        outcome.problem = std::string(kFailed) + " (" + result.problem + ")";
        return outcome;
    }
    outcome.http = result.status;
    outcome.status = utf8_beginning(header_of(result, "card-action-status"), kMaxStatus);
    if (!is_utf8(outcome.status)) outcome.status.clear();
    if (result.status == 401 && !header_of(result, "action-authenticate").empty()) {
        outcome.problem = "The service asks the person to sign in there first (ACTION-AUTHENTICATE).";
    } else if (result.status < 200 || result.status > 299) {
        outcome.problem = outcome.status.empty() ? std::string(kFailed) : outcome.status;
    } else if (same_name(header_of(result, "card-update-in-body"), "true")) {
        const auto fresh = parse_json(result.body);
        if (fresh && fresh->isObject())
            outcome.new_card = *fresh;
        else
            outcome.problem = "The answer says CARD-UPDATE-IN-BODY, but its body is no card.";
    }
    return outcome;
}

// What was typed beside the button at `path`.
Inputs inputs_of(const Json::Value& card, const std::string& path, const FormData& form) {
    if (const Json::Value* const around = find_action_card(card, path)) return read_inputs(*around, form.fields);
    Inputs inputs;
    if (!path.starts_with('t')) return inputs;
    // The inputs of an Adaptive Card may be anywhere in it.
    for (const auto& [name, value] : form.fields) {
        if (name.starts_with("in-")) inputs.values[name.substr(3)] = value;
    }
    return inputs;
}

// Why the call is not made; empty when it is made.
std::string problem_of(const ActionCall& call, const Inputs& inputs, const Json::Value& target_urls) {
    if (!inputs.problem.empty()) return inputs.problem;
    const std::string problem = call.method != "POST" && call.method != "GET"
                                    ? "The action's method is neither GET nor POST."
                                    : target_problem(call.target, target_urls);
    return problem.empty() ? "" : "Failed to send. " + problem;
}

}  // namespace

Response act(Sandbox& sandbox, const Request& request) {
    if (request.method != "POST") return sandbox.redirect("/feed");
    // The feed's own forms are multipart, which limits neither ids nor values nor their number.
    const bool multipart = request.content_type.starts_with("multipart/form-data");
    const FormData form{multipart ? parse_form_data(request).fields : request.form.all(), ""};
    const std::string post_id = form.get("post_id");
    const std::string path = form.get("path");
    const std::string kind = form.fields.contains("token") ? form.get("token") : "entra";
    const auto known = token_kinds();
    if (std::none_of(known.begin(), known.end(), [&](const TokenKind& one) { return one.name == kind; }))
        return sandbox.message(400, "There is no such token", "Choose one of those that the feed offers.");
    const Json::Value found =
        is_number(post_id, 18) ? sandbox.ask("select o365_programs.sandbox_card($1)", {post_id}) : Json::Value();
    const Json::Value card =
        found.isNull() ? Json::Value() : parse_json(text_in(found, "card")).value_or(Json::Value());
    const Json::Value* const pressed = find_action(card, path);
    const std::optional<ActionCall> call = pressed == nullptr ? std::nullopt : action_call(*pressed);
    if (!call)
        return sandbox.message(404, "The card has no such button",
                               "It may have been replaced. Go back and load the feed again.");
    const Inputs inputs = inputs_of(card, path, form);
    const std::string person = sandbox.person().empty() ? text_in(found, "person") : sandbox.person();
    Outcome outcome;
    outcome.token = kind;
    outcome.problem = problem_of(*call, inputs, found["target_urls"]);
    if (outcome.problem.empty())
        outcome = perform(sandbox, *call, card, inputs, kind,
                          facts_for(sandbox, call->target, text_in(found, "app_id"), person));
    sandbox.database().call(
        "select o365_programs.sandbox_acted($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {post_id, person, call->name, outcome.token, outcome.http ? Value(*outcome.http) : Value(), outcome.took_ms,
         outcome.status.empty() ? Value() : Value(outcome.status),
         outcome.problem.empty() ? Value() : Value(outcome.problem),
         outcome.new_card ? Value(json_text(with_new_card(card, path, *outcome.new_card))) : Value()});
    return sandbox.redirect("/feed/" + std::to_string(found["target_id"].asInt()) +
                            (kind == "entra" ? "" : "?token=" + kind) + "#post-" + post_id);
}

std::optional<Response> token_metadata(Sandbox& sandbox, std::string_view path) {
    constexpr std::string_view kConfiguration = "/.well-known/openid-configuration";
    const std::string legacy = "/sts/common";
    const std::string entra = "/" + tenant_id() + "/v2.0";
    if (path == "/keys") return Response::json(200, json_text(sandbox.tokens().key_set(), true));
    const bool is_legacy = path == legacy + std::string(kConfiguration);
    if (!is_legacy && path != entra + std::string(kConfiguration)) return std::nullopt;
    Json::Value metadata;
    metadata["issuer"] = sandbox.origin() + (is_legacy ? "/sts/" : entra);
    metadata["jwks_uri"] = sandbox.origin() + "/keys";
    metadata["id_token_signing_alg_values_supported"].append("RS256");
    return Response::json(200, json_text(metadata, true));
}

Response example_action(Sandbox& sandbox, const Request& request) {
    constexpr std::string_view kBearer = "Bearer ";
    const auto other = request.headers.find("HTTP_ACTION_AUTHORIZATION");
    const std::string& header =
        request.authorization.empty() && other != request.headers.end() ? other->second : request.authorization;
    const auto body = parse_json(request.body).value_or(Json::Value());
    std::string problem = "it is missing";
    if (header.starts_with(kBearer)) {
        // A service knows its own audience; this one serves every connector of the sandbox.
        TokenFacts facts = facts_for(sandbox, sandbox.origin() + "/example/action", "", "");
        facts.entra_audience.clear();
        problem = sandbox.tokens().problem(std::string_view(header).substr(kBearer.size()), facts);
    }
    Response response = Response::json(problem.empty() ? 200 : 401, "{}");
    if (!problem.empty()) {
        response.set("CARD-ACTION-STATUS", "The token was refused: " + problem + ".");
        return response;
    }
    const std::string comment = text_in(body, "comment");
    Json::Value card;
    card["@type"] = "MessageCard";
    card["@context"] = "https://schema.org/extensions";
    card["summary"] = "Done";
    card["themeColor"] = "0B6A0B";
    card["title"] = text_in(body, "title").empty() ? "Done" : text_in(body, "title");
    card["text"] =
        "This card took the place of the one whose button was pressed." + (comment.empty() ? "" : "\n\n> " + comment);
    response.body = json_text(card);
    response.set("CARD-ACTION-STATUS", comment.empty() ? "The ticket was closed." : "The comment was added.");
    response.set("CARD-UPDATE-IN-BODY", "true");
    return response;
}

}  // namespace o365
