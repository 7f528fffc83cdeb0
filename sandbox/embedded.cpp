// The client's side of an embedded configuration page (office365-connectors.md 1.7): a frame at a place, and the page
// that a configuration names for its removal. static/embedded.js speaks with them.
#include <algorithm>

#include "lib/url.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxSetting = 2048;
constexpr std::array kSettings = {"entityId", "contentUrl", "removeUrl", "configName"};

// The page with the frame: only pages of the valid domains may stand in it.
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

// What the page saved, of what is documented.
std::optional<std::string> settings_in(const Parameters& form) {
    Json::Value settings;
    for (const char* name : kSettings) {
        const std::string value = form.get_or(name, "");
        if (value.size() > kMaxSetting) return std::nullopt;
        if (!value.empty()) settings[name] = value;
    }
    return settings.isMember("contentUrl") ? std::optional(json_text(settings)) : std::nullopt;
}

}  // namespace

Response configure(Sandbox& sandbox, const Request& request, const Json::Value& target, const std::string& app_id) {
    const std::string target_id = std::to_string(target["target_id"].asInt());
    if (sandbox.person().empty()) return sandbox.sign_in_first("/tenant/" + target_id + "/configure/" + app_id);
    const Json::Value offered =
        sandbox.ask("select o365.sandbox_catalog($1, $2)", {sandbox.person(), target["kind"].asString()});
    const auto found = std::find_if(offered.begin(), offered.end(),
                                    [&](const Json::Value& one) { return one["app_id"].asString() == app_id; });
    if (target["person"].asString() != sandbox.person() || target["dialect"].asString() == "workflow" ||
        found == offered.end() || (*found)["configuration_url"].isNull())
        return sandbox.message(404, "Nothing here", "No such connector is offered to you at this place.");
    if (request.method != "POST") {
        Json::Value values = place_values(target);
        values["title"] = "Set up " + (*found)["name"].asString();
        values["action"] = "/tenant/" + target_id + "/configure/" + app_id;
        values["saves"] = true;
        return framed(sandbox, values, *found, (*found)["configuration_url"].asString());
    }
    const std::string action = request.form.get_or("do", "");
    if (action == "webhook") {
        Json::Value answer;
        int webhook_id = 0;
        answer["webhook_url"] = hand_out(sandbox, target, connector_path(app_id), app_id, &webhook_id);
        answer["webhook_id"] = webhook_id;
        return Response::json(200, json_text(answer));
    }
    const std::string webhook_id = request.form.get_or("webhook_id", "");
    const std::optional<std::string> settings = settings_in(request.form);
    if (!is_number(webhook_id) || !settings) {
        return sandbox.message(400, "Nothing was saved",
                               "The page has to call setSettings with a contentUrl and getSettings, and no value may "
                               "be longer than 2,048 bytes.");
    }
    sandbox.database().call("select o365.sandbox_configure($1, $2, $3)", {target_id, webhook_id, *settings});
    return sandbox.redirect("/tenant/" + target_id);
}

Response remove_embedded(Sandbox& sandbox, const Json::Value& target, const std::string& webhook_id) {
    const std::string target_id = std::to_string(target["target_id"].asInt());
    const Json::Value webhooks = sandbox.ask("select o365.sandbox_webhooks($1)", {target_id});
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
