// The Connector Developer Dashboard: list, New Connector, edit, the snippet, and handing a registration over to this
// installation (office365-connectors.md 9).
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::array kTexts = {"name",         "short_description",  "long_description", "website",
                               "landing_page", "inbox_landing_page", "callback_url",     "configuration_url"};
// If they are left out, they are NULL, not "".
constexpr std::array kMayBeMissing = {"landing_page", "inbox_landing_page", "configuration_url"};
constexpr std::array<const char*, 3> kKinds = {"mail", "groups", "teams"};

// The lines of a text that are not blank.
Json::Value lines(const std::string& text) {
    Json::Value list(Json::arrayValue);
    std::size_t from = 0;
    while (from <= text.size()) {
        const auto to = std::min(text.find('\n', from), text.size());
        std::string line = text.substr(from, to - from);
        const auto first = line.find_first_not_of(" \t\r");
        if (first != std::string::npos) list.append(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
        from = to + 1;
    }
    return list;
}

std::string joined(const Json::Value& list) {
    std::string text;
    for (const Json::Value& line : list) text += line.asString() + "\n";
    return text;
}

Json::Value fields_of(const FormData& form) {
    Json::Value fields;
    for (const char* name : kTexts) {
        const std::string text = form.get(name);
        const auto first = text.find_first_not_of(" \t\r\n");
        fields[name] =
            first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
    }
    for (const char* name : kMayBeMissing) {
        if (fields[name].asString().empty()) fields[name] = Json::Value();
    }
    fields["events"] = lines(form.get("events"));
    fields["target_urls"] = lines(form.get("target_urls"));
    fields["valid_domains"] = lines(form.get("valid_domains"));
    fields["enabled_for"] = Json::Value(Json::arrayValue);
    for (const char* kind : kKinds) {
        if (!form.get(std::string("for_") + kind).empty()) fields["enabled_for"].append(kind);
    }
    fields["terms"] = form.get("terms");
    fields["actions"] = form.get("actions");
    return fields;
}

// A slug that is not taken yet, so that it can be registered unchanged each time.
Json::Value example(Sandbox& sandbox) {
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_free_slug('helpdesk')");
    const std::string slug(rows.text(0, 0));
    const std::string here = sandbox.setting("public_url") + "/connect/" + slug;
    const auto hyphen = slug.find('-');
    Json::Value fields;
    fields["name"] = "Contoso Helpdesk" + (hyphen == std::string::npos ? "" : " " + slug.substr(hyphen + 1));
    fields["short_description"] = "New tickets and answers, where your team works";
    fields["long_description"] =
        "Contoso Helpdesk posts new tickets and answers into the group that works on them, with buttons to close and "
        "to comment, so that nobody has to watch a mailbox.";
    fields["website"] = "https://contoso.example";
    fields["landing_page"] = here + "/";
    fields["callback_url"] = here + "/callback";
    fields["events"].append("a customer opens a ticket or answers one");
    fields["events"].append("a ticket is about to miss its promise");
    fields["target_urls"].append(sandbox.origin());
    for (const char* kind : kKinds) fields["enabled_for"].append(kind);
    fields["actions"] = "yes";
    return fields;
}

struct Hint {
    std::string_view field;
    std::string_view problem;  // how it begins
    const char* hint;
};

// In the words of the form, because those of o365.register_connector are about SQL.
constexpr std::array kHints = {
    Hint{"logo", "is missing", "Choose a jpg, jpeg, png or gif file."},
    Hint{"events", "", "Name what it posts about, one a line: a ticket is opened."},
    Hint{"enabled_for", "", "Choose at least one."},
    Hint{"landing_page", "is no https URL", "Leave it empty while there is none."},
    Hint{"callback_url", "is neither", "Microsoft returns nothing to such an address: write an https one."},
};

std::string hint_for(const Json::Value& problem) {
    for (const Hint& one : kHints) {
        if (problem["field"] == std::string(one.field) && problem["problem"].asString().starts_with(one.problem))
            return one.hint;
    }
    return problem["hint"].asString();
}

// The filled-in form; each problem is shown at its field.
Response form_page(const Sandbox& sandbox, int status, const std::string& app_id, const Json::Value& fields,
                   const Json::Value& problems, bool example_logo) {
    Json::Value values = fields;
    values["title"] = app_id.empty() ? "New connector" : "Edit " + fields["name"].asString();
    values["app_id"] = app_id;
    values["is_new"] = app_id.empty();
    values["public_url"] = sandbox.setting("public_url");
    values["events_text"] = joined(fields["events"]);
    values["target_urls_text"] = joined(fields["target_urls"]);
    values["valid_domains_text"] = joined(fields["valid_domains"]);
    values["example_logo"] = example_logo;
    for (const Json::Value& kind : fields["enabled_for"]) values["for_" + kind.asString()] = true;
    values["has_actions"] = fields["actions"].asString() == "yes" || !fields["target_urls"].empty();
    values["accepted"] = fields["terms"].asString() == "yes";
    for (const Json::Value& problem : problems) {
        const std::string text = problem["problem"].asString() + ". " + hint_for(problem);
        Json::Value& here = values["problem_" + problem["field"].asString()];
        here = here.isNull() ? text : here.asString() + " Also: " + text;
    }
    values["has_embedded"] = !fields["configuration_url"].asString().empty() || !fields["valid_domains"].empty();
    values["problem_count"] = problems.empty() ? "" : std::to_string(problems.size());
    values["one_problem"] = problems.size() == 1;
    Response response = sandbox.page(status, "connector-form", values);
    // Not "no-store", so that a browser that comes back from the page about a file that was too large still has the
    // filled-in form.
    response.set("Cache-Control", "private, no-cache");
    return response;
}

Response save(Sandbox& sandbox, const Request& request, const std::string& app_id) {
    const FormData form = parse_form_data(request);
    const Json::Value fields = fields_of(form);
    const bool example_logo = form.get("example_logo") == "yes";
    std::string logo = form.file;
    if (logo.empty() && example_logo) {
        if (const std::string* const file = sandbox.pages().file("example-logo.png")) logo = *file;
    }
    const Json::Value saved = sandbox.ask("select o365_programs.sandbox_save($1, $2, $3, $4)",
                                          {sandbox.person(), app_id.empty() ? Value() : Value(app_id),
                                           json_text(fields), logo.empty() ? Value() : Value::bytes(logo)});
    if (saved.isMember("problems")) return form_page(sandbox, 400, app_id, fields, saved["problems"], example_logo);
    return sandbox.redirect("/dashboard/" + saved["app_id"].asString());
}

// As the dashboard generated it; the state is the application's to choose.
std::string snippet(const Sandbox& sandbox, const Json::Value& connector) {
    const std::string href = sandbox.setting("connect_url") +
                             "?state=myAppsState&app_id=" + connector["app_id"].asString() +
                             "&callback_url=" + connector["callback_url"].asString();
    return "<a href=\"" + html_escape(href) +
           "\"><img src=\"https://o365connectors.blob.core.windows.net/images/ConnectToO365Button.png\" alt=\"Connect "
           "to "
           "Office 365\"></img></a>";
}

// A card with a button that works, for everybody who has connected.
std::string send_statement(const Sandbox& sandbox, const Json::Value& connector) {
    std::string target = sandbox.origin();
    if (!connector["target_urls"].empty()) target = connector["target_urls"][0].asString();
    Json::Value action;
    action["@type"] = "HttpPOST";
    action["name"] = "Close the ticket";
    action["target"] = target + "/example/action";
    action["body"] = R"({"title": "Ticket 17 is closed"})";
    Json::Value card;
    card["@type"] = "MessageCard";
    card["@context"] = "https://schema.org/extensions";
    card["title"] = "Ticket 17 was opened";
    card["text"] = "The printer on the third floor is **on fire**.";
    card["potentialAction"].append(action);
    return "select o365.send(subscription_id, '" + json_text(card) + "') from o365.subscriptions where connector = '" +
           connector["slug"].asString() + "' and status = 'active';";
}

// The version in the catalog, where that is another than this one.
void put_listed(Json::Value& values) {
    Json::Value& listed = values["listed"];
    if (listed.isNull() || values["stage"].asString() == "approved") {
        listed = Json::Value();
        return;
    }
    listed["day"] = listed["since"].asString().substr(0, 10);
}

Response show(Sandbox& sandbox, const Json::Value& connector, const std::string& problem, const std::string& hint) {
    Json::Value values = connector;
    values["title"] = connector["name"];
    values["snippet"] = snippet(sandbox, connector);
    values["public_url"] = sandbox.setting("public_url");
    values["connect"] = sandbox.setting("public_url") + "/connect/" + connector["slug"].asString() + "/";
    values["send"] = send_statement(sandbox, connector);
    values["problem"] = problem;
    values["problem_hint"] = hint;
    values["is_current"] = connector["is_current"];
    for (const char* stage : {"saved", "submitted", "approved", "rejected"})
        values[stage] = connector["stage"].asString() == stage;
    values["created"] = connector["created_at"].asString().substr(0, 10);
    values["sideloaded"] = !connector["sideloaded_at"].isNull();
    // Outlook has inboxes and groups.
    values["can_sideload"] = std::any_of(connector["enabled_for"].begin(), connector["enabled_for"].end(),
                                         [](const Json::Value& kind) { return kind.asString() != "teams"; });
    values["has_targets"] = !connector["target_urls"].empty();
    values["kinds"] = kind_names(connector["enabled_for"]);
    put_listed(values);
    return with_scripts(sandbox.page(problem.empty() ? 200 : 409, "connector", values));
}

Response show_deletion(Sandbox& sandbox, const Json::Value& connector) {
    Json::Value values = connector;
    const int webhooks = connector["in_force"].asInt();
    values["title"] = "Delete " + connector["name"].asString();
    values["webhooks"] = webhooks == 0 ? "" : std::to_string(webhooks);
    values["one_webhook"] = webhooks == 1;
    return sandbox.page(200, "delete", values);
}

Response list(Sandbox& sandbox) {
    Json::Value values;
    values["title"] = "Developer dashboard";
    values["connectors"] = sandbox.ask("select o365_programs.sandbox_registrations($1)", {sandbox.person()});
    values["none"] = values["connectors"].empty();
    return sandbox.page(200, "dashboard", values);
}

Response make_new(Sandbox& sandbox, const Request& request) {
    if (request.method == "POST") return save(sandbox, request, "");
    const bool filled = request.query.get("example").has_value();
    Json::Value fields = filled ? example(sandbox) : Json::Value(Json::objectValue);
    if (!filled) fields["callback_url"] = sandbox.setting("public_url") + "/connect/your-connector/callback";
    return form_page(sandbox, 200, "", fields, Json::Value(Json::arrayValue), filled);
}

Response remove(Sandbox& sandbox, const Request& request, const std::string& app_id, const Json::Value& connector) {
    if (request.method != "POST") return show_deletion(sandbox, connector);
    sandbox.database().call("select o365_programs.sandbox_delete($1, $2)", {sandbox.person(), app_id});
    return sandbox.redirect("/dashboard");
}

Response edit(Sandbox& sandbox, const Request& request, const std::string& app_id, Json::Value fields) {
    if (request.method == "POST") return save(sandbox, request, app_id);
    fields["terms"] = "yes";
    return form_page(sandbox, 200, app_id, fields, Json::Value(Json::arrayValue), false);
}

// Sideloads the connector, or registers it with an application.
Response use(Sandbox& sandbox, const Request& request, const std::string& app_id, const Json::Value& connector) {
    if (request.method != "POST") return show(sandbox, connector, "", "");
    if (const std::string sideload = request.form.get_or("sideload", ""); !sideload.empty()) {
        sandbox.database().call("select o365_programs.sandbox_sideload($1, $2, $3)",
                                {sandbox.person(), app_id, sideload == "yes" ? "true" : "false"});
        return sandbox.redirect("/dashboard/" + app_id);
    }
    const Json::Value done = sandbox.ask("select o365_programs.sandbox_register($1, $2, $3, $4)",
                                         {sandbox.person(), app_id, request.form.get_or("application", ""),
                                          request.form.get_or("anonymous", "") == "yes" ? "true" : "false"});
    if (done.isMember("problem")) return show(sandbox, connector, done["problem"].asString(), done["hint"].asString());
    return sandbox.redirect("/dashboard/" + app_id);
}

}  // namespace

Response dashboard(Sandbox& sandbox, const Request& request, std::string_view rest) {
    if (sandbox.person().empty())
        return sandbox.sign_in_first("/dashboard" + (rest.empty() ? "" : "/" + std::string(rest)));
    if (rest.empty()) return list(sandbox);
    if (rest == "new") return make_new(sandbox, request);
    const auto slash = rest.find('/');
    const std::string app_id(rest.substr(0, slash));
    const std::string_view what = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    const Json::Value connector =
        is_guid(app_id) ? sandbox.ask("select o365_programs.sandbox_registration($1, $2)", {sandbox.person(), app_id})
                        : Json::Value();
    if (!connector.isNull() && what == "delete") return remove(sandbox, request, app_id, connector);
    if (!connector.isNull() && what == "edit") return edit(sandbox, request, app_id, connector);
    if (!connector.isNull() && what.empty()) return use(sandbox, request, app_id, connector);
    return sandbox.message(404, "Nothing here", "There is no such connector of yours.");
}

}  // namespace o365
