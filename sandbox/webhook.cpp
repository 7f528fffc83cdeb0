// The webhooks: POST takes a card and answers as Microsoft does; GET answers what a browser is told there.
#include "lib/crypto.h"
#include "sandbox/answers.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

// The segment behind the one with the @: "IncomingWebhook", or a connector's GUID.
std::string_view provider(std::string_view path) {
    const auto at = path.find('@');
    const auto from = at == std::string_view::npos ? at : path.find('/', at);
    if (from == std::string_view::npos) return {};
    path.remove_prefix(from + 1);
    return path.substr(0, path.find('/'));
}

Response unknown(Sandbox& sandbox, const Request& request, bool is_flow) {
    const std::string_view guid = provider(request.path);
    if (request.method != "POST" && is_guid(guid) && sandbox.ask("select o365.sandbox_connector($1)", {guid}).isNull())
        return Response::text(404, "Unknown Connector provider " + std::string(guid));
    return make_answer(is_flow ? "workflow" : "connector", is_flow ? "workflow-not-found" : "404", 0);
}

}  // namespace

Response webhook(Sandbox& sandbox, const Request& request, std::string_view path_and_query) {
    const bool is_flow = path_and_query.starts_with("/workflows/") || path_and_query.starts_with("/powerautomate/");
    std::string judged = "get";
    std::string note;
    if (request.method == "POST") {
        judged = judge_body(request.body);
        if (is_flow) {
            note = judge_flow(request.body);
            // A request that is signed by `sig` may bring no token besides.
            if (!request.authorization.empty()) return make_answer("workflow", "workflow-two-authorizations", 0);
        }
    }
    // A body that is no text could not be stored as one.
    const bool storable = is_utf8(request.body) && request.body.find('\0') == std::string::npos;
    const Rows rows = sandbox.database().call(
        "select dialect, answer, retry_after from o365.sandbox_receive($1, $2, $3, $4, $5)",
        {Value::bytes(sha256(path_and_query)), storable ? Value(request.body) : Value(judged),
         static_cast<std::int64_t>(request.body.size()), judged, note.empty() ? Value() : Value(note)});
    if (rows.size() == 0) return unknown(sandbox, request, is_flow);
    return make_answer(rows.text(0, 0), rows.text(0, 1), rows.is_null(0, 2) ? 0 : static_cast<int>(rows.integer(0, 2)));
}

}  // namespace o365
