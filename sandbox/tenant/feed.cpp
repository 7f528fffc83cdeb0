// The feed: what arrived, as Outlook Groups, an inbox or Teams would show it, and as JSON for programs.
#include <string>

#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr int kShown = 50;
constexpr int kUsualJson = 1000;
constexpr int kMaxJson = 5000;

Rows ask(Sandbox& sandbox, const Parameters& query, std::string_view target, bool newest, int most) {
    return sandbox.database().call(
        "select post_id, target_id, person, kind, name, received_at, answered, card, app_id, connector, note, actions "
        "from o365_programs.sandbox_feed($1, $2, $3, $4, $5)",
        filters(sandbox, query, target, newest, most));
}

// Date and time to the second, of a time as the database writes it.
std::string shown_time(std::string_view at) {
    return std::string(at.substr(0, 10)) + " " + std::string(at.substr(11, 8));
}

Json::Value outcome_view(const Json::Value& action) {
    Json::Value shown;
    shown["who"] = action["person"];
    shown["at"] = shown_time(action["at"].asString());
    shown["pressed"] = action["name"];
    shown["worked"] = action["problem"].isNull();
    shown["outcome"] = action["problem"].isNull()
                           ? (action["status"].isNull() ? "The action was completed." : action["status"].asString())
                           : action["problem"].asString();
    std::string detail = action["http"].isNull() ? "no answer" : "HTTP " + std::to_string(action["http"].asInt());
    detail += ", " + std::to_string(action["took_ms"].asInt()) + " ms, token " + action["token"].asString();
    if (action["replaced"].asBool()) detail += ", new card";
    shown["how"] = detail;
    return shown;
}

Json::Value post_view(const Sandbox& sandbox, const Rows& rows, int i, const std::string& token) {
    const Json::Value card = parse_json(rows.text(i, 7)).value_or(Json::Value());
    const std::string kind(rows.text(i, 3));
    const std::string answered(rows.text(i, 6));
    Json::Value post;
    post["post_id"] = std::string(rows.text(i, 0));
    post["target_id"] = std::string(rows.text(i, 1));
    post["owner"] = std::string(rows.text(i, 2));
    post["place"] = std::string(rows.text(i, 4));
    post["received_at"] = shown_time(rows.text(i, 5));
    post["received_at_exactly"] = std::string(rows.text(i, 5));
    post["refused"] = answered == "ok" ? "" : answered;
    post["note"] = std::string(rows.text(i, 10));
    post["shown"] = rows.is_null(i, 10);
    if (!rows.is_null(i, 8)) post["logo_of"] = std::string(rows.text(i, 8));
    post["sender"] = std::string(rows.text(i, 9));
    if (!rows.is_null(i, 11)) {
        for (const Json::Value& action : database_json(rows.text(i, 11))) post["outcomes"].append(outcome_view(action));
    }
    post["card_html"] = card_html(sandbox.pages(), card, kind, post["post_id"].asString(), token);
    post["raw"] = card.isNull() ? std::string(rows.text(i, 7)) : json_text(card, true);
    return post;
}

}  // namespace

Response feed(Sandbox& sandbox, const Request& request, std::string_view rest) {
    if (auto refused = refused_filter(sandbox, request)) return *std::move(refused);
    Json::Value values;
    values["wide"] = true;
    std::string skin = "all";
    if (!rest.empty()) {
        const Json::Value target =
            is_number(rest) ? sandbox.ask("select o365_programs.sandbox_target(NULL, $1)", {rest}) : Json::Value();
        if (target.isNull()) return sandbox.message(404, "Nothing here", "There is no such group, team or inbox.");
        skin = target["dialect"].asString() == "workflow" ? "teams" : target["kind"].asString();
        values["place"] = target["name"];
        values["owner"] = target["person"];
        values["target_id"] = std::string(rest);
        values["is_channel"] = target["dialect"].asString() == "workflow";
        values["place_kind"] = target["dialect"].asString() == "workflow" ? "Teams channel"
                               : skin == "teams"                          ? "Team"
                               : skin == "mail"                           ? "Inbox"
                                                                          : "Office 365 group";
    }
    values["title"] = rest.empty() ? "Feed" : values["place"].asString();
    values["skin"] = skin;
    values["heading"] = rest.empty() ? "Feed" : values["place"].asString();
    values["people"] = places_by_person(sandbox);
    for (Json::Value& person : values["people"]) {
        for (Json::Value& target : person["targets"]) target["is_here"] = target["target_id"].asString() == rest;
    }

    std::string token = request.query.get_or("token", "entra");
    bool known = false;
    for (const TokenKind& kind : token_kinds()) {
        Json::Value one;
        one["kind"] = std::string(kind.name);
        one["help"] = std::string(kind.help);
        one["chosen"] = kind.name == token;
        known = known || kind.name == token;
        values["tokens"].append(one);
    }
    if (!known) token = "entra";
    values["bad_token"] = token == "entra" || token == "legacy" ? "" : token;
    const Rows rows = ask(sandbox, request.query, rest, true, kShown);
    for (int i = 0; i < rows.size(); ++i) values["posts"].append(post_view(sandbox, rows, i, token));
    values["none"] = rows.size() == 0;
    const std::string here = "/feed" + (rest.empty() ? "" : "/" + std::string(rest)) + "?token=" + token;
    if (rows.size() == kShown) values["older"] = here + "&before=" + std::string(rows.text(kShown - 1, 0));
    if (!request.query.get_or("before", "").empty()) values["newest"] = here;
    return with_scripts(sandbox.page(200, "feed", values));
}

Response feed_json(Sandbox& sandbox, const Request& request) {
    if (auto refused = refused_filter(sandbox, request)) return *std::move(refused);
    const Rows rows = ask(sandbox, request.query, request.query.get_or("target", ""), false,
                          request.query.get_or("count", "").empty() ? kUsualJson : kMaxJson);
    Json::Value posts(Json::arrayValue);
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value post;
        post["post_id"] = static_cast<Json::Int64>(rows.integer(i, 0));
        post["target_id"] = static_cast<Json::Int64>(rows.integer(i, 1));
        post["person"] = std::string(rows.text(i, 2));
        post["target"] = std::string(rows.text(i, 4));
        post["received_at"] = std::string(rows.text(i, 5));
        post["answered"] = std::string(rows.text(i, 6));
        post["arrived"] = rows.text(i, 6) == "ok" && rows.is_null(i, 10);
        post["note"] = rows.is_null(i, 10) ? Json::Value() : Json::Value(std::string(rows.text(i, 10)));
        post["actions"] = rows.is_null(i, 11) ? Json::Value(Json::arrayValue) : database_json(rows.text(i, 11));
        post["card"] = parse_json(rows.text(i, 7)).value_or(Json::Value());
        posts.append(post);
    }
    Response response = Response::json(200, json_text(posts));
    say_oldest(sandbox, response);
    return response;
}

}  // namespace o365
