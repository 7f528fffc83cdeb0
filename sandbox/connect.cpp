// Microsoft's Connect page: sign-in, picker, Allow and Deny, and the redirect (office365-connectors.md section 1). The
// state is passed through and never stored.
#include <algorithm>

#include "lib/crypto.h"
#include "lib/url.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr const char* kCookie = "sandbox-person";

// A GUID made from the person's name: the same at every connection, and stored nowhere.
std::string object_id(const std::string& person) {
    const std::string h = hex(sha256("sandbox person " + person));
    return h.substr(0, 8) + "-" + h.substr(8, 4) + "-4" + h.substr(13, 3) + "-a" + h.substr(17, 3) + "-" +
           h.substr(20, 12);
}

std::string random_guid() {
    const std::string h = hex(random_bytes(16));
    return h.substr(0, 8) + "-" + h.substr(8, 4) + "-4" + h.substr(13, 3) + "-a" + h.substr(17, 3) + "-" +
           h.substr(20, 12);
}

struct Asked {
    std::optional<std::string> state;
    std::string app_id;
    std::string callback_url;

    // The page's own address with what it was asked.
    std::string query() const {
        return (state ? "state=" + url_encode(*state) + "&" : "") + "app_id=" + url_encode(app_id) +
               "&callback_url=" + url_encode(callback_url);
    }
    void put(Json::Value& values) const {
        values["app_id"] = app_id;
        values["callback_url"] = callback_url;
        values["has_state"] = state.has_value();
        if (state) values["state"] = *state;
    }
};

bool is_callback(const std::string& text) {
    const auto url = parse_url(text);
    return url && !url->has_query && !url->has_fragment && !url->has_user &&
           (url->scheme == "https" || is_loopback_host(url->host));
}

std::string failure(const Asked& asked, const std::string& error) {
    return asked.callback_url + "?" + (asked.state ? "state=" + url_encode(*asked.state) + "&" : "") +
           "error=" + url_encode(error);
}

// A webhook as Microsoft's look: forms C and F of office365-connectors.md section 2.
std::string new_webhook_path(const std::string& app_id, bool workflow) {
    if (workflow) {
        return "/workflows/" + hex(random_bytes(16)) +
               "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" +
               random_token();
    }
    return "/webhookb2/" + random_guid() + "@" + random_guid() + "/" + app_id + "/" + hex(random_bytes(16)) + "/" +
           random_guid();
}

// The browser leaves for the application: a form of the page leads there, so its CSP must name the place.
Response leave(const Asked& asked, const std::string& url) {
    Response response = Response::redirect(302, url);
    response.allow_form_action(asked.callback_url);
    return response;
}

Response allow(Sandbox& sandbox, const Asked& asked, const Json::Value& connector, const std::string& person,
               const std::string& target_id) {
    if (target_id.empty() || target_id.size() > 9 || target_id.find_first_not_of("0123456789") != std::string::npos) {
        return sandbox.message(400, "Choose where to",
                               "Go back and choose a group, a team or your inbox before you press Allow.");
    }
    const Json::Value target = sandbox.ask("select o365.sandbox_target($1, $2)", {person, target_id});
    const Json::Value& kinds = connector["enabled_for"];
    if (target.isNull() || std::find(kinds.begin(), kinds.end(), target["kind"]) == kinds.end())
        return sandbox.message(400, "Choose where to", "Go back and choose one of those that the page offers.");
    const bool workflow = target["dialect"].asString() == "workflow";
    const std::string path = new_webhook_path(asked.app_id, workflow);
    sandbox.database().call("select o365.sandbox_mint($1, $2)",
                            {target["target_id"].asInt(), Value::bytes(sha256(path))});
    const std::string webhook = sandbox.setting(workflow ? "flow_origin" : "webhook_origin") + path;
    std::string url = asked.callback_url + "?" + (asked.state ? "state=" + url_encode(*asked.state) + "&" : "") +
                      "webhook_url=" + url_encode(webhook);
    if (target["kind"].asString() != "mail") url += "&group_name=" + url_encode(target["name"].asString());
    url += "&user_objectId=" + object_id(person) + "&app_type=" + target["kind"].asString();
    return leave(asked, url);
}

Response show_picker(Sandbox& sandbox, const Asked& asked, const Json::Value& connector, const std::string& person) {
    std::vector<std::string> kinds;
    for (const Json::Value& kind : connector["enabled_for"]) kinds.push_back(kind.asString());
    const Json::Value targets = sandbox.ask("select o365.sandbox_person($1, $2)", {person, array_literal(kinds)});
    Json::Value values = connector;
    asked.put(values);
    values["title"] = "Connect " + connector["name"].asString();
    values["person"] = person;
    bool has_group = false;
    for (const Json::Value& target : targets) {
        Json::Value choice;
        choice["target_id"] = std::to_string(target["target_id"].asInt());
        choice["name"] = target["name"];
        const std::string kind = target["kind"].asString();
        choice["what"] = kind == "mail" ? "your own inbox" : (kind == "teams" ? "team" : "group");
        has_group = has_group || kind != "mail";
        values["choices"].append(choice);
    }
    values["no_groups"] = !has_group;
    Response response = sandbox.page(200, "connect", values);
    response.allow_form_action(asked.callback_url);
    // The callback may send the browser on to the application's own page, wherever that is, and Chromium holds every
    // redirect after a form's POST against form-action.
    response.allow_form_action("https:");
    return response;
}

}  // namespace

Response connect_page(Sandbox& sandbox, const Request& request) {
    const bool posted = request.method == "POST";
    const Parameters& parameters = posted ? request.form : request.query;
    const Asked asked{parameters.get("state"), parameters.get_or("app_id", ""), parameters.get_or("callback_url", "")};
    if (!is_callback(asked.callback_url)) {
        return sandbox.message(400, "Nothing to go back to",
                               "callback_url must be an https address, or one on this machine, without a query of its "
                               "own. Nothing is returned to any other.");
    }
    const Json::Value connector = sandbox.ask("select o365.sandbox_connector($1)", {asked.app_id});
    if (connector.isNull() || connector["callback_url"].asString() != asked.callback_url) {
        Json::Value values;
        values["title"] = "Invalid Request";
        // Only to the registered address: an altered one is what this error is about.
        if (!connector.isNull()) {
            values["back"] =
                failure({asked.state, asked.app_id, connector["callback_url"].asString()}, "Invalid Request");
        }
        return sandbox.page(400, "invalid", values);
    }
    const std::string self = sandbox.origin() + "/connectors/Connect?" + asked.query();
    const std::string action = posted ? parameters.get_or("action", "") : "";
    if (action == "sign-in") {
        const std::string name = parameters.get_or("person", "");
        if (name.empty() || name.size() > 60)
            return sandbox.message(400, "Who are you?", "Go back and type a name of at most 60 characters.");
        Response response = Response::redirect(303, self);
        response.add("Set-Cookie",
                     std::string(kCookie) + "=" + base64url(name) + "; Path=/; HttpOnly; Secure; SameSite=Lax");
        return response;
    }
    if (action == "sign-out") {
        Response response = Response::redirect(303, self);
        response.add("Set-Cookie", std::string(kCookie) + "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
        return response;
    }
    if (action == "deny") return leave(asked, failure(asked, "AccessDenied"));

    std::string person;
    if (const auto value = cookie(request.cookies, kCookie); value && !value->empty()) {
        std::string padded = *value;
        for (char& c : padded) c = c == '-' ? '+' : (c == '_' ? '/' : c);
        padded.append((4 - padded.size() % 4) % 4, '=');
        try {
            person = base64_decode(padded);
        } catch (const std::invalid_argument&) {
            person.clear();
        }
        if (!is_utf8(person) || person.size() > 60 || person.find('\0') != std::string::npos) person.clear();
    }
    if (person.empty()) {
        Json::Value values = connector;
        asked.put(values);
        values["title"] = "Sign in";
        return sandbox.page(200, "sign-in", values);
    }
    if (action == "create") {
        const std::string name = parameters.get_or("group", "");
        if (name.empty() || name.size() > 256)
            return sandbox.message(400, "What is it called?", "Go back and type a name for the group.");
        sandbox.database().call("select o365.sandbox_create_group($1, $2)", {person, name});
        return Response::redirect(303, self);
    }
    if (action == "allow") return allow(sandbox, asked, connector, person, parameters.get_or("target", ""));
    return show_picker(sandbox, asked, connector, person);
}

}  // namespace o365
