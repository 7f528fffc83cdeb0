#include "lib/cards/to_adaptive.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/cards/adaptive_card.h"
#include "lib/cards/card_limits.h"
#include "lib/cards/html_markdown.h"
#include "lib/cards/message_card.h"
#include "lib/cards/teams_markdown.h"
#include "lib/http/web_address.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

constexpr Json::ArrayIndex kButtonsInARow = 6;   // office365-connectors.md 6.1: Teams hides the seventh
constexpr std::size_t kActionsWithNumbers = 10;  // of each holder: o365_internal.linked_actions
constexpr std::size_t kMarkdownMayAdd = 1024;    // bytes, over all texts of a card
constexpr std::size_t kBytesPerCard = 1024;      // envelope, and what stands once in a card
constexpr std::size_t kBytesPerSection = 640;    // a section whose every part has one character
// The lowest version of Adaptive Cards that has all that is made here: ActionSet, bleed, and the colours of a
// Container. "style": "heading" is of 1.5, and passed over by what does not know it. Some clients show no card of 1.5.
constexpr std::string_view kLowestVersion = "1.2";
// Shown in place of an empty name or value of a fact: phones show nothing of a card that has an empty one.
constexpr const char* kNothing = "\u2013";

// Whether to improve the card: texts that read better, a picture's alternative text, the schema's address. A card that
// would become too large is converted without that.
enum class Texts { improved, as_they_are };

// The state of one conversion.
struct Conversion {
    const ActionLink& link;
    Texts texts;
    std::vector<LostPart> lost;
    std::size_t may_add = kMarkdownMayAdd;  // bytes that texts may still gain

    void lose(std::string path, std::string what) { lost.push_back({std::move(path), std::move(what)}); }
    void lose_wrong_types(const std::string& path, const std::vector<std::string>& names) {
        for (const std::string& name : names) lose(fmt::format("{}.{}", path, name), "a field of a wrong type");
    }
    // Whether a text of `before` bytes may grow to `after`; if so, counts what it gains.
    bool may_become(std::size_t before, std::size_t after) {
        if (after > before + may_add) return false;
        may_add -= after > before ? after - before : 0;
        return true;
    }
};

Json::Value of_type(const char* type) {
    Json::Value element(Json::objectValue);
    element["type"] = type;
    return element;
}

std::string at(const std::string& path, std::string_view name, std::size_t index) {
    return path + "." + std::string(name) + "[" + std::to_string(index) + "]";
}

// ---- Texts ----

std::size_t json_bytes(const std::string& text) {
    return text.size() + static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
               return std::string_view("\n\r\t\"\\").find(c) != std::string_view::npos;
           }));
}

Json::Value plain_block(const std::string& text) {
    Json::Value block = of_type("TextBlock");
    block["text"] = text;
    block["wrap"] = true;
    return block;
}

Json::Value text_block(Conversion& conversion, const std::string& text) {
    if (conversion.texts == Texts::as_they_are) return plain_block(text);
    const std::string plain = teams_markdown(text);
    const bool fits = conversion.may_become(json_bytes(text), json_bytes(plain));
    return plain_block(!fits || only_blanks(plain) ? text : plain);
}

Json::Value titled(Conversion& conversion, const std::string& text, const char* size) {
    Json::Value block = text_block(conversion, text);
    block["weight"] = "Bolder";
    block["style"] = "heading";
    block["size"] = size;
    return block;
}

// Appends a text and, behind it, the pictures in it, which a TextBlock does not show.
void add_text(Conversion& conversion, Json::Value& items, const std::string& text) {
    std::vector<TextPicture> pictures;
    const std::string plain = conversion.texts == Texts::improved ? teams_markdown(text, &pictures) : text;
    std::size_t after = json_bytes(plain);
    for (const TextPicture& one : pictures) after += kBytesPerObject + json_bytes(one.name) + json_bytes(one.url);
    if (pictures.empty() || !conversion.may_become(json_bytes(text), after)) {
        items.append(text_block(conversion, text));
        return;
    }
    if (!only_blanks(plain)) items.append(plain_block(plain));
    for (const TextPicture& one : pictures) {
        Json::Value image = of_type("Image");
        image["url"] = one.url;
        if (!one.name.empty()) image["altText"] = one.name;
        items.append(std::move(image));
    }
}

// A text for one line: without tags and references, or as it is when that would make it too long.
std::string one_line(Conversion& conversion, const std::string& text) {
    if (conversion.texts != Texts::improved || text.find_first_of("<&") == std::string::npos) return text;
    const std::string read = markdown_from_html(text);
    std::string plain(trimmed(read));
    const bool fits = conversion.may_become(json_bytes(text), json_bytes(plain));
    return !fits || only_blanks(plain) ? text : plain;
}

// ---- Pictures and facts ----

// The Image element. For a picture without a web address: null, and the loss is noted.
Json::Value image_of(Conversion& conversion, const CardImage& image, const std::string& path) {
    if (!is_web_address(image.url) && !starts_with_ignoring_case(image.url, "data:image/")) {
        if (!image.url.empty()) conversion.lose(path, "a picture without a web address");
        return {};
    }
    Json::Value shown = of_type("Image");
    shown["url"] = image.url;
    if (!image.title.empty()) shown["altText"] = image.title;
    return shown;
}

void add_facts(Conversion& conversion, Json::Value& items, const std::vector<CardFact>& facts) {
    Json::Value set = of_type("FactSet");
    for (const CardFact& fact : facts) {
        const std::string name = one_line(conversion, fact.name);
        const std::string value = one_line(conversion, fact.value);
        if (only_blanks(name) && only_blanks(value)) continue;
        Json::Value shown;
        shown["title"] = only_blanks(name) ? kNothing : name;
        shown["value"] = only_blanks(value) ? kNothing : value;
        set["facts"].append(std::move(shown));
    }
    if (!set["facts"].empty()) items.append(std::move(set));
}

void add_images(Conversion& conversion, Json::Value& items, const std::vector<CardImage>& images,
                const std::string& path) {
    Json::Value set = of_type("ImageSet");
    set["imageSize"] = "Medium";
    for (std::size_t i = 0; i < images.size(); ++i) {
        Json::Value image = image_of(conversion, images[i], at(path, "images", i) + ".image");
        if (!image.isNull()) set["images"].append(std::move(image));
    }
    if (!set["images"].empty()) items.append(std::move(set));
}

// ---- Actions ----

Json::Value button(const CardAction& action, const std::string& url) {
    Json::Value shown = of_type("Action.OpenUrl");
    const std::string name = without_references(action.name);
    shown["title"] = only_blanks(name) ? "Open" : name;
    shown["url"] = url;
    return shown;
}

// The Action.OpenUrl. For an action that cannot become one: null, and the loss is noted. `number`: that of its link, if
// it has one.
Json::Value button_of(Conversion& conversion, const CardAction& action, const std::string& path,
                      std::optional<int> number) {
    const std::string& type = action.type;
    const bool is_pressed = type == "HttpPOST" || type == "ActionCard";
    if (is_pressed && conversion.link && number) {
        conversion.lose(path, "being pressed inside the card: the button opens a page");
        return button(action, conversion.link(*number));
    }
    if (type != "OpenUri" && type != "ViewAction") {
        conversion.lose(path, is_pressed || type == "InvokeAddInCommand" ? "a button of type " + type
                                                                         : "an action of an unknown type");
        return {};
    }
    const std::string uri = web_address_of(action);
    if (uri.empty()) {
        conversion.lose(path, "a button without a web address");
        return {};
    }
    if (action.targets.size() > 1) conversion.lose(path, "its other addresses");
    return button(action, uri);
}

// `holder`: the section's number from 1, or 0 for the card itself. Each holder has numbers for ten links.
Json::Value buttons_of(Conversion& conversion, const std::vector<CardAction>& actions, const std::string& path,
                       std::size_t holder) {
    Json::Value buttons(Json::arrayValue);
    for (std::size_t i = 0; i < actions.size(); ++i) {
        std::optional<int> number;
        if (i < kActionsWithNumbers) number = static_cast<int>(kActionsWithNumbers * holder + i);
        Json::Value shown = button_of(conversion, actions[i], at(path, "potentialAction", i), number);
        if (!shown.isNull()) buttons.append(std::move(shown));
    }
    return buttons;
}

void add_rows(Json::Value& items, const Json::Value& buttons) {
    for (Json::ArrayIndex i = 0; i < buttons.size(); ++i) {
        if (i % kButtonsInARow == 0) items.append(of_type("ActionSet"));
        items[items.size() - 1]["actions"].append(buttons[i]);
    }
}

// ---- Sections ----

// The activity's title, subtitle and text.
Json::Value activity_texts(Conversion& conversion, const CardSection& section) {
    Json::Value blocks(Json::arrayValue);
    if (!only_blanks(section.activity_title)) {
        Json::Value block = text_block(conversion, section.activity_title);
        block["weight"] = "Bolder";
        blocks.append(std::move(block));
    }
    if (!only_blanks(section.activity_subtitle)) {
        Json::Value block = text_block(conversion, section.activity_subtitle);
        block["spacing"] = "None";
        block["isSubtle"] = true;
        blocks.append(std::move(block));
    }
    if (!only_blanks(section.activity_text)) {
        Json::Value block = text_block(conversion, section.activity_text);
        block["spacing"] = "None";
        blocks.append(std::move(block));
    }
    return blocks;
}

Json::Value column(const char* width, Json::Value items) {
    Json::Value shown = of_type("Column");
    shown["width"] = width;
    shown["items"] = std::move(items);
    return shown;
}

// The activity's texts, beside its picture where it has one.
void add_activity(Conversion& conversion, Json::Value& items, const CardSection& section, const std::string& path) {
    Json::Value texts = activity_texts(conversion, section);
    Json::Value image = image_of(conversion, {section.activity_image, ""}, path + ".activityImage");
    if (image.isNull()) {
        for (Json::Value& block : texts) items.append(std::move(block));
        return;
    }
    image["size"] = "Small";
    if (section.activity_image_type != "article") image["style"] = "Person";
    if (!only_blanks(section.activity_title) && conversion.texts == Texts::improved)
        image["altText"] = summary_beginning(section.activity_title);
    Json::Value picture(Json::arrayValue);
    picture.append(std::move(image));
    Json::Value columns = of_type("ColumnSet");
    columns["columns"].append(column("auto", std::move(picture)));
    if (!texts.empty()) columns["columns"].append(column("stretch", std::move(texts)));
    items.append(std::move(columns));
}

// The section as a Container, whose items are empty when nothing of the section is shown.
Json::Value container_of(Conversion& conversion, const CardSection& section, std::size_t index) {
    const std::string path = at("$", "sections", index);
    if (!section.is_object) conversion.lose(path, "a section that is not an object");
    conversion.lose_wrong_types(path, section.wrong_types);
    if (section.is_html) conversion.lose(path + ".markdown", "HTML");
    Json::Value items(Json::arrayValue);
    if (!only_blanks(section.title)) items.append(titled(conversion, section.title, "Medium"));
    add_activity(conversion, items, section, path);
    Json::Value hero = image_of(conversion, section.hero, path + ".heroImage.image");
    if (!hero.isNull()) {
        hero["size"] = "Stretch";
        items.append(std::move(hero));
    }
    if (!only_blanks(section.text)) add_text(conversion, items, section.text);
    add_facts(conversion, items, section.facts);
    add_images(conversion, items, section.images, path);
    add_rows(items, buttons_of(conversion, section.actions, path, index + 1));
    Json::Value container = of_type("Container");
    container["spacing"] = "Large";
    if (section.starts_group) container["separator"] = true;
    container["items"] = std::move(items);
    return container;
}

// ---- The card ----

// The style for a hue in degrees.
const char* style_of_hue(int hue) {
    if (hue < 20 || hue >= 330) return "attention";
    if (hue < 70) return "warning";
    return hue < 170 ? "good" : "accent";
}

// The nearest of the styles that Teams has, because it cannot show a card's own colour (office365-connectors.md 6.3);
// null when `colour` is not a colour.
const char* nearest_style(std::string_view colour) {
    if (colour.starts_with('#')) colour.remove_prefix(1);
    if (colour.size() != 6 || colour.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
        return nullptr;
    const auto channel = [&](std::size_t from) { return std::stoi(std::string(colour.substr(from, 2)), nullptr, 16); };
    const int red = channel(0);
    const int green = channel(2);
    const int blue = channel(4);
    const int most = std::max({red, green, blue});
    const int range = most - std::min({red, green, blue});
    if (range * 5 < most || most < 40) return "emphasis";
    int hue = 0;
    if (most == red) {
        hue = 60 * (green - blue) / range;
    } else if (most == green) {
        hue = 120 + 60 * (blue - red) / range;
    } else {
        hue = 240 + 60 * (red - green) / range;
    }
    return style_of_hue(hue < 0 ? hue + 360 : hue);
}

// Title and text, in a container of the card's colour where it has one.
Json::Value head_of(Conversion& conversion, const MessageCard& card, const char* style) {
    Json::Value head(Json::arrayValue);
    if (!only_blanks(card.title)) head.append(titled(conversion, card.title, "Large"));
    if (!only_blanks(card.text)) add_text(conversion, head, card.text);
    if (head.empty() && card.sections.empty() && !only_blanks(card.summary))
        head.append(text_block(conversion, card.summary));
    if (head.empty() || style == nullptr) return head;
    Json::Value container = of_type("Container");
    container["style"] = style;
    container["bleed"] = true;
    container["items"] = std::move(head);
    Json::Value body(Json::arrayValue);
    body.append(std::move(container));
    return body;
}

Json::Value content_of(Conversion& conversion, const MessageCard& card, std::string_view version) {
    conversion.lose_wrong_types("$", card.wrong_types);
    if (!card.theme_color.empty()) conversion.lose("$.themeColor", "the exact colour");
    const char* const style = nearest_style(card.theme_color);
    Json::Value body = head_of(conversion, card, style);
    for (std::size_t i = 0; i < card.sections.size(); ++i) {
        Json::Value container = container_of(conversion, card.sections[i], i);
        if (container["items"].empty()) continue;
        if (style != nullptr && body.empty()) container["style"] = style;
        body.append(std::move(container));
    }
    const Json::Value buttons = buttons_of(conversion, card.actions, "$", 0);
    Json::Value content = of_type("AdaptiveCard");
    if (conversion.texts == Texts::improved) content["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json";
    content["version"] = std::string(version.empty() ? kLowestVersion : version);
    content["msteams"]["width"] = "Full";
    // Teams hides more than six buttons at the foot of the card, so they become rows of buttons.
    if (!buttons.empty() && buttons.size() <= kButtonsInARow) {
        content["actions"] = buttons;
    } else {
        add_rows(body, buttons);
    }
    if (body.empty()) body.append(text_block(conversion, only_blanks(card.summary) ? "(an empty card)" : card.summary));
    content["body"] = std::move(body);
    return content;
}

// The text of a phone's notification; "" when it would repeat a text that makes the card too large.
std::string summary_of(const MessageCard& card, Texts texts) {
    const bool is_improved = texts == Texts::improved;
    if (only_blanks(card.summary)) return is_improved ? summary_beginning(first_line(card)) : "";
    const bool is_shown = only_blanks(card.title) && only_blanks(card.text) && card.sections.empty();
    return is_shown && !is_improved ? "" : card.summary;
}

ConvertedCard converted(const MessageCard& card, const ActionLink& link, std::string_view version, Texts texts) {
    Conversion conversion{.link = link, .texts = texts, .lost = {}};
    Json::Value envelope = in_envelope(content_of(conversion, card, version));
    const std::string summary = summary_of(card, texts);
    if (!only_blanks(summary)) envelope["summary"] = summary;
    return {std::move(envelope), std::move(conversion.lost), ""};
}

template <class Fits>
std::size_t count_in(const Json::Value& value, const Fits& fits) {
    std::size_t count = fits(value) ? 1 : 0;
    if (value.isObject() || value.isArray()) {
        for (const Json::Value& inner : value) count += count_in(inner, fits);
    }
    return count;
}

}  // namespace

ConvertedCard adaptive_from_message_card(const Json::Value& card, const ActionLink& link, std::string_view version) {
    if (!card.isObject()) return {{}, {}, "the card is not a JSON object"};
    const MessageCard read = read_message_card(card);
    ConvertedCard result = converted(read, link, version, Texts::improved);
    return fits_far_end(result.card) ? result : converted(read, link, version, Texts::as_they_are);
}

std::size_t most_converted_bytes(const Json::Value& card, std::size_t size, std::size_t link_bytes) {
    const std::size_t objects = count_in(card, [](const Json::Value& value) { return value.isObject(); });
    const std::size_t links = count_in(card, [](const Json::Value& value) {
        const std::string type = text_in(value, "@type");
        return type == "HttpPOST" || type == "ActionCard";
    });
    return size + kBytesPerCard + kMarkdownMayAdd + kBytesPerObject * objects +
           kBytesPerSection * list_in(card, "sections").size() + links * link_bytes;
}

}  // namespace o365
