// The read model of a MessageCard (office365-connectors.md 5.1 to 5.3): its fields by name and type, as a far end reads
// them. Code that converts or shows a MessageCard uses it, so a new field is added here once. o365.check_card judges
// what a card may have. Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <vector>

namespace o365 {

// A text is "" when the field is absent or neither text, number nor boolean; a list is empty when the field is not a
// list. An item of a list that is not an object is read as an object without fields, so indexes are those of the card.

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
    std::vector<CardTarget> targets;  // of an OpenUri or a ViewAction; empty for other types
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
    bool is_html = false;       // markdown is present and not true: the texts are HTML
    bool is_object = false;
    std::vector<std::string> wrong_types;  // names of the fields that have a wrong type; null is not one
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

// Reads a card; one without fields when `card` is not an object.
MessageCard read_message_card(const Json::Value& card);

// Reads one action; one without fields when `source` is not an object.
CardAction read_card_action(const Json::Value& source);

// The web address that a button opens: its target for "default", else its first target. Targets that are not web
// addresses do not count. "" for none.
std::string web_address_of(const CardAction& action);

// The first line of the card that is shown, without Markdown and HTML: of its title, its text, and its sections in
// order. "" when there is none.
std::string first_line(const MessageCard& card);

}  // namespace o365
