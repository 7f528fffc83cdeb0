// The tenant: who has what, what is configured there, workflows; and webhooks for programs that bring no browser.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/sandbox.h"
#include "sandbox/tenant/flows.h"

namespace o365 {
namespace {

// A new webhook of a target without a connector, in a form of webhook_forms or the usual one.
HandedOut mint(Sandbox& sandbox, const Json::Value& target, std::string_view form) {
    return target["dialect"].asString() == "workflow" ? hand_out_flow(sandbox, target, Json::Value(), form, "")
                                                      : hand_out(sandbox, target, connector_path("", form), "");
}

Response refusal(int status, const std::string& why) {
    Json::Value error;
    error["error"] = why;
    return Response::json(status, json_text(error));
}

// The target for which a program requests a webhook.
struct WebhookWanted {
    std::string person;
    std::string dialect;
    std::string kind;
    std::string name;
    std::string form;
    std::string flow_id;  // empty: of none that there is
    std::string key;
};

WebhookWanted read_wanted(const Parameters& form) {
    WebhookWanted wanted;
    wanted.person = form.get_or("person", "ci");
    wanted.dialect = form.get_or("dialect", "connector");
    wanted.kind = form.get_or("kind", wanted.dialect == "workflow" ? "teams" : "groups");
    wanted.name = form.get_or("name", wanted.kind == "mail" ? "Inbox" : "CI");
    wanted.form = form.get_or("form", "");
    wanted.flow_id = form.get_or("flow", "");
    wanted.key = form.get_or("key", "");
    return wanted;
}

bool is_place(const WebhookWanted& wanted) {
    const bool kind = wanted.kind == "mail" || wanted.kind == "groups" || wanted.kind == "teams";
    const bool dialect = wanted.dialect == "connector" || (wanted.dialect == "workflow" && wanted.kind == "teams");
    return kind && dialect && is_name(wanted.person, kMaxPerson) && is_name(wanted.name, kMaxPlace) &&
           (wanted.kind != "mail" || wanted.name == "Inbox") && is_form(wanted.dialect, wanted.form);
}

Response wanted_form() {
    Json::Value error;
    error["error"] =
        "POST person (at most 60 characters), name (at most 256; of mail none: a person has one inbox), kind "
        "(groups, teams, mail), dialect (connector, workflow: of a team) and form (of the URL, by dialect: see "
        "forms) as a form";
    for (const WebhookForm& one : webhook_forms())
        error["forms"][std::string(one.dialect)].append(std::string(one.name));
    return Response::json(400, json_text(error));
}

// The problem of the requested workflow; empty for none.
std::string flow_problem(const WebhookWanted& wanted, const FlowForm& flow) {
    if (!flow.problem.empty()) return flow.problem;
    const bool is_new = !flow.kind.isNull();
    const bool is_old = !wanted.flow_id.empty();
    if (wanted.dialect != "workflow" && (is_new || is_old || !wanted.key.empty()))
        return "only dialect=workflow has kinds of workflow, flow and key";
    if ((is_old && (!is_number(wanted.flow_id) || is_new)) || (!wanted.key.empty() && (wanted.key != "new" || !is_old)))
        return "flow is the number of a workflow, which has its kind already; key is new, and goes with flow";
    return {};
}

// The existing workflow of a place; null when it has none, or when it was deleted. With a new key, all URLs handed out
// for it so far answer 401.
Json::Value flow_of(Sandbox& sandbox, const Json::Value& target, const WebhookWanted& wanted) {
    const int id = target["target_id"].asInt();
    Json::Value flow = sandbox.ask("select o365_programs.sandbox_flows($1, $2)->0", {id, wanted.flow_id});
    if (flow.isNull() || flow["state"] == "deleted") return Json::Value();
    if (wanted.key == "new")
        sandbox.database().call("select o365_programs.sandbox_set_flow($1, $2, 'key')", {id, wanted.flow_id});
    return flow;
}

// POST /tenant/webhooks: person, name (of mail none), kind (groups, teams, mail), dialect (connector, workflow), form;
// of a workflow also what read_flow_form takes, which makes another one, or flow (the number of one that there is) and
// key (new: what was handed out for it so far answers 401). JSON.
Response webhook_for_program(Sandbox& sandbox, const Request& request) {
    const WebhookWanted wanted = read_wanted(request.form);
    if (request.method != "POST" || !is_place(wanted)) return wanted_form();
    const FlowForm flow_form = read_flow_form(request.form);
    if (const std::string problem = flow_problem(wanted, flow_form); !problem.empty()) return refusal(400, problem);
    const Json::Value target = create_place(sandbox, wanted.person, wanted.kind, wanted.name, wanted.dialect);
    if (target.isNull())
        return refusal(409, "that name is taken by a place that is no " + wanted.dialect + ": choose another");
    Json::Value flow;
    if (!flow_form.kind.isNull()) {
        flow = sandbox.ask("select o365_programs.sandbox_create_flow($1, $2)",
                           {target["target_id"].asInt(), json_text(flow_form.kind)});
    } else if (!wanted.flow_id.empty()) {
        flow = flow_of(sandbox, target, wanted);
        if (flow.isNull()) return refusal(404, "the channel has no such workflow, or it was deleted");
    }
    Json::Value answer;
    const HandedOut made = wanted.dialect == "workflow" ? hand_out_flow(sandbox, target, flow, wanted.form, "")
                                                        : mint(sandbox, target, wanted.form);
    answer["webhook_url"] = made.url;
    answer["webhook"] = made.number;
    answer["target"] = target["target_id"];
    answer["feed"] = sandbox.origin() + "/feed/" + target["target_id"].asString();
    if (made.flow != 0) {
        answer["flow"] = made.flow;
        answer["runs"] =
            sandbox.origin() + "/tenant/" + target["target_id"].asString() + "/flow/" + std::to_string(made.flow);
    }
    return Response::json(200, json_text(answer));
}

std::string kind_label(const std::string& kind, const std::string& dialect) {
    if (dialect == "workflow") return "Teams channel";
    return kind == "mail" ? "Inbox" : (kind == "teams" ? "Team" : "Group");
}

Response manage(Sandbox& sandbox, int status, const Json::Value& target, const std::string& new_webhook) {
    Json::Value values = target;
    const int target_id = target["target_id"].asInt();
    const bool workflow = target["dialect"].asString() == "workflow";
    values["title"] = target["name"];
    values["place"] = target["name"];
    values["owner"] = target["person"];
    values["target_id"] = std::to_string(target_id);
    values["label"] = kind_label(target["kind"].asString(), target["dialect"].asString());
    values["is_workflow"] = workflow;
    values["new_webhook"] = new_webhook;
    values["forms"] = forms_of(target["dialect"].asString());
    if (workflow) {
        put_flows(sandbox, target, values);
        return with_scripts(sandbox.page(status, "place", values));
    }
    values["webhooks"] = sandbox.ask("select o365_programs.sandbox_webhooks($1)", {target_id});
    for (Json::Value& webhook : values["webhooks"]) {
        webhook["in_force"] = webhook["removed_at"].isNull();
        webhook["day"] = webhook["since"].asString().substr(0, 16).replace(10, 1, " ");
        webhook["has_connector"] = !webhook["connector"].isNull();
        webhook["called"] =
            webhook["has_connector"].asBool() ? webhook["connector"]["name"].asString() : "Incoming webhook";
        webhook["target"] = values["target_id"];
        if (!webhook["settings"].isNull()) webhook["config_name"] = webhook["settings"]["configName"];
        webhook["clears_up"] = webhook["has_connector"].asBool() && !webhook["settings"]["removeUrl"].isNull();
    }
    if (target["person"].asString() == sandbox.person()) {
        values["offered"] =
            sandbox.ask("select o365_programs.sandbox_catalog($1, $2)", {sandbox.person(), target["kind"].asString()});
        for (Json::Value& one : values["offered"]) {
            const bool inbox = target["kind"].asString() == "mail" && !one["inbox_landing_page"].isNull();
            if (!one["configuration_url"].isNull()) {
                one["way"] = "/tenant/" + std::to_string(target_id) + "/configure/" + one["app_id"].asString();
            } else {
                one["way"] = one[inbox ? "inbox_landing_page" : "landing_page"];
            }
        }
        values["has_offered"] = !values["offered"].empty();
    }
    values["none"] = values["webhooks"].empty();
    return with_scripts(sandbox.page(status, "place", values));
}

Response place(Sandbox& sandbox, const Request& request, const std::string& target_id) {
    const auto load = [&] { return sandbox.ask("select o365_programs.sandbox_target(NULL, $1)", {target_id}); };
    const Json::Value target = load();
    if (target.isNull()) return sandbox.message(404, "Nothing here", "There is no such group, team or inbox.");
    if (request.method != "POST") return manage(sandbox, 200, target, "");
    const std::string action = request.form.get_or("do", "");
    if (action == "webhook" && target["workflow"].asString() == "deleted") {
        return sandbox.message(
            409, "It is deleted",
            "A deleted workflow has no URL: make another one on the channel's page, or by POST to /tenant/webhooks.");
    }
    if (action == "webhook") {
        const std::string form = request.form.get_or("form", "");
        if (!is_form(target["dialect"].asString(), form))
            return sandbox.message(400, "Nothing was made",
                                   "The URL has no such form: the place's page offers those there are.");
        return manage(sandbox, 200, target, mint(sandbox, target, form).url);
    }
    if (action == "on" || action == "off" || action == "deleted" || action == "tenant") {
        if (!sandbox.database()
                 .call("select o365_programs.sandbox_set_workflow($1, $2)", {target_id, action})
                 .boolean(0, 0))
            return sandbox.message(409, "Nothing was changed", "It is no workflow, or one that was deleted.");
    } else if (const std::string webhook_id = request.form.get_or("remove", ""); is_number(webhook_id)) {
        if (!sandbox.database()
                 .call("select o365_programs.sandbox_remove_webhook($1, $2)", {target_id, webhook_id})
                 .boolean(0, 0))
            return sandbox.message(404, "Nothing was removed", "It has no such webhook, or it was removed already.");
    } else {
        return sandbox.message(
            400, "Nothing was changed",
            "POST remove with a webhook's number, or do: webhook, and of a workflow on, off, deleted or tenant.");
    }
    return sandbox.redirect("/tenant/" + target_id);
}

Response people(Sandbox& sandbox, const Request& request) {
    if (request.method == "POST") {
        if (sandbox.person().empty()) return sandbox.sign_in_first("/tenant");
        const std::string name = request.form.get_or("name", "");
        const std::string what = request.form.get_or("what", "groups");
        if (!is_name(name, kMaxPlace))
            return sandbox.message(400, "What is it called?", "Go back and type a name of at most 256 characters.");
        const bool workflow = what == "workflow";
        const Json::Value made =
            create_place(sandbox, sandbox.person(), workflow || what == "teams" ? "teams" : "groups", name,
                         workflow ? "workflow" : "connector");
        if (made.isNull()) {
            return sandbox.message(409, "That name is taken",
                                   "A team and a workflow of one person cannot be called the same: go back and choose "
                                   "another name.");
        }
        return sandbox.redirect("/tenant");
    }
    Json::Value values;
    values["title"] = "Tenant";
    values["people"] = places_by_person(sandbox);
    values["none"] = values["people"].empty();
    return sandbox.page(200, "tenant", values);
}

// "17/configure/<guid>", "17/remove/<webhook>" and "17/flow/<number>" or "17/flow/new".
std::optional<Response> page_of_place(Sandbox& sandbox, const Request& request, std::string_view rest) {
    const auto first = rest.find('/');
    const auto second = rest.find('/', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const std::string_view what = rest.substr(first + 1, second - first - 1);
    const std::string last(rest.substr(second + 1));
    const bool configures = what == "configure" && is_guid(last);
    const bool is_flow = what == "flow" && (is_number(last) || last == "new");
    if (!is_number(rest.substr(0, first)) || (!configures && !is_flow && !(what == "remove" && is_number(last))))
        return std::nullopt;
    const Json::Value target = sandbox.ask("select o365_programs.sandbox_target(NULL, $1)", {rest.substr(0, first)});
    if (target.isNull()) return std::nullopt;
    if (is_flow) return flow_page(sandbox, request, target, last);
    return configures ? configure(sandbox, request, target, last) : remove_embedded(sandbox, target, last);
}

}  // namespace

std::span<const WebhookForm> webhook_forms() {
    static constexpr std::array kForms = {
        WebhookForm{"connector", "webhookb2", "/webhookb2/, since 2021"},
        WebhookForm{"connector", "webhook", "/webhook/, until 2021"},
        WebhookForm{"connector", "v2", "/webhookb2/ with a V2 segment, since 2025"},
        WebhookForm{"workflow", "powerplatform", "powerplatform.com, today's"},
        WebhookForm{"workflow", "cu", "powerplatform.com with /cu/25/"},
        WebhookForm{"workflow", "slash", "powerplatform.com with a slash before the ?"},
        WebhookForm{"workflow", "logic", "logic.azure.com, the first"},
        WebhookForm{"workflow", "gateway", "a company's own gateway before it"},
    };
    return kForms;
}

std::string connector_path(const std::string& app_id, std::string_view form) {
    return (form == "webhook" ? "/webhook/" : "/webhookb2/") + guid_of(random_bytes(16)) + "@" +
           guid_of(random_bytes(16)) + "/" + (app_id.empty() ? "IncomingWebhook" : app_id) + "/" +
           hex(random_bytes(16)) + "/" + guid_of(random_bytes(16)) + (form == "v2" ? "/V2" + random_token() : "");
}

std::string workflow_path(std::string_view id, std::string_view form, bool only_tenant) {
    if (only_tenant && form == "gateway") form = "";
    const std::string_view folder = form == "logic"     ? ""
                                    : form == "gateway" ? "/manual/paths/invoke"
                                    : form == "cu"      ? "/powerautomate/automations/direct/cu/25"
                                                        : "/powerautomate/automations/direct";
    std::string path(folder);
    if (form != "gateway") path += "/workflows/" + std::string(id) + "/triggers/manual/paths/invoke";
    path += form == "slash" ? "/?api-version=" : "?api-version=";
    path += form == "logic" || form == "gateway" ? "2016-06-01" : "1";
    return only_tenant ? path : path + "&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" + random_token();
}

Json::Value forms_of(std::string_view dialect) {
    Json::Value forms(Json::arrayValue);
    for (const WebhookForm& one : webhook_forms()) {
        if (one.dialect != dialect) continue;
        Json::Value form;
        form["form_name"] = std::string(one.name);
        form["form_help"] = std::string(one.help);
        forms.append(form);
    }
    return forms;
}

bool is_form(std::string_view dialect, std::string_view name) {
    const auto forms = webhook_forms();
    return name.empty() || std::any_of(forms.begin(), forms.end(), [&](const WebhookForm& one) {
               return one.dialect == dialect && one.name == name;
           });
}

Json::Value create_place(Sandbox& sandbox, const std::string& person, const std::string& kind, const std::string& name,
                         const std::string& dialect) {
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_create_target($1, $2, $3, $4)",
                                              {person, kind, name, dialect});
    Json::Value target = sandbox.ask("select o365_programs.sandbox_target(NULL, $1)", {rows.text(0, 0)});
    return target["dialect"].asString() == dialect ? target : Json::Value();
}

HandedOut hand_out(Sandbox& sandbox, const Json::Value& target, const std::string& path, const std::string& app_id) {
    const Rows rows = sandbox.database().call(
        "select o365_programs.sandbox_mint($1, $2, $3)",
        {target["target_id"].asInt(), Value::bytes(webhook_hash(path)), app_id.empty() ? Value() : Value(app_id)});
    return {sandbox.setting("webhook_origin") + path, static_cast<int>(rows.integer(0, 0))};
}

HandedOut hand_out_flow(Sandbox& sandbox, const Json::Value& target, const Json::Value& flow, std::string_view form,
                        const std::string& app_id) {
    const int target_id = target["target_id"].asInt();
    if (flow.isNull()) {
        return hand_out_flow(sandbox, target, sandbox.ask("select o365_programs.sandbox_create_flow($1)", {target_id}),
                             form, app_id);
    }
    const std::string path =
        workflow_path(flow["workflow_id"].asString(), form, flow["callers"].asString() == "tenant");
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_mint($1, $2, $3, $4)",
                                              {target_id, Value::bytes(webhook_hash(path)),
                                               app_id.empty() ? Value() : Value(app_id), flow["flow_id"].asInt()});
    return {sandbox.setting("flow_origin") + path, static_cast<int>(rows.integer(0, 0)), flow["flow_id"].asInt()};
}

Json::Value places_by_person(Sandbox& sandbox) {
    Json::Value people(Json::arrayValue);
    const Rows rows = sandbox.database().call(
        "select target_id, person, kind, name, dialect, posts, webhooks, workflow, flows from "
        "o365_programs.sandbox_targets(NULL)");
    for (int i = 0; i < rows.size(); ++i) {
        const std::string owner(rows.text(i, 1));
        if (people.empty() || people[people.size() - 1]["owner"].asString() != owner) {
            Json::Value person;
            person["owner"] = owner;
            people.append(person);
        }
        Json::Value target;
        const std::string kind(rows.text(i, 2));
        target["target_id"] = std::string(rows.text(i, 0));
        target["place"] = std::string(rows.text(i, 3));
        target["label"] = kind_label(kind, std::string(rows.text(i, 4)));
        target["icon"] = kind == "mail" ? "inbox" : (rows.text(i, 4) == "workflow" ? "workflow" : kind);
        target["posts"] = std::string(rows.text(i, 5));
        const bool channel = rows.text(i, 4) == "workflow";
        target["configured"] = channel
                                   ? fmt::format("{} workflow{}", rows.text(i, 8), rows.text(i, 8) == "1" ? "" : "s")
                                   : fmt::format("{} configured", rows.text(i, 6));
        if (rows.text(i, 8) == "1" && rows.text(i, 7) != "on") target["state"] = std::string(rows.text(i, 7));
        people[people.size() - 1]["targets"].append(target);
    }
    return people;
}

Response tenant(Sandbox& sandbox, const Request& request, std::string_view rest) {
    if (rest.empty()) return people(sandbox, request);
    if (rest == "webhooks") return webhook_for_program(sandbox, request);
    if (is_number(rest)) return place(sandbox, request, std::string(rest));
    if (auto response = page_of_place(sandbox, request, rest)) return *std::move(response);
    return sandbox.message(404, "Nothing here", "The menu above leads to what there is.");
}

}  // namespace o365
