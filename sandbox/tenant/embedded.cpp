// The client's side of an embedded configuration page (office365-connectors.md 1.7): a frame at a place, and the page
// that a configuration names for its removal. static/embedded.js speaks with them.
#include <array>

#include "lib/http/url.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::array kSettings = {"entityId", "contentUrl", "removeUrl", "configName"};

// The page with the frame, which shows only pages of the valid domains.
Response framed(Sandbox& sandbox, Json::Value values, const Json::Value& connector, const std::string& url) {
    const auto parsed = parse_url(url);
    values["framed_url"] = url;
    values["is_elsewhere"] = !parsed || !is_loopback_host(parsed->host);
    values["name"] = connector["name"];
    values["connector_id"] = connector["app_id"];
    values["object_id"] = object_id(sandbox.person());
    std::string origins;
    for (const Json::Value& domain : connector["valid_domains"]) origins += " https://" + domain.asString();
    values["valid_origins"] = origins;
    Response response = with_scripts(sandbox.page(200, "embedded", values));
    response.set("Content-Security-Policy",
                 "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
                 "frame-src" +
                     origins + "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    return response;
}

Json::Value place_values(const Json::Value& target) {
    Json::Value values;
    values["place"] = target["name"];
    values["target_id"] = std::to_string(target["target_id"].asInt());
    values["app_type"] = target["kind"];
    return values;
}

// The documented fields of what the page sent. The database checks them.
std::string settings_in(const Parameters& form) {
    Json::Value settings(Json::objectValue);
    for (const char* name : kSettings) {
        if (const std::string value = form.get_or(name, ""); !value.empty()) settings[name] = value;
    }
    return json_text(settings);
}

}  // namespace

Response configure(Sandbox& sandbox, const Request& request, const Json::Value& target, const std::string& app_id) {
    const std::string target_id = std::to_string(target["target_id"].asInt());
    if (sandbox.person().empty()) return sandbox.sign_in_first("/tenant/" + target_id + "/configure/" + app_id);
    const std::vector<Value> here{sandbox.person(), target_id, app_id};
    const Json::Value offered = sandbox.ask("select o365_programs.sandbox_offer($1, $2, $3)", here);
    if (offered.isNull())
        return sandbox.message(404, "Nothing here", "No such connector is offered to you at this place.");
    if (request.method != "POST") {
        Json::Value values = place_values(target);
        values["title"] = "Set up " + offered["name"].asString();
        values["action"] = "/tenant/" + target_id + "/configure/" + app_id;
        values["saves"] = true;
        return framed(sandbox, values, offered, offered["configuration_url"].asString());
    }
    const auto with = [&](std::initializer_list<Value> more) {
        std::vector<Value> all = here;
        all.insert(all.end(), more);
        return all;
    };
    const std::string action = request.form.get_or("do", "");
    Json::Value answer;
    if (action == "judge") {
        const Rows rows = sandbox.database().call("select o365_programs.sandbox_judge_settings($1, $2, $3, $4)",
                                                  with({settings_in(request.form)}));
        if (!rows.is_null(0, 0)) answer["problem"] = std::string(rows.text(0, 0));
        answer["taken"] = rows.is_null(0, 0);
        return Response::json(200, json_text(answer));
    }
    if (action == "webhook") {
        const std::string path = connector_path(app_id);
        const Rows rows = sandbox.database().call("select o365_programs.sandbox_draft($1, $2, $3, $4)",
                                                  with({Value::bytes(webhook_hash(path))}));
        if (rows.is_null(0, 0)) return sandbox.message(404, "Nothing here", "It is not offered any more.");
        answer["webhook_url"] = sandbox.setting("webhook_origin") + path;
        answer["draft_id"] = static_cast<int>(rows.integer(0, 0));
        return Response::json(200, json_text(answer));
    }
    const std::string draft_id = request.form.get_or("draft_id", "");
    const Rows rows =
        sandbox.database().call("select o365_programs.sandbox_configure($1, $2, $3, $4, $5)",
                                with({is_number(draft_id) ? Value(draft_id) : Value(), settings_in(request.form)}));
    if (!rows.is_null(0, 0)) {
        return sandbox.message(400, "Nothing was saved",
                               "Its page did not say what it has to: " + std::string(rows.text(0, 0)) +
                                   ". Go back to the place and add the connector again.");
    }
    return sandbox.redirect("/tenant/" + target_id);
}

Response remove_embedded(Sandbox& sandbox, const Json::Value& target, const std::string& webhook_id) {
    const std::string target_id = std::to_string(target["target_id"].asInt());
    const Json::Value webhooks = sandbox.ask("select o365_programs.sandbox_webhooks($1)", {target_id});
    for (const Json::Value& webhook : webhooks) {
        if (webhook["webhook_id"].asString() != webhook_id || !webhook["removed_at"].isNull() ||
            webhook["settings"].isNull() || webhook["connector"].isNull())
            continue;
        Json::Value values = place_values(target);
        values["title"] = "Remove " + webhook["connector"]["name"].asString();
        values["action"] = "/tenant/" + target_id;
        values["webhook_id"] = webhook_id;
        values["settings"] = json_text(webhook["settings"]);
        return framed(sandbox, values, webhook["connector"], webhook["settings"]["removeUrl"].asString());
    }
    return sandbox.message(404, "Nothing here", "There is no such configuration, or it was removed already.");
}

}  // namespace o365
