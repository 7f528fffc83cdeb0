// The feed: what arrived, as a person would read it, and as JSON for programs.
#include <string>

#include "lib/json_text.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr int kShown = 50;
constexpr int kMaxJson = 5000;

std::string text_in(const Json::Value& object, const char* name) {
    return object.isObject() && object[name].isString() ? object[name].asString() : "";
}

// Only what a browser may open: a card can say anything.
void add_link(Json::Value& links, const std::string& name, const std::string& uri) {
    if (!uri.starts_with("https://") && !uri.starts_with("http://")) return;
    Json::Value link;
    link["name"] = name;
    link["uri"] = uri;
    links.append(link);
}

void add_actions(Json::Value& links, const Json::Value& actions) {
    for (const Json::Value& action : actions) {
        if (!action.isObject()) continue;
        const std::string uri = text_in(
            action["targets"].isArray() && !action["targets"].empty() ? action["targets"][0] : Json::Value(), "uri");
        add_link(links, text_in(action, "name"), uri);
    }
}

Json::Value facts_of(const Json::Value& facts, const char* name) {
    Json::Value list(Json::arrayValue);
    for (const Json::Value& fact : facts) {
        Json::Value row;
        row["name"] = text_in(fact, name);
        row["value"] = text_in(fact, "value");
        list.append(row);
    }
    return list;
}

Json::Value message_card(const Json::Value& card) {
    Json::Value shown;
    shown["title"] = text_in(card, "title");
    shown["text"] =
        text_in(card, "text").empty() && !card.isMember("sections") ? text_in(card, "summary") : text_in(card, "text");
    for (const Json::Value& section : card["sections"].isArray() ? card["sections"] : Json::Value(Json::arrayValue)) {
        if (!section.isObject()) continue;
        Json::Value part;
        for (const char* name : {"activityTitle", "activitySubtitle", "activityText"})
            part[name] = text_in(section, name);
        // Names of their own: mustache looks a missing one up in the card around it.
        part["section_title"] = text_in(section, "title");
        part["section_text"] = text_in(section, "text");
        part["facts"] = facts_of(section["facts"].isArray() ? section["facts"] : Json::Value(Json::arrayValue), "name");
        part["has_facts"] = !part["facts"].empty();
        if (section["potentialAction"].isArray()) add_actions(shown["links"], section["potentialAction"]);
        shown["sections"].append(part);
    }
    if (card["potentialAction"].isArray()) add_actions(shown["links"], card["potentialAction"]);
    return shown;
}

Json::Value adaptive_card(const Json::Value& card) {
    Json::Value shown;
    for (const Json::Value& element : card["body"].isArray() ? card["body"] : Json::Value(Json::arrayValue)) {
        Json::Value part;
        part["section_text"] = text_in(element, "text");
        part["facts"] = facts_of(
            element.isObject() && element["facts"].isArray() ? element["facts"] : Json::Value(Json::arrayValue),
            "title");
        part["has_facts"] = !part["facts"].empty();
        shown["sections"].append(part);
    }
    for (const Json::Value& action : card["actions"].isArray() ? card["actions"] : Json::Value(Json::arrayValue)) {
        add_link(shown["links"], text_in(action, "title"), text_in(action, "url"));
    }
    return shown;
}

Json::Value readable(const Json::Value& card) {
    if (!card.isObject()) return {};
    if (text_in(card, "type") == "message" && card["attachments"].isArray() && !card["attachments"].empty() &&
        card["attachments"][0].isObject()) {
        return adaptive_card(card["attachments"][0]["content"].isObject() ? card["attachments"][0]["content"]
                                                                          : Json::Value(Json::objectValue));
    }
    if (text_in(card, "type") == "AdaptiveCard") return adaptive_card(card);
    return message_card(card);
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Rows ask(Sandbox& sandbox, std::string_view target, std::string_view after, bool newest, int count) {
    return sandbox.database().call(
        "select post_id, target_id, person, kind, name, received_at, answered, card from o365.sandbox_feed($1, $2, $3, "
        "$4)",
        {is_number(target) && target.size() < 10 ? Value(target) : Value(),
         is_number(after) ? Value(after) : Value("0"), newest ? "true" : "false", count});
}

}  // namespace

Response feed(Sandbox& sandbox, const Request& /*request*/, std::string_view target) {
    const Rows rows = ask(sandbox, target, "0", true, kShown);
    Json::Value values;
    values["title"] = "Feed";
    values["only_target"] = !target.empty();
    for (int i = 0; i < rows.size(); ++i) {
        const Json::Value card = parse_json(rows.text(i, 7)).value_or(Json::Value());
        Json::Value post = readable(card);
        if (!post.isObject()) post = Json::Value(Json::objectValue);
        Json::StreamWriterBuilder writer;
        writer["indentation"] = "  ";
        writer["emitUTF8"] = true;
        post["post_id"] = std::string(rows.text(i, 0));
        post["target_id"] = std::string(rows.text(i, 1));
        post["person"] = std::string(rows.text(i, 2));
        post["where"] = std::string(rows.text(i, 4));
        post["received_at"] = std::string(rows.text(i, 5)).substr(11, 8);
        post["refused"] = rows.text(i, 6) == "ok" || rows.text(i, 6) == "slow" ? "" : std::string(rows.text(i, 6));
        post["has_links"] = !post["links"].empty();
        post["raw"] = card.isNull() ? std::string(rows.text(i, 7)) : Json::writeString(writer, card);
        values["posts"].append(post);
    }
    values["none"] = rows.size() == 0;
    return sandbox.page(200, "feed", values);
}

Response feed_json(Sandbox& sandbox, const Request& request) {
    const std::string count = request.query.get_or("count", "1000");
    const int most = is_number(count) && count.size() < 6 ? std::min(std::stoi(count), kMaxJson) : kMaxJson;
    const Rows rows = ask(sandbox, request.query.get_or("target", ""), request.query.get_or("after", "0"), false, most);
    Json::Value posts(Json::arrayValue);
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value post;
        post["post_id"] = static_cast<Json::Int64>(rows.integer(i, 0));
        post["target_id"] = static_cast<Json::Int64>(rows.integer(i, 1));
        post["person"] = std::string(rows.text(i, 2));
        post["target"] = std::string(rows.text(i, 4));
        post["received_at"] = std::string(rows.text(i, 5));
        post["answered"] = std::string(rows.text(i, 6));
        post["card"] = parse_json(rows.text(i, 7)).value_or(Json::Value());
        posts.append(post);
    }
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    return Response::json(200, Json::writeString(writer, posts));
}

}  // namespace o365
