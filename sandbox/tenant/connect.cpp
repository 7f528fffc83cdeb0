// Microsoft's Connect page: sign-in, picker, Allow and Deny, and the redirect (office365-connectors.md section 1). The
// state is passed through and never stored.
#include <algorithm>
#include <array>

#include "lib/base/crypto.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

struct Asked {
    std::optional<std::string> state;
    std::string app_id;
    std::string callback_url;
    // Of the older form of the button (2016), which has no app_id.
    std::string app_name = {};
    std::string app_logo_url = {};

    bool is_older() const { return !app_name.empty(); }
    const char* path() const { return is_older() ? "/connectors/ConnectToO365" : "/connectors/Connect"; }
    // The page's own address with its parameters.
    std::string query() const {
        return (state ? "state=" + url_encode(*state) + "&" : "") +
               (is_older() ? "app_name=" + url_encode(app_name) + "&app_logo_url=" + url_encode(app_logo_url)
                           : "app_id=" + url_encode(app_id)) +
               "&callback_url=" + url_encode(callback_url);
    }
    void put(Json::Value& values) const {
        values["path"] = path();
        values["app_id"] = app_id;
        values["app_name"] = app_name;
        values["app_logo_url"] = app_logo_url;
        values["callback_url"] = callback_url;
        values["has_state"] = state.has_value();
        if (state) values["state"] = *state;
    }
};

struct Twist {
    std::string_view name;
    std::string_view help;
};

// Faults of a redirect, to test how an application handles them.
constexpr std::array kTwists = {
    Twist{"", "nothing: as documented"},
    Twist{"plus", "blanks in the group's name as + instead of %20"},
    Twist{"order", "the parameters in another order"},
    Twist{"no-state", "state is left out"},
    Twist{"other-state", "state is another one"},
    Twist{"twice", "webhook_url comes twice"},
    Twist{"foreign-host", "webhook_url is on a host that is not Microsoft's"},
    Twist{"no-object-id", "user_objectId is left out"},
    Twist{"unknown-error", "an error that nobody documented"},
    Twist{"invalid-request", "the error Invalid Request"},
};

// app_type as documented, as in the documentation's own example, and as a product of later years may say.
constexpr std::array<std::string_view, 6> kSpellings = {"", "Groups", "Mail", "Teams", "GROUPS", "yammer"};

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool is_callback(const std::string& text) {
    const auto url = parse_url(text);
    return url && !url->has_query && !url->has_fragment && !url->has_user && is_ascii(url->host) &&
           (url->scheme == "https" || is_loopback_host(url->host));
}

// As a header may hold it (RFC 3986): bytes beyond ASCII are %-encoded, and everything else is unchanged.
std::string in_header(const std::string& url) {
    std::string text;
    for (const char c : url) text += is_ascii({&c, 1}) ? std::string(1, c) : url_encode({&c, 1});
    return text;
}

std::string failure(const Asked& asked, const std::string& error) {
    return in_header(asked.callback_url) + "?" + (asked.state ? "state=" + url_encode(*asked.state) + "&" : "") +
           "error=" + url_encode(error);
}

void allow_callback(Response& response, const Asked& asked) {
    response.allow_form_action(origin_of(*parse_url(asked.callback_url)));
}

// The address of the older form's logo, if it is on this machine, because nothing is fetched from elsewhere; else
// empty.
std::string logo_origin(const Asked& asked) {
    const auto url = parse_url(asked.app_logo_url);
    const bool here = url && url->scheme == "https" && !url->has_user && is_loopback_host(url->host) &&
                      url->host.find_first_of(";,'\"") == std::string::npos;
    return here ? origin_of(*url) : "";
}

// Lets the page show that logo.
void allow_logo(Response& response, const Asked& asked) {
    if (const std::string origin = logo_origin(asked); !origin.empty()) response.allow_picture(origin);
}

// A form of the page leads the browser to the application, so its CSP must name that place.
Response leave(const Asked& asked, const std::string& url) {
    Response response = Response::redirect(302, url);
    allow_callback(response, asked);
    return response;
}

std::string with_plus(std::string encoded) {
    for (std::size_t at = encoded.find("%20"); at != std::string::npos; at = encoded.find("%20", at))
        encoded.replace(at, 3, "+");
    return encoded;
}

// The redirect after Allow. Documented order: state, webhook_url, group_name, user_objectId, app_type.
std::string success(const Asked& asked, const std::string& webhook, const Json::Value& target,
                    const std::string& object, const std::string& spelling, const std::string& twist) {
    if (twist == "unknown-error") return failure(asked, "SomethingNew");
    if (twist == "invalid-request") return failure(asked, "Invalid Request");
    std::vector<std::string> parts;
    if (asked.state && twist != "no-state") {
        parts.push_back("state=" + url_encode(twist == "other-state" ? random_token() : *asked.state));
    }
    const std::string webhook_part =
        "webhook_url=" +
        url_encode(twist == "foreign-host" ? "https://outlook.office.com.attacker.localhost/webhook/x" : webhook);
    parts.push_back(webhook_part);
    if (twist == "twice") parts.push_back(webhook_part);
    if (target["kind"].asString() != "mail") {
        const std::string name = url_encode(target["name"].asString());
        parts.push_back("group_name=" + (twist == "plus" ? with_plus(name) : name));
    }
    if (twist != "no-object-id" && !asked.is_older()) parts.push_back("user_objectId=" + object);
    if (!asked.is_older()) parts.push_back("app_type=" + (spelling.empty() ? target["kind"].asString() : spelling));
    if (twist == "order") std::reverse(parts.begin(), parts.end());
    std::string url = in_header(asked.callback_url);
    for (std::size_t i = 0; i < parts.size(); ++i) url += (i == 0 ? "?" : "&") + parts[i];
    return url;
}

bool is_enabled_for(const Json::Value& connector, const Json::Value& kind) {
    const Json::Value& kinds = connector["enabled_for"];
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Response allow(Sandbox& sandbox, const Asked& asked, const Json::Value& connector, const Parameters& form) {
    const std::string target_id = form.get_or("target", "");
    if (!is_number(target_id)) {
        return sandbox.message(400, "Choose where to",
                               "Go back and choose a group, a team or your inbox before you press Allow.");
    }
    const Json::Value target =
        sandbox.ask("select o365_programs.sandbox_target($1, $2)", {sandbox.person(), target_id});
    if (target.isNull() || !is_enabled_for(connector, target["kind"]))
        return sandbox.message(400, "Choose where to", "Go back and choose one of those that the page offers.");
    const std::string spelling = form.get_or("spelling", "");
    const std::string twist = form.get_or("twist", "");
    const bool known = std::any_of(kTwists.begin(), kTwists.end(), [&](const Twist& one) { return one.name == twist; });
    if (!known || std::find(kSpellings.begin(), kSpellings.end(), spelling) == kSpellings.end())
        return sandbox.message(400, "That is no way to break it",
                               "Go back and choose one of those that the page offers.");
    const std::string app_id = asked.is_older() ? "" : asked.app_id;
    const bool workflow = target["dialect"].asString() == "workflow";
    const std::string webhook =
        // As workflow URLs were when connectors could be connected.
        (workflow ? hand_out_flow(sandbox, target, Json::Value(), "logic", app_id)
                  : hand_out(sandbox, target, connector_path(app_id), app_id))
            .url;
    return leave(asked, success(asked, webhook, target, object_id(sandbox.person()), spelling, twist));
}

// What can be created here for this connector: a group, or a team if it takes no groups. Everybody has an inbox
// already.
void put_creation(Json::Value& values, const Json::Value& connector, bool has_place) {
    const bool groups = is_enabled_for(connector, "groups");
    if (!groups && !is_enabled_for(connector, "teams")) return;
    Json::Value& creation = values["creation"];
    creation["what"] = groups ? "group" : "team";
    creation["kind"] = groups ? "groups" : "teams";
    creation["none_yet"] = !has_place;
}

// `problem`: why nothing was created under the name `group`.
Response show_picker(Sandbox& sandbox, const Asked& asked, const Json::Value& connector,
                     const std::string& problem = {}, const std::string& group = {}) {
    const Json::Value targets = sandbox.ask("select o365_programs.sandbox_person($1, $2)",
                                            {sandbox.person(), array_literal(texts_of(connector["enabled_for"]))});
    Json::Value values = connector;
    asked.put(values);
    values["title"] = "Connect " + connector["name"].asString();
    values["person"] = sandbox.person();
    bool has_group = false;
    for (const Json::Value& target : targets) {
        Json::Value choice;
        choice["target_id"] = std::to_string(target["target_id"].asInt());
        choice["name"] = target["name"];
        const std::string kind = target["kind"].asString();
        choice["what"] = kind == "mail" ? "your own inbox" : (kind == "teams" ? "team" : "group");
        choice["icon"] = kind == "mail" ? "inbox" : (target["dialect"].asString() == "workflow" ? "workflow" : kind);
        has_group = has_group || kind != "mail";
        values["choices"].append(choice);
    }
    values["has_choices"] = !values["choices"].empty();
    put_creation(values, connector, has_group);
    values["problem"] = problem;
    values["group"] = group;
    for (const std::string_view spelling : kSpellings) {
        Json::Value row;
        row["spelling"] = std::string(spelling);
        row["label"] = spelling.empty() ? "as documented" : std::string(spelling);
        values["spellings"].append(row);
    }
    for (const Twist& twist : kTwists) {
        Json::Value row;
        row["twist"] = std::string(twist.name);
        row["label"] = std::string(twist.help);
        values["twists"].append(row);
    }
    Response response = sandbox.page(problem.empty() ? 200 : 400, "connect", values);
    allow_callback(response, asked);
    // The callback may redirect the browser to the application's own page, wherever that is, and Chromium checks every
    // redirect after a form's POST against form-action.
    response.allow_form_action("https:");
    allow_logo(response, asked);
    return response;
}

// A group or a team, if the connector takes that kind; another one would be created but never offered.
Response create(Sandbox& sandbox, const Asked& asked, const Json::Value& connector, const Parameters& form,
                const std::string& self) {
    const std::string name = form.get_or("group", "");
    const std::string kind = form.get_or("kind", "groups");
    if ((kind != "groups" && kind != "teams") || !is_enabled_for(connector, kind)) {
        return show_picker(sandbox, asked, connector, "It cannot be connected to one of that kind: choose another.",
                           name);
    }
    if (!is_name(name, kMaxPlace))
        return show_picker(sandbox, asked, connector, "Type a name of at most 256 characters.", name);
    if (create_place(sandbox, sandbox.person(), kind, name, "connector").isNull()) {
        return show_picker(sandbox, asked, connector,
                           "A workflow of yours is called so already: choose another name for the team.", name);
    }
    return Response::redirect(303, self);
}

// In the older form the link had all data, and nothing was registered.
Json::Value told_in_link(const Asked& asked) {
    Json::Value connector;
    connector["name"] = asked.app_name;
    if (!asked.app_logo_url.empty()) {
        const auto url = parse_url(asked.app_logo_url);
        if (logo_origin(asked).empty())
            connector["logo_elsewhere"] = url ? url->host : "no https address";
        else
            connector["logo_here"] = asked.app_logo_url;
    }
    connector["callback_url"] = asked.callback_url;
    connector["events"] = Json::Value(Json::arrayValue);
    connector["enabled_for"].append("groups");
    return connector;
}

}  // namespace

Response connect_page(Sandbox& sandbox, const Request& request) {
    const bool posted = request.method == "POST";
    const Parameters& parameters = posted ? request.form : request.query;
    Asked asked{parameters.get("state"), parameters.get_or("app_id", ""), parameters.get_or("callback_url", "")};
    if (request.path == "/connectors/ConnectToO365") {
        asked.app_name = parameters.get_or("app_name", "");
        asked.app_logo_url = parameters.get_or("app_logo_url", "");
        if (asked.app_name.empty() || asked.app_name.size() > 400)
            return sandbox.message(400, "Which application?", "The older form of the button names it: app_name.");
    }
    if (!is_callback(asked.callback_url)) {
        return sandbox.message(400, "Nothing to go back to",
                               "callback_url must be an https address, or one on this machine, without a query of its "
                               "own. Nothing is returned to any other.");
    }
    const Json::Value connector = asked.is_older()
                                      ? told_in_link(asked)
                                      : sandbox.ask("select o365_programs.sandbox_connector($1)", {asked.app_id});
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
    const std::string self = sandbox.origin() + asked.path() + "?" + asked.query();
    const std::string action = posted ? parameters.get_or("action", "") : "";
    if (action == "sign-in") {
        const std::string name = parameters.get_or("person", "");
        if (!is_name(name, kMaxPerson))
            return sandbox.message(400, "Who are you?", "Go back and type a name of at most 60 characters.");
        Response response = Response::redirect(303, self);
        response.add("Set-Cookie", person_cookie(name));
        return response;
    }
    if (action == "sign-out") {
        Response response = Response::redirect(303, self);
        response.add("Set-Cookie", person_cookie(""));
        return response;
    }
    if (action == "deny") return leave(asked, failure(asked, "AccessDenied"));
    if (sandbox.person().empty()) {
        Json::Value values = connector;
        asked.put(values);
        values["title"] = "Sign in";
        Response response = sandbox.page(200, "connect-sign-in", values);
        allow_logo(response, asked);
        return response;
    }
    if (action == "create") return create(sandbox, asked, connector, parameters, self);
    if (action == "allow") return allow(sandbox, asked, connector, parameters);
    return show_picker(sandbox, asked, connector);
}

}  // namespace o365
