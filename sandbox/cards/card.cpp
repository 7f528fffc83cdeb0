#include "sandbox/cards/card.h"

#include <algorithm>
#include <array>
#include <functional>

#include "lib/base/text.h"
#include "lib/cards/markdown.h"
#include "lib/cards/message_card.h"
#include "lib/http/http.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "sandbox/cards/adaptive.h"
#include "sandbox/cards/markup.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

// office365-connectors.md 5.1 and 5.6: the surplus silently disappears.
constexpr Json::ArrayIndex kMaxSections = 10;
constexpr Json::ArrayIndex kMaxActionsOutlook = 4;
constexpr Json::ArrayIndex kMaxActionsTeams = 5;
constexpr Json::ArrayIndex kMaxImagesTeams = 5;

// The value of an input's maxLength; 0 for none.
int length_in(const Json::Value& input, const char* name) {
    const std::string text = text_in(input, name);
    return is_number(text) ? std::stoi(text) : 0;
}

// A picture: shown when it lies on this machine, else named. Nothing is fetched from anywhere.
Json::Value picture(const std::string& uri, const std::string& title) {
    Json::Value shown;
    if (uri.empty()) return shown;
    const auto url = parse_url(uri);
    // A template looks up a missing name in the surrounding context, so every name is set, here and below.
    for (const char* name : {"picture_uri", "picture_elsewhere", "square"}) shown[name] = "";
    shown["picture_title"] = title.empty() ? "Picture" : title;
    if (uri.starts_with("data:image/") || (url && url->scheme == "https" && is_loopback_host(url->host))) {
        shown["picture_uri"] = uri;
    } else {
        shown["picture_elsewhere"] = url ? url->host : "no https address";
    }
    return shown;
}

std::string default_target(const Json::Value& action) {
    std::string first;
    for (const Json::Value& target : list_in(action, "targets")) {
        std::string uri = text_in(target, "uri");
        if (text_in(target, "os") == "default") return uri;
        if (first.empty()) first = uri;
    }
    // The legacy ViewAction.
    if (first.empty() && !list_in(action, "target").empty() && action["target"][0].isString())
        return action["target"][0].asString();
    return first;
}

Json::Value input_view(const Json::Value& input, const std::string& scope, bool in_teams) {
    Json::Value shown;
    for (const char* name : {"is_date", "is_boxes", "is_radio", "is_select", "is_multiline", "is_line", "max_length"})
        shown[name] = "";
    shown["choices"] = Json::Value(Json::arrayValue);
    shown["field"] = "in-" + text_in(input, "id");
    shown["field_id"] = scope + "-" + text_in(input, "id");
    shown["label"] = text_in(input, "title").empty() ? text_in(input, "id") : text_in(input, "title");
    shown["required"] = flag_in(input, "isRequired");
    shown["initial"] = text_in(input, "value");
    if (is_type(input, "DateInput")) {
        shown["is_date"] = true;
        shown["date_type"] = flag_in(input, "includeTime") ? "datetime-local" : "date";
    } else if (is_type(input, "MultichoiceInput")) {
        const bool several = flag_in(input, "isMultiSelect");
        const std::string style = text_in(input, "style");
        const bool expanded = style == "expanded" || (style.empty() && several && in_teams);
        // Each box has a name of its own, because names of form fields have to be unique here.
        shown[several ? "is_boxes" : (expanded ? "is_radio" : "is_select")] = true;
        int number = 0;
        for (const Json::Value& choice : list_in(input, "choices")) {
            Json::Value option;
            option["choice_value"] = text_in(choice, "value");
            option["choice_label"] = text_in(choice, "display");
            option["choice_field"] = shown["field"].asString() + "~" + std::to_string(number++);
            option["chosen"] =
                text_in(choice, "value") == shown["initial"].asString() && !shown["initial"].asString().empty();
            shown["choices"].append(option);
        }
    } else {
        shown["is_multiline"] = flag_in(input, "isMultiline");
        shown["is_line"] = !flag_in(input, "isMultiline");
        if (const int most = length_in(input, "maxLength"); most > 0) shown["max_length"] = most;
    }
    return shown;
}

Json::Value action_view(const Json::Value& action, const std::string& path, bool in_teams) {
    Json::Value shown;
    for (const char* name : {"uri", "is_post", "is_card", "is_open", "refused", "opened"}) shown[name] = "";
    for (const char* name : {"inputs", "inner"}) shown[name] = Json::Value(Json::arrayValue);
    shown["label"] = text_in(action, "name").empty() ? "(no name)" : text_in(action, "name");
    shown["path"] = path;
    if (is_type(action, "OpenUri") || is_type(action, "ViewAction")) {
        const std::string uri = default_target(action);
        if (is_web(uri))
            shown["uri"] = uri;
        else
            shown["refused"] = "opens nothing: no http or https address";
    } else if (is_type(action, "HttpPOST")) {
        shown["is_post"] = true;
    } else if (is_type(action, "ActionCard")) {
        shown["is_card"] = true;
        for (const Json::Value& input : list_in(action, "inputs"))
            shown["inputs"].append(input_view(input, path, in_teams));
        int number = 0;
        for (const Json::Value& inner : list_in(action, "actions")) {
            const std::string inner_path = path + ".c" + std::to_string(number++);
            if (is_type(inner, "ActionCard")) continue;  // no nesting
            Json::Value one = action_view(inner, inner_path, in_teams);
            one["is_open"] = !text_in(one, "uri").empty();
            shown["inner"].append(one);
        }
    } else if (is_type(action, "InvokeAddInCommand")) {
        shown["refused"] = "opens an add-in, in Outlook only";
    } else {
        shown["refused"] = "is of an unknown type";
    }
    return shown;
}

// An empty section.
Json::Value empty_section() {
    Json::Value part;
    for (const char* name :
         {"starts_group", "section_title", "activity_title", "activity_subtitle", "activity_text", "activity_picture",
          "has_activity", "hero", "section_text", "has_facts", "has_images", "has_actions", "actions_left_out"})
        part[name] = "";
    for (const char* name : {"facts", "images", "actions"}) part[name] = Json::Value(Json::arrayValue);
    return part;
}

void add_actions(Json::Value& shown, const Json::Value& object, const std::string& scope, bool in_teams) {
    const Json::Value& actions = list_in(object, "potentialAction");
    const Json::ArrayIndex most = in_teams && !scope.empty() ? kMaxActionsTeams : kMaxActionsOutlook;
    for (Json::ArrayIndex i = 0; i < std::min(actions.size(), most); ++i) {
        shown["actions"].append(action_view(actions[i], scope + "a" + std::to_string(i), in_teams));
    }
    shown["has_actions"] = !actions.empty();
    // Outlook expands a card that is the only action.
    if (actions.size() == 1 && !in_teams) shown["actions"][0]["opened"] = shown["actions"][0]["is_card"];
    if (actions.size() > most) shown["actions_left_out"] = std::to_string(actions.size() - most);
}

using HtmlOf = std::function<std::string(std::string_view)>;

// Facts as HTML. `name` is the member that a fact's name stands in: "name" of a MessageCard, "title" of an Adaptive
// Card.
Json::Value facts_view(const Json::Value& facts, const char* name, const HtmlOf& html_of) {
    Json::Value list(Json::arrayValue);
    for (const Json::Value& fact : facts) {
        Json::Value row;
        row["fact_name"] = html_of(text_in(fact, name));
        row["fact_value"] = html_of(text_in(fact, "value"));
        list.append(row);
    }
    return list;
}

Json::Value section_view(const Json::Value& section, const std::string& scope, bool in_teams) {
    Json::Value part = empty_section();
    const bool is_html = in_teams && section.isObject() && !flag_of(section["markdown"]).value_or(true);
    const HtmlOf html_of = is_html ? limited_html : markdown_html;
    part["starts_group"] = in_teams || flag_in(section, "startGroup");
    part["section_title"] = html_of(text_in(section, "title"));
    part["activity_title"] = html_of(text_in(section, "activityTitle"));
    part["activity_subtitle"] = html_of(text_in(section, "activitySubtitle"));
    part["activity_text"] = html_of(text_in(section, "activityText"));
    const std::string image = text_in(section, "activityImage");
    if (!image.empty()) {
        part["activity_picture"] = picture(image, text_in(section, "activityTitle"));
        part["activity_picture"]["square"] = in_teams && text_in(section, "activityImageType") == "article";
    }
    part["has_activity"] = !image.empty() || !text_in(section, "activityTitle").empty() ||
                           !text_in(section, "activitySubtitle").empty() || !text_in(section, "activityText").empty();
    if (section.isObject() && section["heroImage"].isObject() && !in_teams)
        part["hero"] = picture(text_in(section["heroImage"], "image"), text_in(section["heroImage"], "title"));
    part["section_text"] = html_of(text_in(section, "text"));
    part["facts"] = facts_view(list_in(section, "facts"), "name", html_of);
    part["has_facts"] = !part["facts"].empty();
    const Json::Value& images = list_in(section, "images");
    for (Json::ArrayIndex i = 0; i < images.size() && (!in_teams || i < kMaxImagesTeams); ++i)
        part["images"].append(picture(text_in(images[i], "image"), text_in(images[i], "title")));
    part["has_images"] = !images.empty();
    add_actions(part, section, scope, in_teams);
    return part;
}

bool is_hex_colour(std::string_view text) {
    return text.size() == 6 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Json::Value message_card_view(const Json::Value& card, bool in_teams) {
    Json::Value shown;
    std::string colour = text_in(card, "themeColor");
    if (colour.starts_with('#')) colour.erase(0, 1);
    if (is_hex_colour(colour))
        shown["theme"] = colour;  // in a picture: a style attribute would break the page's policy
    shown["card_title"] = markdown_html(text_in(card, "title"));
    shown["short_title"] = in_teams;  // two lines
    const std::string text = text_in(card, "text");
    shown["card_text"] = markdown_html(text);
    const Json::Value& sections = list_in(card, "sections");
    if (text.empty() && sections.empty()) shown["card_text"] = markdown_html(text_in(card, "summary"));
    for (Json::ArrayIndex i = 0; i < std::min(sections.size(), kMaxSections); ++i)
        shown["sections"].append(section_view(sections[i], "s" + std::to_string(i) + ".", in_teams));
    if (sections.size() > kMaxSections) shown["sections_left_out"] = std::to_string(sections.size() - kMaxSections);
    Json::Value last = empty_section();
    add_actions(last, card, "", in_teams);
    shown["sections"].append(last);
    return shown;
}

// Calls `take` with every Action.Http of an Adaptive Card, always in the same order, until it returns true.
template <class Tree, class Take>
bool for_each_http_action(Tree& tree, const Take& take) {
    if (!tree.isObject() && !tree.isArray()) return false;
    if (text_in(tree, "type") == "Action.Http" && take(tree)) return true;
    for (auto& part : tree) {
        if (for_each_http_action(part, take)) return true;
    }
    return false;
}

// Describes an Adaptive Card without drawing it, and adds its path to each Action.Http of the card, because two of them
// may look the same to the browser's library.
Json::Value adaptive_view(const Json::Value& card, std::size_t place) {
    Json::Value shown;
    shown["is_adaptive"] = true;
    Json::Value marked = card;
    int number = 0;
    for_each_http_action(marked, [&](Json::Value& action) {
        action["sandboxPath"] = "t" + std::to_string(place) + ".h" + std::to_string(number++);
        return false;
    });
    shown["adaptive"] = json_text(marked);
    const HtmlOf html_of = [mentions = mentions_of(card)](std::string_view text) {
        return adaptive_html(text, mentions);
    };
    for (const Json::Value& element : list_in(card, "body")) {
        Json::Value part = empty_section();
        part["section_text"] = html_of(text_in(element, "text"));
        part["facts"] = facts_view(list_in(element, "facts"), "title", html_of);
        part["has_facts"] = !part["facts"].empty();
        shown["sections"].append(part);
    }
    Json::Value last = empty_section();
    for (const Json::Value& action : list_in(card, "actions")) {
        Json::Value one = action_view(Json::Value(), "", true);
        one["label"] = text_in(action, "title");
        one["refused"] = "needs JavaScript";
        if (is_link(text_in(action, "url")) && text_in(action, "type") == "Action.OpenUrl") {
            one["uri"] = text_in(action, "url");
            one["refused"] = "";
        }
        last["actions"].append(one);
    }
    last["has_actions"] = !last["actions"].empty();
    shown["sections"].append(last);
    return shown;
}

// Whether a card may set a header of that name: a valid HTTP token that neither controls the transport nor is set by
// Microsoft's service itself.
bool is_cards_header(std::string_view name) {
    constexpr std::array<std::string_view, 11> kTransport = {
        "host",    "content-length", "transfer-encoding",   "connection",      "keep-alive", "te", "trailer",
        "upgrade", "expect",         "proxy-authorization", "proxy-connection"};
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    });
    return word && !same_name(name.substr(0, 7), "action-") && !same_name(name.substr(0, 5), "card-") &&
           std::none_of(kTransport.begin(), kTransport.end(), [&](auto one) { return same_name(name, one); });
}

// As people and browsers count: a line break counts as one.
std::size_t characters(std::string_view text) {
    std::size_t n = utf8_length(text);
    for (auto at = text.find("\r\n"); at != std::string_view::npos; at = text.find("\r\n", at + 2)) --n;
    return n;
}

// The problem of an input's value, to follow its name; empty for none. `chosen`: its parts.
std::string input_problem(const Json::Value& input, const std::string& value, const std::vector<std::string>& chosen) {
    if (value.empty()) return flag_in(input, "isRequired") ? "is required." : "";
    const int most = length_in(input, "maxLength");
    if (is_type(input, "TextInput") && most > 0 && characters(value) > static_cast<std::size_t>(most))
        return "may have " + std::to_string(most) + " characters at most.";
    if (!is_type(input, "MultichoiceInput")) return {};
    const Json::Value& choices = list_in(input, "choices");
    const bool offered = std::all_of(chosen.begin(), chosen.end(), [&](const std::string& one) {
        return std::any_of(choices.begin(), choices.end(),
                           [&](const Json::Value& choice) { return text_in(choice, "value") == one; });
    });
    return offered ? "" : "does not offer that choice.";
}

// The number after one letter: "a12".
std::optional<Json::ArrayIndex> index_in(std::string_view part, char letter) {
    if (part.size() < 2 || part.front() != letter || !is_number(part.substr(1), 3)) return std::nullopt;
    return static_cast<Json::ArrayIndex>(std::stoul(std::string(part.substr(1))));
}

const Json::Value* element_of(const Json::Value& list, std::optional<Json::ArrayIndex> index) {
    return index && *index < list.size() ? &list[*index] : nullptr;
}

}  // namespace

std::optional<bool> flag_of(const Json::Value& value) {
    if (value.isBool()) return value.asBool();
    if (!value.isString()) return std::nullopt;
    if (same_name(value.asString(), "true")) return true;
    return same_name(value.asString(), "false") ? std::optional(false) : std::nullopt;
}

bool is_type(const Json::Value& object, std::string_view type) { return same_name(text_in(object, "@type"), type); }

bool shows_something(const Json::Value& message_card) {
    const MessageCard card = read_message_card(message_card);
    const auto is_shown = [](const CardSection& section) {
        return is_seen(section.title) || is_seen(section.activity_title) || is_seen(section.activity_subtitle) ||
               is_seen(section.activity_text) || is_seen(section.text) || is_seen(section.activity_image) ||
               is_seen(section.hero.url) || !section.actions.empty() ||
               std::ranges::any_of(section.facts,
                                   [](const CardFact& fact) { return is_seen(fact.name + fact.value); }) ||
               std::ranges::any_of(section.images, [](const CardImage& image) { return !image.url.empty(); });
    };
    return is_seen(card.title) || is_seen(card.text) || is_seen(card.summary) || !card.actions.empty() ||
           std::ranges::any_of(card.sections, is_shown);
}

std::vector<const Json::Value*> adaptive_cards(const Json::Value& card) {
    std::vector<const Json::Value*> cards;
    if (text_in(card, "type") == "AdaptiveCard") return {&card};
    if (text_in(card, "type") != "message") return cards;
    for (const Json::Value& attachment : list_in(card, "attachments")) {
        if (attachment.isObject() && attachment["content"].isObject()) cards.push_back(&attachment["content"]);
    }
    return cards;
}

Json::Value with_new_card(const Json::Value& card, std::string_view path, const Json::Value& fresh) {
    const auto own = adaptive_cards(card);
    const auto brought = adaptive_cards(fresh);
    const auto place = index_in(path.substr(0, path.find('.')), 't');
    if (own.size() < 2 || brought.empty() || !place || *place >= own.size()) return fresh;
    Json::Value changed = card;
    std::size_t number = 0;
    for (Json::Value& attachment : changed["attachments"]) {
        if (!attachment.isObject() || !attachment["content"].isObject()) continue;
        if (number++ == *place) attachment["content"] = *brought.front();
    }
    return changed;
}

std::vector<Json::Value> card_views(const Json::Value& card, const std::string& kind) {
    if (!card.isObject()) {
        Json::Value shown;
        shown["card_text"] = markdown_html("This is no card.");
        return {shown};
    }
    std::vector<Json::Value> views;
    for (const Json::Value* const adaptive : adaptive_cards(card))
        views.push_back(adaptive_view(*adaptive, views.size()));
    if (views.empty()) views.push_back(message_card_view(card, kind == "teams"));
    return views;
}

std::string card_html(const Pages& pages, const Json::Value& card, const std::string& kind, const std::string& post_id,
                      const std::string& token) {
    std::string html;
    for (Json::Value& view : card_views(card, kind)) {
        view["post_id"] = post_id;
        view["token"] = token;
        html += pages.render_part("card", view);
    }
    return html;
}

const Json::Value* find_action(const Json::Value& card, std::string_view path) {
    const auto first_dot = path.find('.');
    if (path.starts_with('t') && first_dot != std::string_view::npos) {
        const auto adaptive = adaptive_cards(card);
        const auto place = index_in(path.substr(0, first_dot), 't');
        const auto wanted = index_in(path.substr(first_dot + 1), 'h');
        const Json::Value* found = nullptr;
        if (!place || *place >= adaptive.size() || !wanted) return found;
        Json::ArrayIndex number = 0;
        for_each_http_action(*adaptive[*place], [&](const Json::Value& action) {
            if (number++ == *wanted) found = &action;
            return found != nullptr;
        });
        return found;
    }
    const Json::Value* holder = &card;
    if (path.starts_with('s') && first_dot != std::string_view::npos) {
        holder = element_of(list_in(card, "sections"), index_in(path.substr(0, first_dot), 's'));
        path.remove_prefix(first_dot + 1);
    }
    if (holder == nullptr) return nullptr;
    const auto dot = path.find('.');
    const Json::Value* const action =
        element_of(list_in(*holder, "potentialAction"), index_in(path.substr(0, dot), 'a'));
    if (action == nullptr || dot == std::string_view::npos) return action;
    return element_of(list_in(*action, "actions"), index_in(path.substr(dot + 1), 'c'));
}

const Json::Value* find_action_card(const Json::Value& card, std::string_view path) {
    const auto dot = path.rfind(".c");
    return dot == std::string_view::npos ? nullptr : find_action(card, path.substr(0, dot));
}

std::optional<ActionCall> action_call(const Json::Value& action) {
    const bool adaptive = text_in(action, "type") == "Action.Http";
    if (!adaptive && !is_type(action, "HttpPOST")) return std::nullopt;
    ActionCall call;
    call.name = text_in(action, adaptive ? "title" : "name");
    call.target = text_in(action, adaptive ? "url" : "target");
    call.body = text_in(action, "body");
    if (adaptive && !text_in(action, "method").empty()) call.method = text_in(action, "method");
    if (!adaptive) call.content_type = body_content_type(action);
    for (const Json::Value& header : list_in(action, "headers")) {
        const std::string name = text_in(header, "name");
        const std::string value = text_in(header, "value");
        if (same_name(name, "authorization")) {
            call.blanks_authorization = value.empty();
        } else if (same_name(name, "content-type")) {
            if (call.content_type.empty()) call.content_type = value;
        } else if (is_cards_header(name)) {
            // libcurl sends an empty header only in this form.
            const bool empty = value.find_first_not_of(" \t") == std::string::npos;
            call.headers.push_back(name);
            call.headers.back() += empty ? ";" : ": " + value;
        }
    }
    if (call.content_type.empty()) call.content_type = "application/json";
    return call;
}

Inputs read_inputs(const Json::Value& action_card, const std::map<std::string, std::string, std::less<>>& fields) {
    Inputs inputs;
    for (const Json::Value& input : list_in(action_card, "inputs")) {
        const std::string id = text_in(input, "id");
        const std::string field = "in-" + id;
        const Json::Value& choices = list_in(input, "choices");
        std::vector<std::string> chosen;
        if (const auto found = fields.find(field); found != fields.end() && !found->second.empty())
            chosen.push_back(found->second);
        for (Json::ArrayIndex i = 0; i < choices.size(); ++i) {
            if (const auto box = fields.find(field + "~" + std::to_string(i)); box != fields.end())
                chosen.push_back(box->second);
        }
        std::string value;
        for (const std::string& one : chosen) value += (value.empty() ? "" : ",") + one;
        if (inputs.problem.empty()) {
            inputs.problem = input_problem(input, value, chosen);
            if (!inputs.problem.empty())
                inputs.problem =
                    (text_in(input, "title").empty() ? id : text_in(input, "title")) + " " + inputs.problem;
        }
        inputs.values[id] = value;
    }
    return inputs;
}

}  // namespace o365
