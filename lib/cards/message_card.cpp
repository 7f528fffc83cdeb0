#include "lib/cards/message_card.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "lib/base/text.h"
#include "lib/cards/html_markdown.h"
#include "lib/cards/markdown.h"
#include "lib/http/web_address.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

// ---- The fields of each object: a name, and where it is kept ----

template <class Object>
struct TextField {
    const char* name;
    std::string Object::*place;
};

template <class Object, class Item>
struct ListField {
    const char* name;
    std::vector<Item> Object::*place;
};

constexpr std::array kCardTexts = {TextField<MessageCard>{"title", &MessageCard::title},
                                   TextField<MessageCard>{"text", &MessageCard::text},
                                   TextField<MessageCard>{"summary", &MessageCard::summary},
                                   TextField<MessageCard>{"themeColor", &MessageCard::theme_color}};
constexpr std::array kSectionTexts = {TextField<CardSection>{"title", &CardSection::title},
                                      TextField<CardSection>{"activityImage", &CardSection::activity_image},
                                      TextField<CardSection>{"activityTitle", &CardSection::activity_title},
                                      TextField<CardSection>{"activitySubtitle", &CardSection::activity_subtitle},
                                      TextField<CardSection>{"activityText", &CardSection::activity_text},
                                      TextField<CardSection>{"text", &CardSection::text}};
constexpr std::array kImageTexts = {TextField<CardImage>{"image", &CardImage::url},
                                    TextField<CardImage>{"title", &CardImage::title}};
constexpr std::array kFactTexts = {TextField<CardFact>{"name", &CardFact::name},
                                   TextField<CardFact>{"value", &CardFact::value}};
constexpr std::array kActionTexts = {TextField<CardAction>{"@type", &CardAction::type},
                                     TextField<CardAction>{"name", &CardAction::name}};
constexpr std::array kTargetTexts = {TextField<CardTarget>{"os", &CardTarget::os},
                                     TextField<CardTarget>{"uri", &CardTarget::uri}};

// Reads the texts and notes those that are arrays or objects.
template <class Object>
void read_texts(Object& object, const Json::Value& source, const auto& fields, std::vector<std::string>* wrong_types) {
    for (const auto& [name, place] : fields) {
        object.*place = text_in(source, name);
        const Json::Value& value = member(source, name);
        if (wrong_types != nullptr && (value.isArray() || value.isObject())) wrong_types->emplace_back(name);
    }
}

void note_wrong_type(const Json::Value& source, const char* name, Json::ValueType type,
                     std::vector<std::string>& wrong_types) {
    const Json::Value& value = member(source, name);
    if (!value.isNull() && value.type() != type) wrong_types.emplace_back(name);
}

// ---- Reading each object ----

CardImage read_image(const Json::Value& source) {
    CardImage image;
    read_texts(image, source, kImageTexts, nullptr);
    return image;
}

CardFact read_fact(const Json::Value& source) {
    CardFact fact;
    read_texts(fact, source, kFactTexts, nullptr);
    return fact;
}

template <class Item>
void read_list(std::vector<Item>& items, const Json::Value& source, const char* name, Item (*read)(const Json::Value&),
               std::vector<std::string>& wrong_types) {
    for (const Json::Value& one : list_in(source, name)) items.push_back(read(one));
    note_wrong_type(source, name, Json::arrayValue, wrong_types);
}

CardSection read_section(const Json::Value& source) {
    CardSection section;
    section.is_object = source.isObject();
    read_texts(section, source, kSectionTexts, &section.wrong_types);
    read_list(section.facts, source, "facts", read_fact, section.wrong_types);
    read_list(section.images, source, "images", read_image, section.wrong_types);
    read_list(section.actions, source, "potentialAction", read_card_action, section.wrong_types);
    const Json::Value& hero = member(source, "heroImage");
    section.hero = read_image(hero);
    section.has_hero = hero.isObject();
    note_wrong_type(source, "heroImage", Json::objectValue, section.wrong_types);
    section.activity_image_type = text_in(source, "activityImageType");
    section.starts_group = flag_in(source, "startGroup");
    section.is_html = !member(source, "markdown").isNull() && !flag_in(source, "markdown");
    return section;
}

std::string first_line_of(std::initializer_list<const std::string*> texts) {
    for (const std::string* text : texts) {
        std::string line = markdown_first_line(markdown_from_html(*text));
        if (!only_blanks(line)) return line;
    }
    return {};
}

}  // namespace

CardAction read_card_action(const Json::Value& source) {
    CardAction action;
    read_texts(action, source, kActionTexts, nullptr);
    if (action.type != "OpenUri" && action.type != "ViewAction") return action;
    for (const Json::Value& one : list_in(source, action.type == "OpenUri" ? "targets" : "target")) {
        CardTarget target;
        if (one.isString()) {
            target.uri = one.asString();
        } else {
            read_texts(target, one, kTargetTexts, nullptr);
        }
        action.targets.push_back(std::move(target));
    }
    return action;
}

std::string web_address_of(const CardAction& action) {
    std::string uri;
    for (const CardTarget& target : action.targets) {
        const bool is_default = target.os == "default";
        if (!is_web_address(target.uri) || (!uri.empty() && !is_default)) continue;
        uri = target.uri;
        if (is_default) break;
    }
    return uri;
}

MessageCard read_message_card(const Json::Value& card) {
    MessageCard read;
    read_texts(read, card, kCardTexts, &read.wrong_types);
    read_list(read.sections, card, "sections", read_section, read.wrong_types);
    read_list(read.actions, card, "potentialAction", read_card_action, read.wrong_types);
    return read;
}

std::string first_line(const MessageCard& card) {
    std::string line = first_line_of({&card.title, &card.text});
    for (const CardSection& section : card.sections) {
        if (!line.empty()) break;
        line = first_line_of({&section.title, &section.activity_title, &section.activity_subtitle,
                              &section.activity_text, &section.text});
        for (const CardFact& fact : section.facts) {
            if (line.empty()) line = first_line_of({&fact.value, &fact.name});
        }
    }
    return line;
}

}  // namespace o365
