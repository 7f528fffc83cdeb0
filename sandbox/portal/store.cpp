// Publish to Store: the submission checklist, the review, and the catalog (office365-connectors.md 9.3).
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/preflight/callback_answer.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

// Requests the redirect URL as a browser would come back after Deny, and after Allow with a webhook that does not
// exist, which must not leak. Both have a state that the application never handed out.
Verdict look_at_callback(const Sandbox& sandbox, const std::string& callback_url) {
    const auto url = parse_url(callback_url);
    if (!url || !is_loopback_host(url->host)) return {"look", "It is not on this machine, so nothing was asked."};
    if (url->scheme != "https")
        return {"look", "It has no https, and the sandbox asks nothing else. Connect once and look."};
    const std::string state = "checklist-" + hex(random_bytes(8));
    const std::string webhook = sandbox.setting("webhook_origin") + connector_path("");
    const std::string object = guid_of(random_bytes(16));
    const auto ask = [&](const std::string& parameters) {
        HttpRequest request;
        request.url = Secret(callback_url + "?state=" + state + parameters);
        return judge_callback(sandbox.fetch(std::move(request)),
                              {state, "error=", "webhook", webhook.substr(webhook.rfind('/')), object});
    };
    Verdict denied = ask("&error=AccessDenied");
    if (denied.verdict == "fail") return denied;
    const Verdict allowed = ask("&webhook_url=" + url_encode(webhook) +
                                "&group_name=Checklist&user_objectId=" + object + "&app_type=groups");
    if (allowed.verdict == "fail") return {"fail", "With a webhook: " + allowed.detail};
    if (allowed.detail == denied.detail) return denied;
    return {denied.verdict == "look" ? denied.verdict : allowed.verdict,
            "After Deny: " + denied.detail + " With a webhook: " + allowed.detail};
}

Response checklist_page(Sandbox& sandbox, int status, const Json::Value& connector, const Verdict& callback,
                        const Json::Value& problems, const Parameters& form) {
    Json::Value values = connector;
    values["title"] = "Publish " + connector["name"].asString();
    values["problems"] = problems;
    values["has_problems"] = !problems.empty();
    values["instructions"] = form.get_or("instructions", connector["instructions"].asString());
    values["test_account"] = form.get_or("test_account", connector["test_account"].asString());
    const Rows rows = sandbox.database().call(
        "select item, title, verdict, detail from o365_programs.sandbox_checklist($1, $2, $3, $4)",
        {sandbox.person(), connector["app_id"].asString(), callback.verdict, callback.detail});
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value item;
        item["item"] = std::string(rows.text(i, 0));
        item["demand"] = std::string(rows.text(i, 1));
        item["detail"] = std::string(rows.text(i, 3));
        item["is_" + std::string(rows.text(i, 2))] = true;
        bool looked = form.get("look_" + item["item"].asString()).has_value();
        for (const Json::Value& one : connector["looked_at"]) looked = looked || one == item["item"];
        item["looked"] = looked;
        values["items"].append(item);
    }
    return sandbox.page(status, "submit", values);
}

Response submit(Sandbox& sandbox, const Request& request, const std::string& app_id) {
    const Json::Value connector =
        is_guid(app_id) ? sandbox.ask("select o365_programs.sandbox_registration($1, $2)", {sandbox.person(), app_id})
                        : Json::Value();
    if (connector.isNull()) return sandbox.message(404, "Nothing here", "There is no such connector of yours.");
    const Verdict callback = look_at_callback(sandbox, connector["callback_url"].asString());
    if (request.method != "POST")
        return checklist_page(sandbox, 200, connector, callback, Json::Value(Json::arrayValue), Parameters());
    std::vector<std::string> looked;
    for (const auto& [name, value] : request.form.all()) {
        if (name.starts_with("look_")) looked.push_back(name.substr(5));
    }
    const Json::Value done =
        sandbox.ask("select o365_programs.sandbox_submit($1, $2, $3, $4, $5, $6, $7)",
                    {sandbox.person(), app_id, callback.verdict, callback.detail, array_literal(looked),
                     request.form.get_or("instructions", ""), request.form.get_or("test_account", "")});
    if (!done["problems"].empty())
        return checklist_page(sandbox, 400, connector, callback, done["problems"], request.form);
    return sandbox.redirect("/dashboard/" + app_id);
}

// Adds the values that the template needs to a submission.
void put_submission(Json::Value& one) {
    one["has_targets"] = !one["target_urls"].empty();
    one["has_domains"] = !one["valid_domains"].empty();
    one["kinds"] = kind_names(one["enabled_for"]);
}

Response review(Sandbox& sandbox, const Request& request) {
    std::string problem;
    const std::string app_id = request.form.get_or("app_id", "");
    const std::string reasons = request.form.get_or("reasons", "");
    if (request.method == "POST") {
        const std::string submission_id = request.form.get_or("submission_id", "");
        const std::string decision = request.form.get_or("do", "");
        if (!is_guid(app_id) || !is_number(submission_id) || (decision != "approve" && decision != "reject"))
            return sandbox.message(404, "Nothing here", "There is no such connector.");
        const Rows rows = sandbox.database().call(
            "select o365_programs.sandbox_review($1, $2, $3, $4, $5)",
            {sandbox.person(), app_id, submission_id, decision == "approve" ? "true" : "false", reasons});
        if (rows.is_null(0, 0)) return sandbox.redirect("/store/review");
        problem = rows.text(0, 0);
    }
    Json::Value values;
    values["title"] = "Review";
    values["problem"] = problem;
    values["submissions"] = sandbox.ask("select o365_programs.sandbox_submissions()", {});
    for (Json::Value& one : values["submissions"]) {
        put_submission(one);
        // The answers are kept; if the form was of an older version, they are reviewed again with the new one.
        one["written"] = one["app_id"] == app_id ? reasons : "";
    }
    values["none"] = values["submissions"].empty();
    return sandbox.page(problem.empty() ? 200 : 409, "review", values);
}

}  // namespace

Json::Value kind_names(const Json::Value& enabled_for) {
    Json::Value names(Json::arrayValue);
    for (const Json::Value& kind : enabled_for)
        names.append(kind.asString() == "mail" ? "Inbox"
                                               : (kind.asString() == "groups" ? "Groups" : "Microsoft Teams"));
    return names;
}

void put_ways_in(Json::Value& connector) {
    const Json::Value& inbox = connector["inbox_landing_page"];
    const bool split = !inbox.isNull() && connector["for_mail"].asBool() && connector["for_groups"].asBool();
    const auto add = [&](const char* label, const Json::Value& url) {
        if (url.isNull()) return;
        Json::Value way;
        way["label"] = label;
        way["url"] = url;
        connector["ways"].append(way);
    };
    if (split) {
        add("Add to a group or team", connector["landing_page"]);
        add("Add to your inbox", inbox);
    } else {
        add("Add", connector["for_groups"].asBool() || inbox.isNull() ? connector["landing_page"] : inbox);
    }
}

Response store(Sandbox& sandbox, const Request& request, std::string_view rest) {
    if (rest.empty()) {
        Json::Value values;
        values["title"] = "Connectors";
        values["wide"] = true;
        values["connectors"] = sandbox.ask("select o365_programs.sandbox_catalog($1)", {sandbox.person()});
        for (Json::Value& connector : values["connectors"]) put_ways_in(connector);
        values["none"] = values["connectors"].empty();
        return sandbox.page(200, "catalog", values);
    }
    if (sandbox.person().empty()) return sandbox.sign_in_first("/store/" + std::string(rest));
    if (rest == "review") return review(sandbox, request);
    if (rest.starts_with("preflight/")) return preflight_page(sandbox, std::string(rest.substr(10)));
    if (rest.starts_with("submit/")) return submit(sandbox, request, std::string(rest.substr(7)));
    return sandbox.message(404, "Nothing here", "The menu above leads to what there is.");
}

}  // namespace o365
