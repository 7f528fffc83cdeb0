#include "lib/cards/to_message_card.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/cards/card_limits.h"
#include "lib/cards/markdown.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

bool has_only(const Json::Value& object, std::initializer_list<std::string_view> names) {
    if (!object.isObject()) return false;
    return std::ranges::all_of(object.getMemberNames(), [&](const std::string& name) {
        return std::ranges::find(names, std::string_view(name)) != names.end();
    });
}

// Whether the value is a text or absent; null counts as absent.
bool is_text_or_none(const Json::Value& value) { return value.isNull() || value.isString(); }

bool is_word(const Json::Value& value, std::initializer_list<std::string_view> words) {
    if (value.isNull()) return true;
    return value.isString() && std::ranges::find(words, lower(value.asString())) != words.end();
}

// A MessageCard shows its own text first, and of each section text, facts and pictures, in this order.
enum class Place { card_text, section_text, facts, images };

// The MessageCard so far. The last section is kept apart until it is complete.
struct Draft {
    Json::Value card{Json::objectValue};
    Json::Value section{Json::objectValue};
    Place place = Place::card_text;  // of what was added last
};

void end_section(Draft& draft) {
    if (!draft.section.empty()) draft.card["sections"].append(draft.section);
    draft.section = Json::Value(Json::objectValue);
}

// Begins a new section for an element whose place is before that of the last element, and for a sixth picture.
// o365_internal.section_count counts the sections by the same rule.
void move_to(Draft& draft, Place place) {
    if (place < draft.place || (place == Place::images && list_in(draft.section, "images").size() == kMaxImages))
        end_section(draft);
    draft.place = place;
}

void append_text(Json::Value& object, const std::string& text) {
    const std::string before = text_in(object, "text");
    object["text"] = before.empty() ? text : before + "\n\n" + text;
}

// ---- Elements: each returns the problem, "" for none ----

std::string add_text_block(Draft& draft, const Json::Value& source, bool first) {
    const Json::Value& wrap = member(source, "wrap");
    if (!has_only(source, {"type", "text", "wrap", "size", "weight"}) || !member(source, "text").isString() ||
        (!wrap.isNull() && !wrap.isBool()))
        return "a TextBlock may have text and wrap, the first one size and weight";
    const std::string text = text_in(source, "text");
    const Json::Value& size = member(source, "size");
    const Json::Value& weight = member(source, "weight");
    if (!is_word(size, {"default", "medium", "large", "extralarge"}) || !is_word(weight, {"default", "bolder"}))
        return "a title has the weight Bolder or the size Medium, Large or ExtraLarge";
    if (!is_word(size, {"default"}) || !is_word(weight, {"default"})) {
        if (!first) return "only the first element can be a title";
        draft.card["title"] = text;
    } else if (draft.place == Place::card_text) {
        append_text(draft.card, text);
    } else {
        move_to(draft, Place::section_text);
        append_text(draft.section, text);
    }
    return {};
}

std::string add_fact_set(Draft& draft, const Json::Value& source) {
    if (!has_only(source, {"type", "facts"}) || !member(source, "facts").isArray())
        return "a FactSet may have facts only";
    move_to(draft, Place::facts);
    for (const Json::Value& fact : source["facts"]) {
        if (!has_only(fact, {"title", "value"}) || !member(fact, "title").isString() ||
            !member(fact, "value").isString())
            return "a fact has a title and a value";
        Json::Value shown;
        shown["name"] = fact["title"];
        shown["value"] = fact["value"];
        draft.section["facts"].append(std::move(shown));
    }
    return {};
}

std::string add_image(Draft& draft, const Json::Value& source) {
    if (!has_only(source, {"type", "url", "altText"}) || !is_text_or_none(member(source, "altText")) ||
        text_in(source, "url").empty())
        return "an Image has a url, and may have altText";
    move_to(draft, Place::images);
    Json::Value shown;
    shown["image"] = source["url"];
    if (!text_in(source, "altText").empty()) shown["title"] = text_in(source, "altText");
    draft.section["images"].append(std::move(shown));
    return {};
}

std::string add_element(Draft& draft, const Json::Value& source, bool first) {
    const std::string type = text_in(source, "type");
    if (type == "TextBlock") return add_text_block(draft, source, first);
    if (type == "FactSet") return add_fact_set(draft, source);
    if (type == "Image") return add_image(draft, source);
    return "a connector webhook shows TextBlock, FactSet and Image only";
}

// ---- The card ----

std::string add_body(Draft& draft, const Json::Value& body) {
    if (!body.isNull() && !body.isArray()) return "body is not a list";
    for (Json::ArrayIndex i = 0; i < body.size(); ++i) {
        if (const std::string problem = add_element(draft, body[i], i == 0); !problem.empty())
            return "body[" + std::to_string(i) + "]: " + problem;
    }
    end_section(draft);
    if (member(draft.card, "sections").size() > kMaxSections) return "it would have more than 10 sections";
    return {};
}

std::string add_actions(Draft& draft, const Json::Value& all) {
    if (all.isNull()) return {};
    if (!all.isArray() || all.size() > kMaxActions) return "a MessageCard has at most 4 actions";
    for (const Json::Value& action : all) {
        const std::string url = text_in(action, "url");
        if (!has_only(action, {"type", "title", "url"}) || text_in(action, "type") != "Action.OpenUrl" ||
            !member(action, "title").isString() || url.empty())
            return "a connector webhook shows Action.OpenUrl with title and url only";
        Json::Value target;
        target["os"] = "default";
        target["uri"] = url;
        Json::Value shown;
        shown["@type"] = "OpenUri";
        shown["name"] = action["title"];
        shown["targets"].append(std::move(target));
        draft.card["potentialAction"].append(std::move(shown));
    }
    return {};
}

// Adds a summary: fallbackText, else the title's first line, else "Card" when the card has no text. "Card" also takes
// the place of a title that would make the card too large for the far end.
void add_summary(Json::Value& card, const std::string& fallback_text) {
    const bool made = only_blanks(fallback_text);
    std::string summary = made ? summary_beginning(markdown_first_line(text_in(card, "title"))) : fallback_text;
    if (only_blanks(summary) && only_blanks(text_in(card, "text"))) summary = "Card";
    if (only_blanks(summary)) return;
    card["summary"] = summary;
    if (made && !fits_far_end(card)) card["summary"] = "Card";
}

std::string fill(Draft& draft, const Json::Value& source) {
    if (!has_only(source, {"type", "$schema", "version", "body", "actions", "fallbackText"}))
        return "the card has fields that a connector webhook cannot show";
    if (text_in(source, "type") != "AdaptiveCard") return "the card is not an Adaptive Card";
    if (!is_text_or_none(member(source, "fallbackText"))) return "fallbackText is not a text";
    draft.card["@type"] = "MessageCard";
    draft.card["@context"] = "https://schema.org/extensions";
    if (std::string problem = add_body(draft, member(source, "body")); !problem.empty()) return problem;
    if (std::string problem = add_actions(draft, member(source, "actions")); !problem.empty()) return problem;
    add_summary(draft.card, text_in(source, "fallbackText"));
    return {};
}

}  // namespace

ConvertedCard message_card_from_adaptive(const Json::Value& card) {
    Draft draft;
    ConvertedCard result;
    result.problem = fill(draft, card);
    if (result.problem.empty()) result.card = std::move(draft.card);
    return result;
}

}  // namespace o365
