// The switchboard: what webhooks answer instead of the right thing. POST target (0: all), answer, count (empty: until
// ok), retry_after; a form in a browser, the same form fields from a program.
#include "sandbox/answers.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

bool is_small_number(const std::string& text) {
    return !text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Response faults(Sandbox& sandbox, const Request& request) {
    if (request.method == "POST") {
        const std::string target = request.form.get_or("target", "0");
        const std::string answer = request.form.get_or("answer", "");
        const std::string count = request.form.get_or("count", "");
        const std::string retry_after = request.form.get_or("retry_after", "");
        bool known = false;
        for (const Answer& one : answers()) known = known || one.name == answer;
        if (!known || !is_small_number(target) || (!count.empty() && !is_small_number(count)) ||
            (!retry_after.empty() && !is_small_number(retry_after))) {
            return sandbox.message(
                400, "That is no fault",
                "target is a number (0: all), answer one of the list, count and retry_after numbers or empty.");
        }
        sandbox.database().call("select o365.sandbox_set_fault($1, $2, $3, $4)",
                                {target, answer, count.empty() ? Value() : Value(count),
                                 retry_after.empty() ? Value() : Value(retry_after)});
        return Response::redirect(303, sandbox.origin() + "/faults");
    }
    Json::Value values;
    values["title"] = "Faults";
    for (const Answer& one : answers()) {
        Json::Value row;
        row["name"] = std::string(one.name);
        row["help"] = std::string(one.help);
        values["answers"].append(row);
    }
    const Rows rows = sandbox.database().call("select target_id, answer, remaining from o365.sandbox_faults()");
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["where"] = rows.text(i, 0) == "0" ? "All webhooks" : "Target " + std::string(rows.text(i, 0));
        row["target_id"] = std::string(rows.text(i, 0));
        row["answer"] = std::string(rows.text(i, 1));
        row["left"] = rows.is_null(i, 2) ? "until switched off" : "for " + std::string(rows.text(i, 2)) + " more posts";
        values["faults"].append(row);
    }
    values["none"] = rows.size() == 0;
    return sandbox.page(200, "faults", values);
}

}  // namespace o365
