// Publish to Store: the submission checklist, the review, and the catalog (office365-connectors.md 9.3).
#include "lib/url.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

struct Verdict {
    std::string verdict;  // pass, fail, look
    std::string detail;
};

// Asks the redirect URL as a browser would after a failure, and looks whether a webhook could get out of its answer
// (office365-connectors.md 1.5).
Verdict look_at_callback(const Sandbox& sandbox, const std::string& callback_url) {
    const auto url = parse_url(callback_url);
    if (!url || url->scheme != "https" || !is_loopback_host(url->host))
        return {"look", "It is not on this machine, so nothing was asked."};
    HttpRequest request;
    request.url = Secret(callback_url + "?state=checklist&error=AccessDenied");
    const PostResult result = sandbox.fetch(std::move(request));
    if (result.transport != Transport::answered) return {"fail", "It did not answer: " + result.problem + "."};
    std::string location;
    std::string policy;
    for (const auto& [name, value] : result.headers) {
        if (name == "location") location = value;
        if (name == "referrer-policy") policy = value;
    }
    if (result.status >= 300 && result.status < 400) {
        const bool clean =
            location.find("state=") == std::string::npos && location.find("webhook") == std::string::npos;
        return clean ? Verdict{"pass", "It answers " + std::to_string(result.status) +
                                           " and leads to an address without the parameters."}
                     : Verdict{"fail", "It redirects, but takes the parameters along."};
    }
    if (policy == "no-referrer" || policy == "origin")
        return {"pass", "Its answer says Referrer-Policy: " + policy + "."};
    for (const char* meta : {"name=\"referrer\" content=\"no-referrer\"", "name=\"referrer\" content=\"origin\""}) {
        if (result.body.find(meta) != std::string::npos) return {"pass", "Its page has the referrer meta tag."};
    }
    return {"fail", "It answers " + std::to_string(result.status) +
                        " with neither a redirect nor a referrer policy: answer 302 to a clean address."};
}

Response checklist_page(Sandbox& sandbox, int status, const Json::Value& connector, const Verdict& callback,
                        const Json::Value& problems, const Parameters& form) {
    Json::Value values = connector;
    values["title"] = "Publish " + connector["name"].asString();
    values["problems"] = problems;
    values["has_problems"] = !problems.empty();
    values["instructions"] = form.get_or("instructions", connector["instructions"].asString());
    values["test_account"] = form.get_or("test_account", connector["test_account"].asString());
    const Rows rows =
        sandbox.database().call("select item, title, verdict, detail from o365.sandbox_checklist($1, $2, $3, $4)",
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
        is_guid(app_id) ? sandbox.ask("select o365.sandbox_registration($1, $2)", {sandbox.person(), app_id})
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
        sandbox.ask("select o365.sandbox_submit($1, $2, $3, $4, $5, $6, $7)",
                    {sandbox.person(), app_id, callback.verdict, callback.detail, array_literal(looked),
                     request.form.get_or("instructions", ""), request.form.get_or("test_account", "")});
    if (!done["problems"].empty())
        return checklist_page(sandbox, 400, connector, callback, done["problems"], request.form);
    return sandbox.redirect("/dashboard/" + app_id);
}

Response review(Sandbox& sandbox, const Request& request) {
    std::string problem;
    if (request.method == "POST") {
        const std::string app_id = request.form.get_or("app_id", "");
        if (!is_guid(app_id)) return sandbox.message(404, "Nothing here", "There is no such connector.");
        const Rows rows = sandbox.database().call(
            "select o365.sandbox_review($1, $2, $3, $4)",
            {sandbox.person(), app_id, request.form.get_or("do", "") == "approve" ? "true" : "false",
             request.form.get_or("reasons", "")});
        if (rows.is_null(0, 0)) return sandbox.redirect("/store/review");
        problem = rows.text(0, 0);
    }
    Json::Value values;
    values["title"] = "Review";
    values["problem"] = problem;
    values["submissions"] = sandbox.ask("select o365.sandbox_submissions()", {});
    values["none"] = values["submissions"].empty();
    return sandbox.page(problem.empty() ? 200 : 400, "review", values);
}

}  // namespace

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
        values["connectors"] = sandbox.ask("select o365.sandbox_catalog($1)", {sandbox.person()});
        for (Json::Value& connector : values["connectors"]) put_ways_in(connector);
        values["none"] = values["connectors"].empty();
        return sandbox.page(200, "catalog", values);
    }
    if (sandbox.person().empty()) return sandbox.sign_in_first("/store/" + std::string(rest));
    if (rest == "review") return review(sandbox, request);
    if (rest.starts_with("submit/")) return submit(sandbox, request, std::string(rest.substr(7)));
    return sandbox.message(404, "Nothing here", "The menu above leads to what there is.");
}

}  // namespace o365
