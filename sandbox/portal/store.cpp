// Publish to Store: the submission checklist, the review, and the catalog (office365-connectors.md 9.3).
#include <algorithm>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

struct Verdict {
    std::string verdict;  // pass, fail, look
    std::string detail;
};

// What a page's meta tags or its header may say (office365-connectors.md 1.5).
bool is_policy(std::string_view policy) { return policy == "no-referrer" || policy == "origin"; }

// The value of an attribute within a tag in lower case, quoted or not; empty when there is none.
std::string attribute(std::string_view tag, std::string_view name) {
    const std::string key = std::string(name) + "=";
    for (auto at = tag.find(key); at != std::string_view::npos; at = tag.find(key, at + 1)) {
        constexpr std::string_view kBlanks = " \t\r\n/";
        if (at == 0 || kBlanks.find(tag[at - 1]) == std::string_view::npos) continue;
        std::string_view value = tag.substr(at + key.size());
        const bool quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
        const auto end = quoted ? value.find(value.front(), 1) : value.find_first_of(kBlanks);
        value = value.substr(0, end);
        return std::string(quoted ? value.substr(1) : value);
    }
    return {};
}

bool has_referrer_meta(const std::string& page) {
    const std::string html = lower(page);
    for (auto at = html.find("<meta"); at != std::string::npos; at = html.find("<meta", at + 1)) {
        const std::string_view tag = std::string_view(html).substr(at, html.find('>', at) - at);
        if (attribute(tag, "name") == "referrer" && is_policy(attribute(tag, "content"))) return true;
    }
    return false;
}

struct CallbackAnswer {
    int status = 0;
    std::string location;
    std::string policy;  // the last one of Referrer-Policy: browsers take that
    bool is_html = false;
};

CallbackAnswer callback_answer(const PostResult& result) {
    CallbackAnswer answer;
    answer.status = result.status;
    for (const auto& [name, value] : result.headers) {
        if (name == "location") answer.location = value;
        if (name == "content-type") answer.is_html = lower(value).starts_with("text/html");
        if (name == "referrer-policy") {
            const auto comma = value.rfind(',');
            const auto from = value.find_first_not_of(' ', comma == std::string::npos ? 0 : comma + 1);
            answer.policy = from == std::string::npos ? "" : lower(value.substr(from));
        }
    }
    return answer;
}

// What an answer of the redirect URL shows: a callback answers with a redirect to an address without the parameters, or
// with a page that has a referrer policy (office365-connectors.md 1.5). What answers neither way is none, whatever its
// headers say. `secrets` were in the parameters.
Verdict judge_callback(const PostResult& result, const std::vector<std::string>& secrets) {
    if (result.transport != TransportStatus::answered) return {"fail", "It did not answer: " + result.problem + "."};
    const CallbackAnswer answer = callback_answer(result);
    const std::string said = "It answers " + std::to_string(answer.status);
    if (answer.status >= 301 && answer.status <= 308 && !answer.location.empty()) {
        // Microsoft's remedy is a 302; 301 and 308 are kept by browsers, and 304 to 306 are no redirects.
        if (answer.status != 302 && answer.status != 303 && answer.status != 307)
            return {"fail", said + ": answer 302, which no browser keeps."};
        const bool carries = std::any_of(secrets.begin(), secrets.end(), [&](const std::string& one) {
            return answer.location.find(one) != std::string::npos;
        });
        return carries ? Verdict{"fail", "It redirects, but takes the parameters along."}
                       : Verdict{"pass", said + " and leads to an address without the parameters."};
    }
    const bool has_policy = is_policy(answer.policy) || has_referrer_meta(result.body);
    if (answer.status == 404 || answer.status == 405 || answer.status == 410)
        return {"fail", said + ": there is no callback at that address. Microsoft sends a GET there."};
    if (answer.status >= 500) return {"fail", said + ": it is broken, so nothing can be said of it."};
    if (!answer.is_html && answer.status < 300) return {"fail", said + " with something that is no page of HTML."};
    if (!has_policy) {
        return {"fail", said +
                            " with neither a redirect nor a referrer policy: answer 302 to a clean address, or say "
                            "no-referrer or origin."};
    }
    // It may refuse a state that nobody handed out; whether it takes a good one, only Connect shows.
    if (answer.status >= 400)
        return {"look", said + " to a state that it never handed out, with a referrer policy. Connect once and look."};
    return {"pass", said + " with a page that has a referrer policy."};
}

// Asks the redirect URL as a browser would come back after Deny, and after Allow with a webhook that there is not: that
// is the one which must not leak. Both have a state that the application never handed out.
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

// Puts into a submission what its template asks for.
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
        // What was written is kept; where the form was of an older version, it is read again with the new one.
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
    if (rest.starts_with("submit/")) return submit(sandbox, request, std::string(rest.substr(7)));
    return sandbox.message(404, "Nothing here", "The menu above leads to what there is.");
}

}  // namespace o365
