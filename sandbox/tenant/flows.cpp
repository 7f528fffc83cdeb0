#include "sandbox/tenant/flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/webhooks/answers.h"

namespace o365 {
namespace {

constexpr int kShown = 50;
constexpr int kLatestResponse = 60;  // seconds: every sender has given up by then
constexpr std::size_t kMaxResponse = 4096;

struct Choice {
    const char* field;   // of the form
    const char* column;  // of the workflow
    std::initializer_list<std::string_view> values;
};
const std::array kChoices = {
    Choice{"payload", "payload", {"envelope", "card", "recipient"}},
    Choice{"trigger", "callers", {"anyone", "tenant"}},
    Choice{"post_as", "post_as", {"user", "flow-bot"}},
    Choice{"fails", "fails", {"private-channel", "connection", "membership"}},
};

std::string joined(std::initializer_list<std::string_view> values) {
    std::string all;
    for (const std::string_view one : values) all += (all.empty() ? "" : ", ") + std::string(one);
    return all;
}

// "3 runs", "1 run".
std::string counted(const Json::Value& count, const char* what) {
    return fmt::format("{} {}{}", count.asInt(), what, count.asInt() == 1 ? "" : "s");
}

// The values of a workflow for pages.
Json::Value flow_view(const Json::Value& flow) {
    Json::Value view = flow;
    const std::string state = flow["state"].asString();
    const bool tenant = flow["callers"].asString() == "tenant";
    for (const char* name : {"on", "off", "orphaned", "deleted"}) view[std::string("is_") + name] = state == name;
    view["is_tenant"] = tenant;
    view["is_open"] = state == "on" && !tenant;
    view["fails"] = !flow["fails"].isNull();
    view["wants_card"] = flow["payload"].asString() == "card";
    view["wants_recipient"] = flow["payload"].asString() == "recipient";
    view["as_flow_bot"] = flow["post_as"].asString() == "flow-bot";
    view["responds"] = !flow["response_seconds"].isNull();
    view["flow_id"] = std::to_string(flow["flow_id"].asInt());
    view["response_seconds"] = counted(flow["response_seconds"], "second");
    view["urls"] = counted(flow["urls"], "URL");
    view["old_urls"] = flow["old_urls"].asInt() == 0 ? "" : std::to_string(flow["old_urls"].asInt());
    view["runs"] = counted(flow["runs"], "run");
    view["failed"] = flow["failed"].asInt() == 0 ? "" : std::to_string(flow["failed"].asInt());
    view["refused"] = flow["refused"].asInt() == 0 ? "" : counted(flow["refused"], "request");
    view["created"] = flow["created_at"].asString().substr(0, 16).replace(10, 1, " ");
    return view;
}

Json::Value find_flow(Sandbox& sandbox, const Json::Value& target, std::string_view flow_id) {
    return sandbox.ask("select o365_programs.sandbox_flows($1, $2)->0", {target["target_id"].asInt(), flow_id});
}

Response show(Sandbox& sandbox, const Json::Value& target, const Json::Value& flow, const std::string& before,
              const std::string& new_webhook) {
    const int target_id = target["target_id"].asInt();
    Json::Value values = flow_view(flow);
    values["title"] = flow["name"];
    values["target_id"] = std::to_string(target_id);
    values["place"] = target["name"];
    values["owner"] = target["person"];
    values["new_webhook"] = new_webhook;
    values["forms"] = forms_of("workflow");
    const Rows rows = sandbox.database().call(
        "select post_id, received_at, answered, note, card from o365_programs.sandbox_runs($1, $2, $3)",
        {flow["flow_id"].asInt(), before.empty() ? Value() : Value(before), kShown});
    for (int i = 0; i < rows.size(); ++i) {
        const RunInWords run = run_in_words(rows.text(i, 2), rows.text(i, 3), values["responds"].asBool());
        Json::Value row;
        row["post_id"] = std::string(rows.text(i, 0));
        row["at"] = std::string(rows.text(i, 1));
        row["time"] = std::string(rows.text(i, 1).substr(0, 10)) + " " + std::string(rows.text(i, 1).substr(11, 8));
        row["verdict"] = std::string(run.verdict);
        row["good"] = run.verdict == "Succeeded";
        row["words"] = run.words;
        row["came"] = body_in_words(rows.text(i, 4));
        values["history"].append(row);
    }
    values["none"] = rows.size() == 0;
    if (rows.size() == kShown) {
        values["older"] =
            fmt::format("/tenant/{}/flow/{}?before={}", target_id, flow["flow_id"].asInt(), rows.text(kShown - 1, 0));
    }
    return with_scripts(sandbox.page(200, "flow", values));
}

Response create(Sandbox& sandbox, const Request& request, const Json::Value& target) {
    const FlowForm form = read_flow_form(request.form);
    const std::string spelling = request.form.get_or("form", "");
    if (!form.problem.empty() || !is_form("workflow", spelling)) {
        return sandbox.message(400, "Nothing was made",
                               form.problem.empty()
                                   ? "The URL has no such form: the channel's page offers those there are."
                                   : form.problem);
    }
    const Json::Value flow =
        sandbox.ask("select o365_programs.sandbox_create_flow($1, $2)",
                    {target["target_id"].asInt(), form.kind.isNull() ? std::string("{}") : json_text(form.kind)});
    const std::string url = hand_out_flow(sandbox, target, flow, spelling, "").url;
    return show(sandbox, target, find_flow(sandbox, target, std::to_string(flow["flow_id"].asInt())), "", url);
}

}  // namespace

FlowForm read_flow_form(const Parameters& form) {
    FlowForm read;
    for (const Choice& choice : kChoices) {
        const std::string value = form.get_or(choice.field, "");
        if (value.empty()) continue;
        if (std::find(choice.values.begin(), choice.values.end(), value) == choice.values.end())
            read.problem = fmt::format("{} is one of {}.", choice.field, joined(choice.values));
        read.kind[choice.column] = value;
    }
    const std::string name = form.get_or("flow_name", "");
    if (!name.empty() && !is_name(name, kMaxPlace)) read.problem = "flow_name has at most 256 characters.";
    if (!name.empty()) read.kind["name"] = name;
    const std::string seconds = form.get_or("response", "");
    if (!seconds.empty()) {
        if (!is_number(seconds, 2) || std::stoi(seconds) > kLatestResponse) {
            read.problem = fmt::format("response is a number of seconds, at most {}.", kLatestResponse);
        } else {
            read.kind["response_seconds"] = std::stoi(seconds);
        }
    }
    const std::string body = form.get_or("response_body", "");
    if (!body.empty()) {
        if (seconds.empty()) read.problem = "response_body is what a Response step answers: name its response, too.";
        if (body.size() > kMaxResponse) read.problem = "response_body has at most 4 KB.";
        read.kind["response_body"] = body;
    }
    const Json::Value& kind = read.kind;  // looking at what is not there must not make it
    if (kind["fails"] == "private-channel" && kind["post_as"] == "user")
        read.problem = "A user can post in a private channel: fails=private-channel goes with post_as=flow-bot.";
    return read;
}

std::string body_in_words(std::string_view body) {
    if (body.empty()) return "Nothing that is kept";
    const auto card = parse_json(body);
    if (!card || !card->isObject()) return "No JSON object";
    if (card->isMember("attachments") && (*card)["attachments"].isArray()) {
        const auto cards = adaptive_cards(*card).size();
        if (cards == 0) return "An envelope without an Adaptive Card";
        return cards == 1 ? "An envelope with one Adaptive Card"
                          : fmt::format("An envelope with {} Adaptive Cards", cards);
    }
    if (text_in(*card, "type") == "AdaptiveCard") return "A bare Adaptive Card";
    if (text_in(*card, "@type") == "MessageCard") return "A MessageCard";
    return "JSON that is no card";
}

RunInWords run_in_words(std::string_view answered, std::string_view note, bool has_response) {
    if (!note.empty()) {
        const char* const told = answered == "ok"
                                     ? "The trigger answered 202, so the sender knows nothing of it."
                                     : "The run did not get as far as its Response step, so the sender got 502.";
        return {"Failed", fmt::format("{} Nothing was posted. {}", told, note)};
    }
    if (answered == "ok") {
        return {"Succeeded", has_response ? "The card was posted, and the Response step answered 200."
                                          : "The trigger answered 202, then the card was posted."};
    }
    for (const Answer& answer : answers()) {
        if (answer.name == answered) return {"Not started", fmt::format("Answered {}. {}", answer.status, answer.help)};
    }
    return {"Not started", fmt::format("Answered {}.", answered)};
}

void put_flows(Sandbox& sandbox, const Json::Value& target, Json::Value& values) {
    for (const Json::Value& flow : sandbox.ask("select o365_programs.sandbox_flows($1)", {target["target_id"].asInt()}))
        values["flows"].append(flow_view(flow));
    values["has_flows"] = !values["flows"].empty();
}

Response flow_page(Sandbox& sandbox, const Request& request, const Json::Value& target, std::string_view which) {
    const std::string channel = "/tenant/" + std::to_string(target["target_id"].asInt());
    if (target["dialect"].asString() != "workflow")
        return sandbox.message(404, "Nothing here", "It has connectors, no workflows: make a Teams channel for those.");
    if (which == "new") {
        return request.method == "POST" ? create(sandbox, request, target) : sandbox.redirect(channel);
    }
    Json::Value flow = find_flow(sandbox, target, which);
    if (flow.isNull()) return sandbox.message(404, "Nothing here", "The channel has no such workflow.");
    if (request.method != "POST") {
        const std::string before = request.query.get_or("before", "");
        if (!before.empty() && !is_number(before, 18))
            return sandbox.message(400, "That is no filter", "before is the number of a run; or leave it out.");
        return show(sandbox, target, flow, before, "");
    }
    const std::string change = request.form.get_or("do", "");
    constexpr std::array<std::string_view, 8> kChanges = {"on",     "off",    "orphaned", "deleted",
                                                          "anyone", "tenant", "mend",     "key"};
    const std::string spelling = request.form.get_or("form", "");
    if (std::find(kChanges.begin(), kChanges.end(), change) == kChanges.end() || !is_form("workflow", spelling)) {
        return sandbox.message(400, "Nothing was changed",
                               "POST do: on, off, orphaned, deleted, anyone, tenant, mend or key; and form, of the URL "
                               "that the last four of them may bring, or leave it out.");
    }
    const bool done =
        sandbox.database()
            .call("select o365_programs.sandbox_set_flow($1, $2, $3)", {target["target_id"].asInt(), which, change})
            .boolean(0, 0);
    if (!done) return sandbox.message(409, "Nothing was changed", "The workflow is deleted: make another one.");
    if (change != "key" && (change == flow["callers"].asString() || (change != "anyone" && change != "tenant")))
        return sandbox.redirect(channel + "/flow/" + std::string(which));
    flow = find_flow(sandbox, target, which);
    const std::string url = hand_out_flow(sandbox, target, flow, spelling, "").url;
    return show(sandbox, target, find_flow(sandbox, target, which), "", url);
}

}  // namespace o365
