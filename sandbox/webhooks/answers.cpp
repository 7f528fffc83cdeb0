#include "sandbox/webhooks/answers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <optional>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "sandbox/cards/adaptive.h"
#include "sandbox/cards/card.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxCard = 28672;
// Longer than the part that a sender reads, and an unknown text.
constexpr std::size_t kLargeBody = 70 << 10;
constexpr std::string_view kLarge = "Something new";
constexpr const char* kTrickle = "100";  // bytes a second, headers included: nginx obeys
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json; charset=utf-8";

#define O365_WRAPPED(status)                                                                           \
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error " status \
    " with ContextId tcid=0,server=msgapi-sandbox,cv=0"

constexpr std::array kAnswers = {
    Answer{"ok", "The right answer: 1, or 202 from a workflow.", 200, kText, "1"},
    Answer{"429-in-200", "Throttled, told inside a 200.", 200, kText, O365_WRAPPED("429")},
    Answer{"413-in-200", "Too large, told inside a 200.", 200, kText, O365_WRAPPED("413")},
    Answer{"400-in-200", "Bad card or channel removed, told inside a 200.", 200, kText, O365_WRAPPED("400")},
    Answer{
        "400-in-200-short", "The same in its shorter form.", 200, kText,
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 400 with ContextId "
        "01=2.."},
    Answer{"412-in-200", "Odd failure inside a 200.", 200, kText, O365_WRAPPED("412")},
    Answer{"500-in-200", "Failure behind the front end, told inside a 200.", 200, kText, O365_WRAPPED("500")},
    Answer{"contacting-in-200", "Teams could not be reached, told inside a 200.", 200, kText,
           "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint"},
    Answer{"unknown-in-200", "A text nobody knows inside a 200.", 200, kText, "Something new"},
    Answer{"200-serialised", "Delivered, told as the answer behind the front end (January 2023).", 200, kText,
           R"({"version":"1.1","content":{"headers":[{"key":"Content-Type","value":["text/plain; charset=utf-8"]}]},)"
           R"("statusCode":200,"reasonPhrase":"OK","headers":[],"trailingHeaders":[],"requestMessage":null,)"
           R"("isSuccessStatusCode":true})"},
    Answer{"200-ok", "OK inside a 200.", 200, kText, "OK"},
    Answer{"200-true", "true inside a 200.", 200, kText, "true"},
    Answer{"200-quoted", "The right answer as JSON text.", 200, kText, R"("1")"},
    Answer{"200-empty", "A 200 without a body.", 200, kText, ""},
    Answer{"200-large", "A 200 with a body of 70 KB, as a flow's own Response step may write.", 200, kText, kLarge},
    Answer{"400-text", "Neither text nor summary.", 400, kText, "Summary or Text is required."},
    Answer{"400-json", "Not JSON.", 400, kText, "Bad payload received by generic incoming webhook."},
    Answer{"403", "Not allowed.", 403, kText, ""},
    Answer{"403-not-updated", "The connector's owner has to take its new URL.", 403, kText,
           "Webhook Url is not updated"},
    Answer{"404", "No such webhook.", 404, kText, "Invalid webhook URL"},
    Answer{"404-provider", "A connector that Microsoft does not know.", 404, kText,
           "Unknown Connector provider 00000000-0000-0000-0000-000000000000"},
    Answer{"get", "What a browser is told.", 405, kText, "Invalid webhook request - GET not supported"},
    Answer{"405", "Method not allowed, to a POST.", 405, kText, ""},
    Answer{"410", "The user removed the configuration.", 410, kText, ""},
    Answer{"413", "Too large, as before 2020.", 413, kText, ""},
    Answer{"429", "Throttled with a real status.", 429, kText, ""},
    Answer{"502", "The flow ended without its Response step.", 502, kText, ""},
    Answer{"503", "The outage page of October 2019.", 503, kText, "Something went wrong :'("},
    Answer{"503-large", "A 503 with a page of 70 KB.", 503, kText, kLarge},
    Answer{"504", "The flow's Response step came too late for the gateway.", 504, kText, ""},
    Answer{"slow", "The right answer after three seconds.", 200, kText, "1"},
    Answer{"late", "The right answer after a minute, when every sender has given up.", 200, kText, "1"},
    Answer{"slow-answer", "The right answer, begun at once and a few bytes a second.", 200, kText, "1"},
    Answer{"silent", "No answer for a minute, then a 503.", 503, kText, ""},
    Answer{"hang-up", "The connection closes without an answer.", 200, kText, ""},
    Answer{"reset", "The connection is reset without an answer.", 200, kText, ""},
    Answer{"401-direct-api", "Workflow restricted to its tenant, or a URL without its sig.", 401, kJson,
           R"({"error":{"code":"DirectApiAuthorizationRequired",)"
           R"("message":"The request must be authenticated only by Shared Access scheme."}})"},
    Answer{"workflow-not-enabled", "Workflow switched off.", 400, kJson,
           R"({"error":{"code":"WorkflowTriggerIsNotEnabled",)"
           R"("message":"Could not execute workflow trigger: the workflow is not enabled."}})"},
    Answer{"workflow-schema", "Workflow with a schema of its own.", 400, kJson,
           R"({"error":{"code":"TriggerInputSchemaMismatch",)"
           R"("message":"The input body for trigger 'manual' did not match its schema definition."}})"},
    Answer{"401-claims", "Workflow that wants a token of another tenant or audience.", 401, kJson,
           R"({"error":{"code":"MisMatchingOAuthClaims",)"
           R"("message":"One or more claims either missing or does not match with the open )"
           R"(authentication access control policy."}})"},
    Answer{"workflow-two-authorizations", "Workflow that got sig and an Authorization header.", 400, kJson,
           R"({"error":{"code":"DirectApiRequestHasMoreThanOneAuthorization",)"
           R"("message":"The request has SAS authentication scheme, 'Bearer' authorization scheme or )"
           R"(internal token scheme. Only one scheme should be used."}})"},
    Answer{"401-two-authorizations", "The same with the status that others report.", 401, kJson,
           R"({"error":{"code":"DirectApiRequestHasMoreThanOneAuthorization",)"
           R"("message":"The request has SAS authentication scheme, 'Bearer' authorization scheme or )"
           R"(internal token scheme. Only one scheme should be used."}})"},
    Answer{"401-bad-signature", "Workflow's URL whose sig is wrong or was cut.", 401, kJson,
           R"({"error":{"code":"AuthorizationFailed",)"
           R"("message":"The authentication credentials are not valid.","messageTemplate":"AuthorizationFailed"}})"},
    Answer{"workflow-no-api-version", "Workflow's URL without its api-version.", 400, kJson,
           R"({"error":{"code":"MissingApiVersionParameter",)"
           R"("message":"The api-version query parameter (?api-version=) is required for all requests."}})"},
    Answer{"403-policy", "Workflow that a data-loss policy does not let run.", 403, kJson,
           R"({"error":{"code":"DlpViolation","message":"The flow cannot be triggered due to admin API policies."}})"},
    Answer{"workflow-not-found", "Workflow deleted.", 404, kJson,
           R"({"error":{"code":"WorkflowNotFound","message":"The workflow could not be found."}})"},
};

#undef O365_WRAPPED

bool has_text(const Json::Value& card, const char* name) {
    return text_in(card, name).find_first_not_of(" \t\r\n") != std::string::npos;
}

// Whether the fields of these names can be read as a text (a boolean). Json.NET accepts a number and true as their
// texts, and the texts "true" and "false" as booleans. A field that is null or absent always fits.
bool are_texts(const Json::Value& object, std::initializer_list<const char*> names) {
    return std::none_of(names.begin(), names.end(),
                        [&](const char* name) { return object[name].isArray() || object[name].isObject(); });
}
bool are_flags(const Json::Value& object, std::initializer_list<const char*> names) {
    return std::all_of(names.begin(), names.end(),
                       [&](const char* name) { return object[name].isNull() || flag_of(object[name]).has_value(); });
}
// An array of objects, each as `fits` says.
template <typename Fits>
bool is_list(const Json::Value& list, const Fits& fits) {
    return list.isNull() || (list.isArray() && std::all_of(list.begin(), list.end(), [&](const Json::Value& one) {
                                 return one.isObject() && fits(one);
                             }));
}

bool is_numeric(const Json::Value& value) {
    return value.isNull() || value.isNumeric() || (value.isString() && is_number_text(value.asString()));
}

bool is_image(const Json::Value& image) { return are_texts(image, {"image", "title"}); }
bool is_fact(const Json::Value& fact) { return are_texts(fact, {"name", "value"}); }
bool is_input(const Json::Value& input) {
    return (is_type(input, "TextInput") || is_type(input, "DateInput") || is_type(input, "MultichoiceInput")) &&
           are_texts(input, {"id", "title", "value"}) && are_flags(input, {"isRequired"}) &&
           (!is_type(input, "TextInput") || (are_flags(input, {"isMultiline"}) && is_numeric(input["maxLength"]))) &&
           (!is_type(input, "DateInput") || are_flags(input, {"includeTime"})) &&
           (!is_type(input, "MultichoiceInput") ||
            (are_texts(input, {"style"}) && are_flags(input, {"isMultiSelect"}) &&
             is_list(input["choices"], [](const Json::Value& choice) {
                 return are_texts(choice, {"display", "value"});
             })));
}
// An unknown type makes the card a bad payload. ViewAction was accepted until 2023.
bool is_action(const Json::Value& action) {
    if (!are_texts(action, {"name", "@id"}) || !are_flags(action, {"isPrimary"})) return false;
    if (is_type(action, "OpenUri"))
        return is_list(action["targets"], [](const Json::Value& target) { return are_texts(target, {"os", "uri"}); });
    if (is_type(action, "HttpPOST"))
        return are_texts(action, {"target", "body", "bodyContentType"}) && is_list(action["headers"], is_fact);
    if (is_type(action, "ActionCard"))
        return is_list(action["inputs"], is_input) && is_list(action["actions"], is_action);
    return is_type(action, "InvokeAddInCommand") && are_texts(action, {"addInId", "desktopCommandId"});
}

bool is_section(const Json::Value& section) {
    const Json::Value& hero = section["heroImage"];
    return are_texts(section, {"title", "activityImage", "activityImageType", "activityTitle", "activitySubtitle",
                               "activityText", "text"}) &&
           are_flags(section, {"startGroup", "markdown"}) && (hero.isNull() || (hero.isObject() && is_image(hero))) &&
           is_list(section["facts"], is_fact) && is_list(section["images"], is_image) &&
           is_list(section["potentialAction"], is_action);
}

// The types of office365-connectors.md 5.1 to 5.4.
bool has_right_types(const Json::Value& card) {
    const Json::Value& actors = card["expectedActors"];
    return are_texts(card,
                     {"@type", "@context", "correlationId", "originator", "summary", "themeColor", "title", "text"}) &&
           are_flags(card, {"hideOriginalBody"}) && (actors.isNull() || actors.isArray()) &&
           is_list(card["sections"], is_section) && is_list(card["potentialAction"], is_action);
}

bool is_card(const Json::Value& attachment) {
    const Json::Value& type = member(attachment, "contentType");
    if (!attachment.isObject() || !attachment["content"].isObject() || !type.isString()) return false;
    if (type.asString() == "application/vnd.microsoft.card.adaptive")
        return attachment["content"]["type"] == Json::Value("AdaptiveCard");
    return type.asString().starts_with("application/vnd.microsoft.");
}

// A workflow's errors are JSON (3.2). Codes of 403, 413, 429, 502, 503 and 504 are not recorded there.
void put_error(Response& response) {
    const char* code = nullptr;
    if (response.status == 400) code = "InvalidRequestContent";
    if (response.status == 403) code = "Forbidden";
    if (response.status == 404) code = "WorkflowNotFound";
    if (response.status == 413) code = "RequestEntityTooLarge";
    if (response.status == 429) code = "TooManyRequests";
    if (response.status == 502) code = "NoResponse";
    if (response.status == 503) code = "ServerUnavailable";
    if (response.status == 504) code = "GatewayTimeout";
    if (code == nullptr) return;
    response.set("Content-Type", kJson);
    response.body =
        std::string(R"({"error":{"code":")") + code + R"(","message":"The workflow did not take the request."}})";
}

// The headers by which Microsoft's support finds a request, on every answer (3.1, 3.2). Symfony's sender treats a post
// as failed when the answer of a connector webhook has no request-id.
void put_request_ids(Response& response, std::string_view dialect) {
    const std::string id = guid_of(random_bytes(16));
    if (dialect == "workflow") {
        response.set("x-ms-request-id", "sandbox:" + id);
        return;
    }
    response.set("request-id", id);
    response.set("X-BackEndHttpStatus", std::to_string(response.status));
    response.set("MS-CV", hex(random_bytes(8)) + ".1.1");
}

}  // namespace

std::span<const Answer> answers() { return kAnswers; }

bool is_answer(std::string_view name) {
    return std::any_of(kAnswers.begin(), kAnswers.end(), [&](const Answer& one) { return one.name == name; });
}

Response make_answer(std::string_view dialect, std::string_view name, int retry_after, std::string_view pace) {
    if (name == "hang-up" || name == "reset") {
        Response response = Response::text(200, "");
        response.set("X-Accel-Redirect", name == "reset" ? "/reset" : "/hang-up");  // as sandbox-site.conf says
        return response;
    }
    Response response = Response::text(500, "The sandbox has no such answer.");
    if (name == "other-method") response = Response::text(405, "Invalid webhook request");
    for (const Answer& answer : kAnswers) {
        if (answer.name != name) continue;
        response = Response::text(answer.status, std::string(answer.body));
        response.set("Content-Type", answer.content_type);
        if (dialect == "workflow" && answer.content_type != kJson) put_error(response);
    }
    if (name == "ok" && dialect == "workflow") {
        response = Response::text(202, "");
        for (const char* header :
             {"x-ms-workflow-run-id", "x-ms-correlation-id", "x-ms-client-tracking-id", "x-ms-trigger-history-name"})
            response.set(header, hex(random_bytes(16)));
    }
    put_request_ids(response, dialect);
    if (name.ends_with("-large")) response.body.resize(kLargeBody, ' ');
    if (pace == "slow") response.after = std::chrono::seconds(3);
    if (pace == "late" || name == "silent") response.after = std::chrono::seconds(60);
    if (retry_after > 0) response.set("Retry-After", std::to_string(retry_after));
    if (pace == "slow-answer") response.set("X-Accel-Limit-Rate", kTrickle);
    return response;
}

void answer_by_step(Response& response, std::chrono::seconds seconds, const std::optional<std::string>& body) {
    response.after = std::max<std::chrono::milliseconds>(response.after, seconds);
    if (!body) return;
    response.status = 200;
    response.body = *body;
    response.set("Content-Type", parse_json(*body) ? kJson : kText);
}

bool is_json_type(std::string_view content_type) {
    const auto semicolon = content_type.find(';');
    if (!same_name(trimmed(content_type.substr(0, semicolon)), "application/json")) return false;
    while (content_type.find(';') != std::string_view::npos) {
        content_type.remove_prefix(content_type.find(';') + 1);
        const std::string_view parameter = trimmed(content_type.substr(0, content_type.find(';')));
        const std::string_view name = parameter.substr(0, parameter.find('='));
        if (same_name(name, "charset") && !same_name(parameter, "charset=utf-8") &&
            !same_name(parameter, "charset=\"utf-8\""))
            return false;
    }
    return true;
}

std::string standard_json(std::string_view text) {
    std::string json;
    char quote = 0;  // of the string that is open
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == 0) {
            if (c == '"' || c == '\'') quote = c;
            json += c == '\'' ? '"' : c;
        } else if (c == '\\' && i + 1 < text.size()) {
            if (text[i + 1] != '\'') json += c;
            json += text[++i];
        } else if (c == quote) {
            quote = 0;
            json += '"';
        } else {
            if (c == '"') json += '\\';
            json += c;
        }
    }
    return json;
}

std::string judge_body(const std::string& body, bool takes_adaptive) {
    const std::optional<Json::Value> card = parse_json(standard_json(body));
    if (!card || !card->isObject() || !has_right_types(*card)) return "400-json";
    // The fields of an envelope, which a connector's webhook does not know.
    if (takes_adaptive && (!are_texts(*card, {"type"}) || !is_list((*card)["attachments"], [](const Json::Value& one) {
            return are_texts(one, {"contentType"});
        })))
        return "400-json";
    if (body.size() > kMaxCard) return "413-in-200";
    const Json::Value& attachments = list_in(*card, "attachments");
    if (takes_adaptive && (*card)["type"] == Json::Value("message") && !attachments.empty())
        return std::all_of(attachments.begin(), attachments.end(), is_card) ? "ok" : "400-in-200";
    return has_text(*card, "text") || has_text(*card, "summary") ? "ok" : "400-text";
}

std::string judge_trigger(const std::string& body) {
    const std::optional<Json::Value> card = parse_json(body);
    return card && card->isObject() ? "ok" : "400-json";
}

std::string judge_flow(const std::string& body, std::string_view payload) {
    constexpr const char* kWrongType = "AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'";
    const std::optional<Json::Value> card = parse_json(body);
    if (!card || !card->isObject()) return {};
    const auto is_adaptive = [](const Json::Value& one) {
        return one.isObject() && one["type"] == Json::Value("AdaptiveCard");
    };
    if (payload == "card") {
        if (!is_adaptive(*card)) return kWrongType;
        return body.size() > kMaxCard ? "Request Entity too large" : adaptive_problem(*card);
    }
    const Json::Value& attachments = (*card)["attachments"];
    if (!attachments.isArray())
        return "Action 'Send_each_adaptive_card' failed: the result of the evaluation of 'foreach' expression "
               "'@triggerOutputs()?['body']?['attachments']' is of type 'Null'. The result must be a valid array.";
    for (const Json::Value& attachment : attachments) {
        if (!attachment.isObject() || !is_adaptive(attachment["content"])) return kWrongType;
    }
    if (attachments.empty()) return "attachments has no card: nothing is posted";
    if (body.size() > kMaxCard) return "Request Entity too large";
    for (const Json::Value& attachment : attachments) {
        if (std::string problem = adaptive_problem(attachment["content"]); !problem.empty()) return problem;
    }
    return {};
}

}  // namespace o365
