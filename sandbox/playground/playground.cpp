// The card playground: edit a card, see what o365.send would say about it and how it looks in each client, post it to
// one of your places.
#include <fmt/format.h>

#include "lib/cards/card_body.h"
#include "lib/json/json_position.h"
#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhooks/answers.h"

namespace o365 {
namespace {

struct Sample {
    const char* name;  // static/sample-<name>.json
    const char* title;
};

constexpr std::array kSamples = {
    Sample{"ticket", "Ticket, with a button and a form"},
    Sample{"ci", "Failed build"},
    Sample{"invoice", "Invoice"},
    Sample{"alert", "Alert"},
    Sample{"news", "Plain message"},
    Sample{"poll", "Poll"},
    Sample{"rtl", "Right to left, and emoji"},
    Sample{"adaptive", "Adaptive Card, for Workflows"},
    Sample{"both", "Adaptive Card that connectors take too"},
    Sample{"mistakes", "Common mistakes"},
};

struct Look {
    const char* kind;
    const char* name;
};
constexpr std::array kLooks = {Look{"groups", "Outlook Groups"}, Look{"mail", "Inbox"}, Look{"teams", "Teams"}};

// The text of a sample, with this sandbox's address for @origin@. The first one for a name that does not exist.
std::string sample(const Sandbox& sandbox, const std::string& name) {
    const bool known =
        std::any_of(kSamples.begin(), kSamples.end(), [&](const Sample& one) { return one.name == name; });
    std::string text = *sandbox.pages().file(fmt::format("sample-{}.json", known ? name : kSamples.front().name));
    constexpr std::string_view kMark = "@origin@";
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at))
        text.replace(at, kMark.size(), sandbox.origin());
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
}

// What o365.send would say: heading, state, meter, and each problem with its line.
Json::Value judged(Sandbox& sandbox, const std::string& text, const char* dialect, const char* heading) {
    const Json::Value said = sandbox.ask("select o365_programs.sandbox_judge($1, $2)", {text, dialect});
    Json::Value values;
    values["heading"] = heading;
    values["problems"] = Json::Value(Json::arrayValue);
    bool errors = false;
    for (const Json::Value& problem : said["problems"]) {
        Json::Value row;
        const bool error = problem["severity"] == "error";
        errors = errors || error;
        row["is_error"] = error;
        row["path"] = problem["path"].asString();
        row["problem_text"] = problem["problem"].asString();
        row["hint"] = problem["hint"].asString();
        row["line"] = json_position(text, problem["path"].asString()).value_or(JsonPosition{}).line;
        values["problems"].append(row);
    }
    values["refused"] = errors;
    values["warned"] = !errors && !said["problems"].empty();
    values["clean"] = said["problems"].empty();
    values["sized"] = said["limit"].isInt();
    if (said["limit"].isInt()) {
        values["counted"] = said["counted"].asString();
        values["limit"] = said["limit"].asString();
        values["kilobytes"] = fmt::format("{:.1f}", said["counted"].asDouble() / 1024);
        values["most_kilobytes"] = fmt::format("{:.1f}", said["limit"].asDouble() / 1024);
    }
    return values;
}

// The card in the other format, drawn and as text.
Json::Value converted(Sandbox& sandbox, const Json::Value& card) {
    const bool to_workflow = adaptive_cards(card).empty();
    const ConvertedCard other = card_for_dialect(card, to_workflow ? "workflow" : "connector", example_action_link);
    Json::Value values;
    values["to_workflow"] = to_workflow;
    values["cannot"] = other.problem;
    if (!other.problem.empty() || other.card.isNull()) return values;
    values["drawn"] = card_html(sandbox.pages(), other.card, "teams");
    values["source"] = json_text(other.card, true);
    for (const LostPart& lost : other.lost) {
        Json::Value row;
        row["path"] = lost.path;
        row["what"] = lost.what;
        values["lost"].append(row);
    }
    values["loses"] = !other.lost.empty();
    return values;
}

Response show(Sandbox& sandbox, const std::string& text, const std::string& target, const std::string& problem) {
    Json::Value values;
    values["title"] = "Playground";
    values["wide"] = true;
    values["card"] = text;
    values["problem"] = problem;
    for (const Sample& one : kSamples) {
        Json::Value row;
        row["sample"] = one.name;
        row["label"] = one.title;
        values["samples"].append(row);
    }
    const Rows rows = sandbox.database().call(
        "select target_id, kind, name, dialect from o365_programs.sandbox_targets($1)", {sandbox.person()});
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["target_id"] = std::string(rows.text(i, 0));
        row["place"] = std::string(rows.text(i, 2)) + " (" +
                       (rows.text(i, 3) == "workflow" ? "workflow" : std::string(rows.text(i, 1))) + ")";
        row["chosen"] = rows.text(i, 0) == target;
        values["targets"].append(row);
    }
    if (const auto fault = json_fault(text)) {
        values["fault"]["line"] = fault->position.line;
        values["fault"]["column"] = fault->position.column;
        values["fault"]["words"] = fault->words;
    } else {
        const Json::Value card = *parse_json(text);
        values["is_card"] = true;
        values["verdicts"].append(judged(sandbox, text, "connector", "Connector webhook"));
        values["verdicts"].append(judged(sandbox, text, "workflow", "Workflows webhook"));
        for (const Look& look : kLooks) {
            Json::Value shown;
            shown["kind"] = look.kind;
            shown["look"] = look.name;
            shown["first"] = look.kind == kLooks.front().kind;
            shown["drawn"] = card_html(sandbox.pages(), card, look.kind);
            values["looks"].append(shown);
        }
        values["other"] = converted(sandbox, card);
    }
    return with_scripts(sandbox.page(problem.empty() ? 200 : 400, "playground", values));
}

}  // namespace

Response playground(Sandbox& sandbox, const Request& request) {
    if (sandbox.person().empty()) return sandbox.sign_in_first("/playground");
    if (request.method != "POST")
        return show(sandbox, sample(sandbox, request.query.get_or("sample", "ticket")),
                    request.query.get_or("target", ""), "");
    const FormData form = parse_form_data(request);
    const std::string text = form.get("card");
    const std::string target = form.get("target");
    if (form.get("do") != "post") return show(sandbox, text, target, "");
    const auto card = parse_json(text);
    if (!card || !card->isObject()) return show(sandbox, text, target, "That is no card yet: see below.");
    const Json::Value place =
        is_number(target) ? sandbox.ask("select o365_programs.sandbox_target($1, $2)", {sandbox.person(), target})
                          : Json::Value();
    if (place.isNull()) return show(sandbox, text, target, "Choose one of your places.");
    // What a worker would post there.
    const ConvertedCard sent = card_for_dialect(*card, place["dialect"].asString(), example_action_link);
    if (!sent.problem.empty()) return show(sandbox, text, target, "That place does not take it: " + sent.problem + ".");
    const std::string body = json_text(sent.card);
    const auto note = [&](std::string_view payload) {
        const std::string why = judge_flow(body, payload);
        return why.empty() ? Value() : Value(why);
    };
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_play($1, $2, $3, $4, $5)",
                                              {target, body, judge_body(body), note("envelope"), note("card")});
    const std::string answered(rows.text(0, 0));
    if (answered != "ok") return show(sandbox, text, target, "A webhook would have answered: " + answered + ".");
    return sandbox.redirect("/feed/" + target);
}

}  // namespace o365
