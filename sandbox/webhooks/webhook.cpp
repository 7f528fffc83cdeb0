// The webhooks: POST takes a card and answers as Microsoft does; GET answers what a browser gets there. Every request
// to a webhook's address is in the log.
#include <algorithm>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhooks/answers.h"

namespace o365 {
namespace {

// The result of reading a request before the webhook is looked up.
struct Judged {
    std::string answer;
    std::string envelope_note;  // what the run of a workflow that wants the envelope trips over; empty: nothing
    std::string card_note;      // the same of one that wants the bare card
    std::string otherwise;      // the answer when there is no such webhook
};

// The segment after the one with the @: "IncomingWebhook", or a connector's GUID.
std::string_view provider(std::string_view path) {
    const auto at = path.find('@');
    const auto from = at == std::string_view::npos ? at : path.find('/', at);
    if (from == std::string_view::npos) return {};
    path.remove_prefix(from + 1);
    return path.substr(0, path.find('/'));
}

// Forms F to J of office365-connectors.md section 2; J is a company's own gateway, whose path names no workflow.
bool is_workflow(std::string_view path) {
    return path.starts_with("/workflows/") || path.starts_with("/powerautomate/") ||
           path.starts_with("/manual/paths/invoke");
}

// The path of a workflow from "/workflows/" on; empty where there is none (form J).
std::string_view from_workflow(std::string_view path) {
    const auto at = path.find("/workflows/");
    return at == std::string_view::npos ? "" : path.substr(at);
}

// A connector's path as form D has it: A and B begin with another folder, E has one more segment, which begins with V2.
std::string connector_spelling(std::string path) {
    constexpr std::string_view kOlder = "/webhook/";
    constexpr std::string_view kNewer = "/webhookb2/";
    if (path.starts_with(kOlder)) path.replace(0, kOlder.size(), kNewer);
    const auto last = path.rfind('/');
    if (std::count(path.begin(), path.end(), '/') == 6 && path.substr(last).starts_with("/V2")) path.resize(last);
    return path;
}

// Whether the query has a parameter of that name with a value, spelt without escapes.
bool has_parameter(std::string_view path_and_query, std::string_view name) {
    const auto question = path_and_query.find('?');
    if (question == std::string_view::npos) return false;
    std::string_view query = path_and_query.substr(question + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=') && pair.size() > name.size() + 1)
            return true;
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
    return false;
}

// A text with its %-escapes decoded; a % that does not begin one stays.
std::string decoded(std::string_view text) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    };
    std::string all;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : digit(text[i + 2]);
        all += low < 0 ? text[i] : static_cast<char>(high * 16 + low);
        if (low >= 0) i += 2;
    }
    return all;
}

// The canonical spelling of all URLs that name the same webhook, in all forms of office365-connectors.md section 2:
// escapes decoded, no slash at the path's end; for a workflow, the path after its folders, and the parameters in a
// fixed order without api-version; for a connector no parameters, since none of them has a meaning.
std::string one_spelling(std::string_view path_and_query) {
    const auto question = path_and_query.find('?');
    std::string path = decoded(path_and_query.substr(0, question));
    if (path.ends_with('/')) path.pop_back();
    if (!is_workflow(path)) return connector_spelling(std::move(path));
    if (const std::string_view rest = from_workflow(path); !rest.empty()) path = std::string(rest);
    if (question == std::string_view::npos) return path;
    std::vector<std::string> pairs;
    std::string_view query = path_and_query.substr(question + 1);
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        std::string pair = decoded(query.substr(0, end));
        if (!pair.starts_with("api-version=")) pairs.push_back(std::move(pair));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    std::sort(pairs.begin(), pairs.end());
    for (const std::string& pair : pairs) path += (&pair == &pairs.front() ? '?' : '&') + pair;
    return path;
}

Judged judge(const Request& request, std::string_view path_and_query) {
    const bool workflow = is_workflow(path_and_query);
    Judged judged;
    judged.otherwise = workflow ? "workflow-not-found" : "404";
    if (request.method != "POST") {
        judged.answer = request.method == "GET" || request.method == "HEAD" ? "get" : "other-method";
        return judged;
    }
    const bool is_json = is_json_type(request.content_type);
    if (!workflow) {
        judged.answer =
            is_json ? judge_body(request.body, !is_guid(provider(one_spelling(path_and_query)))) : "400-json";
        return judged;
    }
    // A trigger treats any other type as a file, which has no attachments.
    judged.answer = is_json ? judge_trigger(request.body) : "ok";
    const std::string body = is_json ? request.body : "{}";
    judged.envelope_note = judge_flow(body, "envelope");
    judged.card_note = judge_flow(body, "card");
    const bool has_token = !request.authorization.empty();
    // A URL without a signature needs a token (form I). No token here is one of the tenant's.
    if (!has_parameter(path_and_query, "sig")) judged.otherwise = has_token ? "401-claims" : "401-direct-api";
    if (has_token) judged.answer = "workflow-two-authorizations";
    if (!has_parameter(path_and_query, "api-version")) judged.answer = judged.otherwise = "workflow-no-api-version";
    return judged;
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

Response receive(Sandbox& sandbox, const Request& request, std::string_view path_and_query, const Judged& judged,
                 const Value& body, std::int64_t bytes) {
    const Rows rows = sandbox.database().call(
        "select dialect, answer, retry_after, pace, response_seconds, response_body "
        "from o365_programs.sandbox_receive($1, $2, $3, $4, $5, $6, $7, $8)",
        {Value::bytes(webhook_hash(path_and_query)), body, bytes, judged.answer, text_or_null(judged.envelope_note),
         text_or_null(judged.card_note), judged.otherwise, workflow_id(path_and_query)});
    if (rows.size() > 0) {
        Response response = make_answer(rows.text(0, 0), rows.text(0, 1),
                                        rows.is_null(0, 2) ? 0 : static_cast<int>(rows.integer(0, 2)), rows.text(0, 3));
        if (!rows.is_null(0, 4)) {
            answer_by_step(response, std::chrono::seconds(rows.integer(0, 4)),
                           rows.is_null(0, 5) ? std::nullopt : std::optional(std::string(rows.text(0, 5))));
        }
        return response;
    }
    const std::string spelling = one_spelling(path_and_query);
    const std::string_view guid = provider(spelling);
    if (request.method != "POST" && is_guid(guid) &&
        sandbox.ask("select o365_programs.sandbox_connector($1)", {guid}).isNull()) {
        Response response = make_answer("connector", "404-provider", 0);
        response.body = "Unknown Connector provider " + std::string(guid);
        return response;
    }
    return make_answer(is_workflow(path_and_query) ? "workflow" : "connector", judged.otherwise, 0);
}

}  // namespace

std::string webhook_hash(std::string_view path_and_query) { return sha256(one_spelling(path_and_query)); }

Value workflow_id(std::string_view path_and_query) {
    const std::string path = decoded(path_and_query.substr(0, path_and_query.find('?')));
    std::string_view rest = is_workflow(path) ? from_workflow(path) : "";
    if (rest.empty()) return {};
    rest.remove_prefix(std::string_view("/workflows/").size());
    const std::string id(rest.substr(0, rest.find('/')));
    return is_utf8(id) && id.find('\0') == std::string::npos ? Value(id) : Value();
}

bool is_webhook(std::string_view path) {
    return path.starts_with("/webhookb2/") || path.starts_with("/webhook/") || is_workflow(path);
}

Response webhook(Sandbox& sandbox, const Request& request, std::string_view path_and_query) {
    const Judged judged = judge(request, path_and_query);
    // A body that is not a text cannot be stored as one.
    const bool storable = is_utf8(request.body) && request.body.find('\0') == std::string::npos;
    // All later readers, including the database, read standard JSON.
    const std::string& body = request.body;
    return receive(sandbox, request, path_and_query, judged,
                   !storable                     ? Value(judged.answer)
                   : is_workflow(path_and_query) ? Value(body)
                                                 : Value(standard_json(body)),
                   static_cast<std::int64_t>(request.body.size()));
}

Response too_large(Sandbox& sandbox, const Request& request) {
    if (!is_webhook(request.uri)) {
        return sandbox.message(
            413, "That file is too large",
            "The sandbox takes at most 16 MB at once, and a logo has to be under 60 KB. Go back with "
            "your browser's button: what you typed is still there. Then choose a smaller file.");
    }
    Judged judged = judge(request, request.uri);
    if (judged.answer == "ok" || judged.answer.starts_with("400")) {
        const bool workflow = is_workflow(request.uri);
        judged.answer = workflow ? "ok" : "413-in-200";
        judged.envelope_note = judged.card_note = workflow ? "Request Entity too large" : "";
    }
    // In a chunked request the length is unknown.
    const auto said = request.headers.find("HTTP_CONTENT_LENGTH");
    const bool known = said != request.headers.end() && is_number(said->second);
    return receive(sandbox, request, request.uri, judged, Value(), known ? std::stoll(said->second) : 0);
}

}  // namespace o365
