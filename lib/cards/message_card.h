// The read model of a MessageCard (office365-connectors.md 5.1 to 5.3): its fields by name and type, as a far end reads
// them. Whoever converts or shows a MessageCard reads it here, so a field is added in this module once. What a card may
// hold at all is o365.check_card's rule. Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// A text is "" where the field is absent or neither text, number nor boolean; a list is empty where it is no list. An
// object in a list that is none (a number, say) is read as one without fields, so positions are those of the card.

struct CardImage {
    std::string url;
    std::string title;
};

struct CardFact {
    std::string name;
    std::string value;
};

// Where a button leads to on one kind of device.
struct CardTarget {
    std::string os;
    std::string uri;
};

struct CardAction {
    std::string type;  // "@type", as it is written
    std::string name;
    std::vector<CardTarget> targets;  // of an OpenUri or a ViewAction; of other types none are read
};

struct CardSection {
    std::string title;
    std::string activity_image;
    std::string activity_image_type;
    std::string activity_title;
    std::string activity_subtitle;
    std::string activity_text;
    std::string text;
    std::vector<CardFact> facts;
    std::vector<CardImage> images;
    std::vector<CardAction> actions;
    CardImage hero;
    bool has_hero = false;      // whether heroImage is an object
    bool starts_group = false;  // startGroup
    bool is_html = false;       // markdown is there and not true: the texts are HTML
    bool is_object = false;
    std::vector<std::string> wrong_types;  // names of fields that are of another type than their own, and no null
};

struct MessageCard {
    std::string title;
    std::string text;
    std::string summary;
    std::string theme_color;
    std::vector<CardSection> sections;
    std::vector<CardAction> actions;
    std::vector<std::string> wrong_types;  // as those of a section
};

// Whatever `card` is; a card without fields where it is no object.
MessageCard read_message_card(const Json::Value& card);

// One action by itself, whatever `source` is.
CardAction read_card_action(const Json::Value& source);

// Where a button that opens a page leads to: its default target, else the first one, of those that are web addresses.
// "" for none.
std::string web_address_of(const CardAction& action);

// The first line that is shown of the card, without Markdown and HTML: of its title, its text, and its sections in
// their order. "" where it has none.
std::string first_line(const MessageCard& card);

}  // namespace o365
