// /store/preflight/<guid> - the checklist against this installation, for a connector that it has registered too.
#include "lib/preflight/preflight.h"

#include "lib/base/text.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

// One row for each item, with its findings that fail or are to be looked at.
Json::Value rows_of(const std::vector<PreflightFinding>& findings) {
    Json::Value rows(Json::arrayValue);
    for (const PreflightItem& item : preflight_items()) {
        Json::Value row;
        row["title"] = std::string(item.title);
        for (const PreflightFinding& one : findings) {
            if (one.item != item.name) continue;
            // Failed items come first.
            if (row["details"].empty()) row["is_" + one.verdict] = true;
            Json::Value detail;
            detail["object"] = one.object;
            detail["problem"] = one.problem;
            detail["next_step"] = one.next_step;
            if (one.verdict != "pass") row["details"].append(detail);
        }
        rows.append(row);
    }
    return rows;
}

}  // namespace

Response preflight_page(Sandbox& sandbox, const std::string& app_id) {
    Json::Value values =
        is_guid(app_id) ? sandbox.ask("select o365_programs.sandbox_preflight($1)", {app_id}) : Json::Value();
    if (values.isNull()) {
        return sandbox.message(404, "Nothing here",
                               "This installation has no such connector: its developer presses \"Register it here\" on "
                               "its page first.");
    }
    const std::vector<PreflightFinding> findings =
        preflight(values,
                  preflight_database("sandbox", values["slug"].asString(),
                                     [&](const std::string& statement, const std::vector<Value>& parameters) {
                                         return sandbox.database().call(statement, parameters);
                                     }),
                  [&sandbox](HttpRequest request) { return sandbox.fetch(std::move(request)); }, {});
    values["title"] = "Preflight of " + values["name"].asString();
    values["app_id"] = app_id;
    values["items"] = rows_of(findings);
    values["passed"] = count_of(findings, "pass");
    values["failed"] = count_of(findings, "fail");
    values["to_look_at"] = count_of(findings, "look");
    return sandbox.page(200, "preflight", values);
}

}  // namespace o365
