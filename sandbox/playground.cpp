// The card playground: edit a card, see it as it would look, post it to one of your places.
#include "lib/json_text.h"
#include "sandbox/answers.h"
#include "sandbox/card.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

struct Sample {
    const char* name;
    const char* title;
    const char* card;  // @origin@ is the sandbox's
};

constexpr std::array kSamples = {
    Sample{"ticket", "A ticket, with a button and a form",
           R"({
  "@type": "MessageCard",
  "@context": "https://schema.org/extensions",
  "summary": "Ticket 17 was opened",
  "themeColor": "0F6CBD",
  "title": "Ticket 17 was opened",
  "sections": [{
    "activityTitle": "**Ann Example**",
    "activitySubtitle": "customer since 2019",
    "text": "The printer on the third floor is on fire.",
    "facts": [{"name": "Priority", "value": "high"}, {"name": "Promise", "value": "today 17:00"}]
  }],
  "potentialAction": [
    {"@type": "HttpPOST", "name": "Close the ticket", "target": "@origin@/example/action", "body": "{\"title\": \"Ticket 17 is closed\"}"},
    {"@type": "ActionCard", "name": "Comment",
     "inputs": [{"@type": "TextInput", "id": "comment", "title": "Your comment", "isMultiline": true, "isRequired": true}],
     "actions": [{"@type": "HttpPOST", "name": "Send", "target": "@origin@/example/action",
                  "body": "{\"title\": \"Ticket 17\", \"comment\": \"{{comment.value}}\"}"}]},
    {"@type": "OpenUri", "name": "Open the ticket", "targets": [{"os": "default", "uri": "https://contoso.example/tickets/17"}]}
  ]
})"},
    Sample{"news", "A plain message", R"({
  "@type": "MessageCard",
  "@context": "https://schema.org/extensions",
  "summary": "Release 4.2",
  "title": "Release 4.2 is out",
  "text": "What is new:\n\n- **faster** start\n- *fewer* surprises\n\nSee [the notes](https://contoso.example/4.2)."
})"},
    Sample{"adaptive", "An Adaptive Card, for a workflow", R"({
  "type": "message",
  "attachments": [{
    "contentType": "application/vnd.microsoft.card.adaptive",
    "contentUrl": null,
    "content": {
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
      "type": "AdaptiveCard",
      "version": "1.4",
      "body": [
        {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "text": "Build 4711 failed", "wrap": true},
        {"type": "ColumnSet", "columns": [
          {"type": "Column", "width": "stretch", "items": [
            {"type": "FactSet", "facts": [{"title": "Branch", "value": "main"}, {"title": "Stage", "value": "test"}]}]}]},
        {"type": "TextBlock", "text": "3 of 412 tests failed. **Two** of them are new.", "wrap": true}
      ],
      "actions": [
        {"type": "Action.ShowCard", "title": "Which ones?", "card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "parser_tests, url_tests, mail_tests"}]}},
        {"type": "Action.OpenUrl", "title": "Open the log", "url": "https://contoso.example/builds/4711"}
      ]
    }
  }]
})"},
};

std::string sample(const Sandbox& sandbox, std::string_view name) {
    const Sample* chosen = kSamples.data();
    for (const Sample& one : kSamples) {
        if (one.name == name) chosen = &one;
    }
    std::string text = chosen->card;
    constexpr std::string_view kMark = "@origin@";
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at))
        text.replace(at, kMark.size(), sandbox.origin());
    return text;
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
    std::string kind = "groups";
    const Rows rows = sandbox.database().call("select target_id, kind, name, dialect from o365.sandbox_targets($1)",
                                              {sandbox.person()});
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["target_id"] = std::string(rows.text(i, 0));
        row["place"] = std::string(rows.text(i, 2)) + " (" +
                       (rows.text(i, 3) == "workflow" ? "workflow" : std::string(rows.text(i, 1))) + ")";
        row["chosen"] = rows.text(i, 0) == target;
        if (rows.text(i, 0) == target) kind = std::string(rows.text(i, 1));
        values["targets"].append(row);
    }
    const auto card = parse_json(text);
    if (card && card->isObject()) values["card_html"] = sandbox.pages().render_part("card", card_view(*card, kind));
    values["has_card"] = card && card->isObject();
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
    const auto card = parse_json(text);
    if (!card || !card->isObject())
        return show(sandbox, text, target, "That is no JSON object: look for a missing comma or quote.");
    if (form.get("do") != "post") return show(sandbox, text, target, "");
    if (!is_number(target) || sandbox.ask("select o365.sandbox_target($1, $2)", {sandbox.person(), target}).isNull())
        return show(sandbox, text, target, "Choose one of your places.");
    // As a webhook would take it: blanks between are not part of a card.
    const std::string body = json_text(*card);
    const std::string note = judge_flow(body);
    const Rows rows = sandbox.database().call("select o365.sandbox_play($1, $2, $3, $4)",
                                              {target, body, judge_body(body), note.empty() ? Value() : Value(note)});
    const std::string answered(rows.text(0, 0));
    if (answered != "ok") return show(sandbox, text, target, "A webhook would have answered: " + answered + ".");
    return sandbox.redirect("/feed/" + target);
}

}  // namespace o365
