// The webhooks: POST takes a card and answers as Microsoft does; GET answers what a browser is told there.
#include "lib/crypto.h"
#include "sandbox/answers.h"
#include "sandbox/sandbox.h"

namespace o365 {

Response webhook(Sandbox& sandbox, const Request& request, std::string_view path_and_query) {
    if (request.method != "POST") return Response::text(405, "Invalid webhook request - GET not supported");
    const std::string judged = judge_body(request.body);
    // A body that is no text could not be stored as one.
    const std::string& shown = is_utf8(request.body) ? request.body : judged;
    const Rows rows =
        sandbox.database().call("select dialect, answer, retry_after from o365.sandbox_receive($1, $2, $3)",
                                {Value::bytes(sha256(path_and_query)), shown, judged});
    if (rows.size() == 0)
        return make_answer("connector", path_and_query.starts_with("/workflows/") ? "workflow-not-found" : "404", 0);
    return make_answer(rows.text(0, 0), rows.text(0, 1), rows.is_null(0, 2) ? 0 : static_cast<int>(rows.integer(0, 2)));
}

}  // namespace o365
