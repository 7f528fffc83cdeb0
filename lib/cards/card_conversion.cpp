#include "lib/cards/card_conversion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/cards/html_markdown.h"
#include "lib/cards/markdown.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr Json::ArrayIndex kButtonsInARow = 6;        // office365-connectors.md 6.1: Teams hides the seventh
constexpr Json::ArrayIndex kMaxSections = 10;         // 5.1
constexpr Json::ArrayIndex kMaxActions = 4;           // 5.1
constexpr Json::ArrayIndex kActionsWithNumbers = 10;  // o365_internal.linked_actions
constexpr Json::ArrayIndex kMaxImages = 5;            // 5.6: of a section; Teams shows no more
constexpr std::size_t kMarkdownMayAdd = 1024;         // bytes, over all texts of a card
constexpr std::size_t kSummaryCharacters = 100;       // of a summary that is made from the title
constexpr std::size_t kBytesPerCard = 1024;           // envelope, and what stands once in a card
constexpr std::size_t kBytesPerObject = 96;           // a fact, image or action of the smallest kind
constexpr std::size_t kBytesPerSection = 640;         // a section whose every part has one character
constexpr std::size_t kFarEndCounts = 28'320;  // docs/cards.md, Size: what o365.check_card lets the far end count
// The lowest version of Adaptive Cards that has all that is made here: ActionSet, bleed, and the colours of a
// Container. "style": "heading" is of 1.5, and passed over by what does not know it. Some clients show no card of 1.5.
constexpr std::string_view kLowestVersion = "1.2";
// Shown for a name or value of a fact that is not there: phones show nothing of a card that has an empty one.
constexpr const char* kNothing = "\u2013";
constexpr const char* kAdaptiveType = "application/vnd.microsoft.card.adaptive";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

bool starts_with_ignoring_case(std::string_view text, std::string_view beginning) {
    return same_name(text.substr(0, beginning.size()), beginning);
}

bool is_picture(std::string_view url) { return is_web_address(url) || starts_with_ignoring_case(url, "data:image/"); }

// ---- Markdown: what a TextBlock does not render, written so that it reads well (office365-connectors.md 5.5, 6.1)
// ----

// "## Name ##" is "**Name**".
std::optional<std::string> heading(std::string_view line) {
    const auto level = line.find_first_not_of('#');
    if (level == 0 || level == std::string_view::npos || level > 6 || line[level] != ' ') return std::nullopt;
    std::string name(trimmed(line.substr(level)));
    while (name.ends_with('#')) name.pop_back();
    name = std::string(trimmed(name));
    if (name.empty()) return std::nullopt;
    return name.find('*') == std::string::npos ? "**" + name + "**" : name;
}

bool is_table_rule(std::string_view line) {
    return line.find('-') != std::string_view::npos && line.find('|') != std::string_view::npos &&
           line.find_first_not_of("|-: \t\r") == std::string_view::npos;
}

struct Picture {
    std::string name;
    std::string url;
};

// "![name](url)" is "[name](url)", without a name the url, and with `pictures` one of those as well where the url is of
// the web; nothing is left in the line of a picture that is all of it.
std::string without_pictures(std::string_view line, std::vector<Picture>* pictures) {
    std::string result;
    const std::string_view whole = line;
    while (true) {
        const auto open = line.find("![");
        if (open == std::string_view::npos) break;
        const auto middle = line.find("](", open);
        const auto close = middle == std::string_view::npos ? middle : line.find(')', middle);
        if (close == std::string_view::npos) break;
        result += line.substr(0, open);
        const std::string_view name = line.substr(open + 2, middle - open - 2);
        const std::string_view url = line.substr(middle + 2, close - middle - 2);
        line.remove_prefix(close + 1);
        const bool is_shown = pictures != nullptr && is_web_address(url);
        if (is_shown) pictures->push_back({std::string(name), std::string(url)});
        if (is_shown && trimmed(result).empty() && trimmed(line).empty() && whole.find("![") == whole.rfind("!["))
            return {};
        if (name.empty()) {
            result += url;
        } else {
            result += '[';
            result += name;
            result += "](";
            result += url;
            result += ')';
        }
    }
    result += line;
    return result;
}

// The backticks that begin a block of code, or end it; 0 where the line is none of them, such as "```code```".
std::size_t fence(std::string_view line) {
    const auto end = std::min(line.find_first_not_of('`'), line.size());
    return end >= 3 && line.find('`', end) == std::string_view::npos ? end : 0;
}

// A line of code, which is no Markdown.
std::string escaped(std::string_view line) {
    std::string result;
    const auto first = line.find_first_not_of(" \t");
    const auto digits_end = first == std::string_view::npos ? first : line.find_first_not_of("0123456789", first);
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool begins_list = (i == first && std::string_view("-+>=").find(line[i]) != std::string_view::npos) ||
                                 (i == digits_end && i != first && (line[i] == '.' || line[i] == ')'));
        if (begins_list || std::string_view("\\`*_[]#~|").find(line[i]) != std::string_view::npos) result += '\\';
        result += line[i];
    }
    return result;
}

// Line breaks as "\n": a "\r" by itself is how Teams' documentation writes them.
std::string with_line_feeds(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            result += text[i];
        } else if (i + 1 == text.size() || text[i + 1] != '\n') {
            result += '\n';
        }
    }
    return result;
}

std::string plainer(const std::string& text, std::vector<Picture>* pictures) {
    const bool marked = text.find_first_of("#|`<&\r") != std::string::npos || text.find("![") != std::string::npos;
    if (!marked) return text;
    const std::string source = with_line_feeds(markdown_from_html(text));
    std::string result;
    std::size_t code = 0;  // backticks of the fence that is open
    bool after_table = false;
    std::string_view rest = source;
    while (true) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        const std::string bare(trimmed(line));
        std::string_view ending = end == std::string_view::npos ? "" : "\n";
        bool drops = false;
        std::string shown(line);
        const std::size_t backticks = fence(bare);
        if (code == 0 && backticks > 0) {
            code = backticks;
            drops = true;
        } else if (code > 0 && backticks >= code && backticks == bare.size()) {
            code = 0;
            drops = true;
        } else if (code > 0) {
            shown = escaped(line);
            if (!ending.empty() && !bare.empty()) ending = "\n\n";
        } else if (is_table_rule(bare)) {
            drops = true;
        } else if (bare.size() > 2 && bare.starts_with('|') && bare.ends_with('|')) {
            shown = std::string(trimmed(std::string_view(bare).substr(1, bare.size() - 2)));
            if (!ending.empty()) ending = "\n\n";
            after_table = true;
        } else if (auto name = heading(bare)) {
            shown = *std::move(name);
            if (!ending.empty() && !rest.substr(end + 1).starts_with('\n')) ending = "\n\n";
        } else {
            if (after_table && !bare.empty() && !result.ends_with("\n\n")) result += '\n';
            after_table = false;
            shown = without_pictures(line, pictures);
        }
        if (!drops) {
            result += shown;
            result += ending;
        }
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return result;
}

// ---- MessageCard to Adaptive Card ----

// The nearest of the styles that Teams has: a brand's colour cannot be had (office365-connectors.md 6.3).
const char* nearest_style(std::string colour) {
    if (colour.starts_with('#')) colour.erase(0, 1);
    if (colour.size() != 6 || colour.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return nullptr;
    const auto channel = [&](std::size_t at) { return std::stoi(colour.substr(at, 2), nullptr, 16); };
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
    if (hue < 0) hue += 360;
    if (hue < 20 || hue >= 330) return "attention";
    if (hue < 70) return "warning";
    return hue < 170 ? "good" : "accent";
}

// What the far end counts of a body: it stands in a string there, so a quote and a backslash are two bytes.
std::size_t counted_bytes(const std::string& body) {
    return body.size() +
           static_cast<std::size_t>(std::ranges::count_if(body, [](char one) { return one == '"' || one == '\\'; }));
}

// A card that would become too large by them goes without what only improves it: texts that read better, a picture's
// name, the schema's address.
enum class Texts { improved, as_they_are };

Json::Value in_envelope(Json::Value card) {
    Json::Value attachment;
    attachment["contentType"] = kAdaptiveType;
    attachment["contentUrl"] = Json::Value();
    attachment["content"] = std::move(card);
    Json::Value envelope;
    envelope["type"] = "message";
    envelope["attachments"].append(std::move(attachment));
    return envelope;
}

class ToAdaptive {
  public:
    ToAdaptive(std::vector<LostPart>& lost, Texts texts, const ActionLink& link, std::string_view version)
        : lost_(lost), texts_(texts), link_(link), version_(version.empty() ? kLowestVersion : version) {}

    Json::Value convert(const Json::Value& card) {
        const std::string title = text_in(card, "title");
        const std::string text = text_in(card, "text");
        const std::string summary = text_in(card, "summary");
        const Json::Value& sections = list_in(card, "sections");
        pass_over(card, "$", Json::stringValue, {"title", "text", "summary", "themeColor"});
        pass_over(card, "$", Json::arrayValue, {"sections", "potentialAction"});
        Json::Value head(Json::arrayValue);
        if (!is_blank(title)) head.append(titled(title, "Large"));
        if (!is_blank(text)) add_text(head, text);
        const bool by_summary = head.empty() && sections.empty();
        if (by_summary && !is_blank(summary)) head.append(text_block(summary));
        Json::Value body(Json::arrayValue);
        if (!text_in(card, "themeColor").empty()) lose("$.themeColor", "the exact colour");
        const char* const style = nearest_style(text_in(card, "themeColor"));
        if (!head.empty() && style != nullptr) {
            Json::Value container = of_type("Container");
            container["style"] = style;
            container["bleed"] = true;
            container["items"] = std::move(head);
            body.append(std::move(container));
        } else {
            for (Json::Value& element : head) body.append(std::move(element));
        }
        for (Json::ArrayIndex i = 0; i < sections.size(); ++i) {
            Json::Value shown = section(sections[i], i);
            if (shown["items"].empty()) continue;
            if (style != nullptr && body.empty()) shown["style"] = style;
            body.append(std::move(shown));
        }
        const Json::Value buttons = actions(card, "$", 0);
        Json::Value content = of_type("AdaptiveCard");
        if (texts_ == Texts::improved) content["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json";
        content["version"] = version_;
        content["msteams"]["width"] = "Full";
        // More than six would be hidden at the card's foot, so those stand in rows of their own.
        if (!buttons.empty() && buttons.size() <= kButtonsInARow) {
            content["actions"] = buttons;
        } else {
            add_rows(body, buttons);
        }
        if (body.empty()) body.append(text_block(is_blank(summary) ? "(an empty card)" : summary));
        content["body"] = std::move(body);
        Json::Value envelope = in_envelope(std::move(content));
        // What a phone's notification says.
        if (!is_blank(summary)) {
            if (!by_summary || texts_ == Texts::improved) envelope["summary"] = summary;
        } else if (texts_ == Texts::improved) {
            const std::string line = first_characters(first_line_of(card));
            if (!is_blank(line)) envelope["summary"] = line;
        }
        return envelope;
    }

  private:
    // The first line that a MessageCard shows: of its title, its text, and what its sections have; "" for none.
    static std::string first_line_of(const Json::Value& card) {
        const auto of = [](const Json::Value& object, std::initializer_list<const char*> names) {
            for (const char* name : names) {
                std::string line = markdown_first_line(markdown_from_html(text_in(object, name)));
                if (!is_blank(line)) return line;
            }
            return std::string();
        };
        std::string line = of(card, {"title", "text"});
        for (const Json::Value& section : list_in(card, "sections")) {
            if (!line.empty()) break;
            line = of(section, {"title", "activityTitle", "activitySubtitle", "activityText", "text"});
            for (const Json::Value& fact : list_in(section, "facts")) {
                if (line.empty()) line = of(fact, {"value", "name"});
            }
        }
        return line;
    }

    static Json::Value of_type(const char* type) {
        Json::Value element(Json::objectValue);
        element["type"] = type;
        return element;
    }

    static std::size_t json_bytes(const std::string& text) {
        return text.size() + static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
                   return std::string_view("\n\r\t\"\\").find(c) != std::string_view::npos;
               }));
    }

    Json::Value text_block(const std::string& text) {
        Json::Value block = of_type("TextBlock");
        std::string plain = texts_ == Texts::improved ? plainer(text, nullptr) : text;
        const std::size_t before = json_bytes(text);
        if (const std::size_t after = json_bytes(plain); after > before) {
            if (after - before > may_add_) {
                plain = text;
            } else {
                may_add_ -= after - before;
            }
        }
        block["text"] = is_blank(plain) ? text : plain;
        block["wrap"] = true;
        return block;
    }

    // A text and the pictures in it, which a TextBlock does not show, behind it.
    void add_text(Json::Value& items, const std::string& text) {
        std::vector<Picture> pictures;
        const std::string plain = texts_ == Texts::improved ? plainer(text, &pictures) : text;
        std::size_t after = json_bytes(plain);
        for (const Picture& one : pictures) after += kBytesPerObject + json_bytes(one.name) + json_bytes(one.url);
        if (const std::size_t before = json_bytes(text); pictures.empty() || after > before + may_add_) {
            items.append(text_block(text));
            return;
        } else if (after > before) {
            may_add_ -= after - before;
        }
        if (!is_blank(plain)) {
            Json::Value block = of_type("TextBlock");
            block["text"] = plain;
            block["wrap"] = true;
            items.append(std::move(block));
        }
        for (const Picture& one : pictures) {
            Json::Value image = of_type("Image");
            image["url"] = one.url;
            if (!one.name.empty()) image["altText"] = one.name;
            items.append(std::move(image));
        }
    }

    Json::Value titled(const std::string& text, const char* size) {
        Json::Value block = text_block(text);
        block["weight"] = "Bolder";
        block["style"] = "heading";
        block["size"] = size;
        return block;
    }

    void lose(std::string path, std::string what) { lost_.push_back({std::move(path), std::move(what)}); }

    // What is of another type than the field has is lost, if it is no text for the far end either.
    void pass_over(const Json::Value& object, const std::string& path, Json::ValueType type,
                   std::initializer_list<const char*> names) {
        for (const char* name : names) {
            const Json::Value& value = member(object, name);
            const bool is_text = type == Json::stringValue && !value.isArray() && !value.isObject();
            if (!value.isNull() && !is_text && value.type() != type) lose(path + "." + name, "a field of a wrong type");
        }
    }

    // Null, and a loss, where there is no address to show it from.
    Json::Value picture(const std::string& url, const std::string& title, const std::string& path) {
        if (!is_picture(url)) {
            if (!url.empty()) lose(path, "a picture without a web address");
            return {};
        }
        Json::Value image = of_type("Image");
        image["url"] = url;
        if (!title.empty()) image["altText"] = title;
        return image;
    }

    void add_activity(Json::Value& items, const Json::Value& section, const std::string& path) {
        const std::string title = text_in(section, "activityTitle");
        Json::Value said(Json::arrayValue);
        if (!is_blank(title)) {
            said.append(text_block(title));
            said[said.size() - 1]["weight"] = "Bolder";
        }
        for (const char* name : {"activitySubtitle", "activityText"}) {
            const std::string text = text_in(section, name);
            if (is_blank(text)) continue;
            Json::Value block = text_block(text);
            block["spacing"] = "None";
            if (std::string_view(name) == "activitySubtitle") block["isSubtle"] = true;
            said.append(std::move(block));
        }
        Json::Value image = picture(text_in(section, "activityImage"), "", path + ".activityImage");
        if (image.isNull()) {
            for (Json::Value& block : said) items.append(std::move(block));
            return;
        }
        image["size"] = "Small";
        if (text_in(section, "activityImageType") != "article") image["style"] = "Person";
        if (!is_blank(title) && texts_ == Texts::improved) image["altText"] = first_characters(title);
        Json::Value columns = of_type("ColumnSet");
        Json::Value beside = of_type("Column");
        beside["width"] = "auto";
        beside["items"].append(std::move(image));
        columns["columns"].append(std::move(beside));
        if (!said.empty()) {
            Json::Value rest = of_type("Column");
            rest["width"] = "stretch";
            rest["items"] = std::move(said);
            columns["columns"].append(std::move(rest));
        }
        items.append(std::move(columns));
    }

    // A text that stands in one line: the same without tags and references, or as it is where too much was added.
    std::string line_of(const std::string& text) {
        if (texts_ != Texts::improved || text.find_first_of("<&") == std::string::npos) return text;
        const std::string read = markdown_from_html(text);
        std::string plain(trimmed(read));
        const std::size_t before = json_bytes(text);
        const std::size_t after = json_bytes(plain);
        if (after > before && after - before > may_add_) return text;
        if (after > before) may_add_ -= after - before;
        return is_blank(plain) ? text : plain;
    }

    void add_facts(Json::Value& items, const Json::Value& section) {
        Json::Value set = of_type("FactSet");
        for (const Json::Value& fact : list_in(section, "facts")) {
            const std::string name = line_of(text_in(fact, "name"));
            const std::string value = line_of(text_in(fact, "value"));
            if (is_blank(name) && is_blank(value)) continue;
            Json::Value shown;
            shown["title"] = is_blank(name) ? kNothing : name;
            shown["value"] = is_blank(value) ? kNothing : value;
            set["facts"].append(std::move(shown));
        }
        if (!set["facts"].empty()) items.append(std::move(set));
    }

    void add_images(Json::Value& items, const Json::Value& section, const std::string& path) {
        Json::Value set = of_type("ImageSet");
        set["imageSize"] = "Medium";
        const Json::Value& images = list_in(section, "images");
        for (Json::ArrayIndex i = 0; i < images.size(); ++i) {
            Json::Value image = picture(text_in(images[i], "image"), text_in(images[i], "title"),
                                        path + ".images[" + std::to_string(i) + "].image");
            if (!image.isNull()) set["images"].append(std::move(image));
        }
        if (!set["images"].empty()) items.append(std::move(set));
    }

    Json::Value section(const Json::Value& section, Json::ArrayIndex index) {
        const std::string path = "$.sections[" + std::to_string(index) + "]";
        Json::Value container = of_type("Container");
        container["spacing"] = "Large";
        if (flag_in(section, "startGroup")) container["separator"] = true;
        Json::Value items(Json::arrayValue);
        if (!section.isObject()) lose(path, "a section that is none");
        pass_over(section, path, Json::stringValue,
                  {"title", "activityImage", "activityTitle", "activitySubtitle", "activityText", "text"});
        pass_over(section, path, Json::arrayValue, {"facts", "images", "potentialAction"});
        pass_over(section, path, Json::objectValue, {"heroImage"});
        if (!member(section, "markdown").isNull() && !flag_in(section, "markdown")) lose(path + ".markdown", "HTML");
        const std::string title = text_in(section, "title");
        if (!is_blank(title)) items.append(titled(title, "Medium"));
        add_activity(items, section, path);
        const Json::Value& hero = member(section, "heroImage");
        Json::Value image = picture(text_in(hero, "image"), text_in(hero, "title"), path + ".heroImage.image");
        if (!image.isNull()) {
            image["size"] = "Stretch";
            items.append(std::move(image));
        }
        const std::string text = text_in(section, "text");
        if (!is_blank(text)) add_text(items, text);
        add_facts(items, section);
        add_images(items, section, path);
        add_rows(items, actions(section, path, index + 1));
        container["items"] = std::move(items);
        return container;
    }

    static Json::Value button(const Json::Value& action, const std::string& url) {
        Json::Value shown = of_type("Action.OpenUrl");
        const std::string name = without_references(text_in(action, "name"));
        shown["title"] = is_blank(name) ? "Open" : name;
        shown["url"] = url;
        return shown;
    }

    // Null, and a loss, for whatever is no button that opens a page. `holder`: the section's place from 1, 0 for the
    // card itself; with `index` it makes the number of a link, of which each holder has ten.
    Json::Value action(const Json::Value& action, const std::string& path, Json::ArrayIndex holder,
                       Json::ArrayIndex index) {
        const std::string type = text_in(action, "@type");
        if (link_ && (type == "HttpPOST" || type == "ActionCard") && index < kActionsWithNumbers) {
            lose(path, "being pressed inside the card: the button opens a page");
            return button(action, link_(static_cast<int>(10 * holder + index)));
        }
        if (type != "OpenUri" && type != "ViewAction") {
            const bool known = type == "HttpPOST" || type == "ActionCard" || type == "InvokeAddInCommand";
            lose(path, known ? "a button of type " + type : "an action of a type that is not known");
            return {};
        }
        const Json::Value& targets = list_in(action, type == "OpenUri" ? "targets" : "target");
        std::string uri;
        for (const Json::Value& target : targets) {
            const std::string one = target.isString() ? target.asString() : text_in(target, "uri");
            const bool is_default = text_in(target, "os") == "default";
            if (!is_web_address(one) || (!uri.empty() && !is_default)) continue;
            uri = one;
            if (is_default) break;
        }
        if (uri.empty()) {
            lose(path, "a button without a web address");
            return {};
        }
        if (targets.size() > 1) lose(path, "its other addresses");
        return button(action, uri);
    }

    Json::Value actions(const Json::Value& object, const std::string& path, Json::ArrayIndex holder) {
        Json::Value buttons(Json::arrayValue);
        const Json::Value& all = list_in(object, "potentialAction");
        for (Json::ArrayIndex i = 0; i < all.size(); ++i) {
            Json::Value button = action(all[i], path + ".potentialAction[" + std::to_string(i) + "]", holder, i);
            if (!button.isNull()) buttons.append(std::move(button));
        }
        return buttons;
    }

    static void add_rows(Json::Value& items, const Json::Value& buttons) {
        for (Json::ArrayIndex i = 0; i < buttons.size(); ++i) {
            if (i % kButtonsInARow == 0) items.append(of_type("ActionSet"));
            items[items.size() - 1]["actions"].append(buttons[i]);
        }
    }

  public:
    // At most kSummaryCharacters, and no half of one.
    static std::string first_characters(const std::string& text) {
        std::size_t count = 0;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
            if (count++ == kSummaryCharacters) return text.substr(0, at);
        }
        return text;
    }

  private:
    std::vector<LostPart>& lost_;
    Texts texts_;
    const ActionLink& link_;
    std::string version_;
    std::size_t may_add_ = kMarkdownMayAdd;
};

// ---- Adaptive Card to MessageCard ----

bool has_only(const Json::Value& object, std::initializer_list<std::string_view> names) {
    if (!object.isObject()) return false;
    return std::ranges::all_of(object.getMemberNames(), [&](const std::string& name) {
        return std::ranges::find(names, std::string_view(name)) != names.end();
    });
}

// Absent (null counts as absent), or a text.
bool is_text_or_none(const Json::Value& value) { return value.isNull() || value.isString(); }

bool is_word(const Json::Value& value, std::initializer_list<std::string_view> words) {
    if (value.isNull()) return true;
    if (!value.isString()) return false;
    std::string word = value.asString();
    word = lower(word);
    return std::ranges::find(words, std::string_view(word)) != words.end();
}

class ToMessageCard {
  public:
    // Empty, or why not.
    std::string convert(const Json::Value& source) {
        if (!has_only(source, {"type", "$schema", "version", "body", "actions", "fallbackText"}))
            return "the card has fields that a connector webhook cannot show";
        if (text_in(source, "type") != "AdaptiveCard") return "the card is no Adaptive Card";
        if (!is_text_or_none(member(source, "fallbackText"))) return "fallbackText is no text";
        const Json::Value& body = member(source, "body");
        if (!body.isNull() && !body.isArray()) return "body is no list";
        card["@type"] = "MessageCard";
        card["@context"] = "https://schema.org/extensions";
        for (Json::ArrayIndex i = 0; i < body.size(); ++i) {
            if (std::string problem = element(body[i], i == 0); !problem.empty())
                return "body[" + std::to_string(i) + "]: " + problem;
        }
        if (!part_.empty()) card["sections"].append(part_);
        if (card["sections"].isNull()) card.removeMember("sections");
        if (member(card, "sections").size() > kMaxSections) return "it would have more than 10 sections";
        if (std::string problem = actions(source); !problem.empty()) return problem;
        std::string summary = text_in(source, "fallbackText");
        const bool made = is_blank(summary);
        if (made) summary = ToAdaptive::first_characters(markdown_first_line(text_in(card, "title")));
        if (is_blank(summary) && is_blank(text_in(card, "text"))) summary = "Card";
        if (!is_blank(summary)) card["summary"] = summary;
        if (made && !is_blank(summary) && counted_bytes(compact_json(card)) > kFarEndCounts) card["summary"] = "Card";
        return {};
    }
    Json::Value card{Json::objectValue};

  private:
    // A MessageCard shows a section's text, facts and pictures in this order: what comes later in it and stands earlier
    // in the Adaptive Card begins a new section, as does a sixth picture. o365_internal.section_count counts them.
    void begin_part(int place) {
        if (place < place_ || (place == 3 && list_in(part_, "images").size() == kMaxImages)) {
            if (!part_.empty()) card["sections"].append(part_);
            part_ = Json::Value(Json::objectValue);
        }
        place_ = place;
    }

    static void add_text(Json::Value& object, const std::string& text) {
        const std::string before = text_in(object, "text");
        object["text"] = before.empty() ? text : before + "\n\n" + text;
    }

    std::string element(const Json::Value& source, bool first) {
        const std::string type = text_in(source, "type");
        if (type == "TextBlock") return text_block(source, first);
        if (type == "FactSet") return fact_set(source);
        if (type == "Image") return image(source);
        return "a connector webhook shows TextBlock, FactSet and Image only";
    }

    std::string text_block(const Json::Value& source, bool first) {
        const Json::Value& wrap = member(source, "wrap");
        if (!has_only(source, {"type", "text", "wrap", "size", "weight"}) || !member(source, "text").isString() ||
            (!wrap.isNull() && !wrap.isBool()))
            return "a TextBlock may have text and wrap, the first one size and weight";
        const std::string text = text_in(source, "text");
        const Json::Value& size = member(source, "size");
        const Json::Value& weight = member(source, "weight");
        if (!size.isNull() || !weight.isNull()) {
            if (!is_word(size, {"default", "medium", "large", "extralarge"}) || !is_word(weight, {"default", "bolder"}))
                return "a title has the weight Bolder or the size Medium, Large or ExtraLarge";
            const bool plain = is_word(size, {"default"}) && is_word(weight, {"default"});
            if (!plain && !first) return "only the first element can be a title";
            if (!plain) {
                card["title"] = text;
                return {};
            }
        }
        if (place_ == 0 && member(card, "sections").isNull() && part_.empty()) {
            add_text(card, text);
        } else {
            begin_part(1);
            add_text(part_, text);
        }
        return {};
    }

    std::string fact_set(const Json::Value& source) {
        if (!has_only(source, {"type", "facts"}) || !member(source, "facts").isArray())
            return "a FactSet may have facts only";
        begin_part(2);
        for (const Json::Value& fact : source["facts"]) {
            if (!has_only(fact, {"title", "value"}) || !member(fact, "title").isString() ||
                !member(fact, "value").isString())
                return "a fact has a title and a value";
            Json::Value shown;
            shown["name"] = fact["title"];
            shown["value"] = fact["value"];
            part_["facts"].append(std::move(shown));
        }
        return {};
    }

    std::string image(const Json::Value& source) {
        if (!has_only(source, {"type", "url", "altText"}) || !is_text_or_none(member(source, "altText")) ||
            text_in(source, "url").empty())
            return "an Image has a url, and may have altText";
        begin_part(3);
        Json::Value shown;
        shown["image"] = source["url"];
        if (!text_in(source, "altText").empty()) shown["title"] = text_in(source, "altText");
        part_["images"].append(std::move(shown));
        return {};
    }

    std::string actions(const Json::Value& source) {
        const Json::Value& all = member(source, "actions");
        if (all.isNull()) return {};
        if (!all.isArray() || all.size() > kMaxActions) return "a MessageCard has at most 4 actions";
        for (const Json::Value& action : all) {
            const std::string url = text_in(action, "url");
            if (!has_only(action, {"type", "title", "url"}) || text_in(action, "type") != "Action.OpenUrl" ||
                !member(action, "title").isString() || url.empty())
                return "a connector webhook shows Action.OpenUrl with title and url only";
            Json::Value shown;
            shown["@type"] = "OpenUri";
            shown["name"] = action["title"];
            Json::Value target;
            target["os"] = "default";
            target["uri"] = url;
            shown["targets"].append(std::move(target));
            card["potentialAction"].append(std::move(shown));
        }
        return {};
    }

    Json::Value part_{Json::objectValue};
    int place_ = 0;  // of what the last part ends with: 0 the card's own text, 1 text, 2 facts, 3 pictures
};

// The rule of o365.check_card: a "type" alone makes no envelope.
bool is_envelope(const Json::Value& card) {
    return text_in(card, "type") == "message" && !member(card, "attachments").isNull();
}

// The text of a RichTextBlock, without the marks that its runs do not have.
std::string text_of_inlines(const Json::Value& inlines) {
    std::string text;
    for (const Json::Value& one : inlines) text += one.isString() ? one.asString() : text_in(one, "text");
    return std::string(trimmed(std::string_view(text).substr(0, text.find('\n'))));
}

// The first line of the first TextBlock or RichTextBlock that has one, in the order in which they are read.
std::string first_line(const Json::Value& elements) {
    for (const Json::Value& element : elements) {
        const std::string type = text_in(element, "type");
        std::string line;
        if (type == "TextBlock") line = markdown_first_line(text_in(element, "text"));
        if (type == "RichTextBlock") line = text_of_inlines(list_in(element, "inlines"));
        if (!is_blank(line)) return line;
        for (const char* name : {"items", "columns", "rows", "cells"}) {
            line = first_line(list_in(element, name));
            if (!line.empty()) return line;
        }
    }
    return {};
}

// Of a card without such a text: the first fact, the first name of a picture, or the title of a chart.
std::string first_other_line(const Json::Value& elements) {
    for (const Json::Value& element : elements) {
        for (const Json::Value& fact : list_in(element, "facts")) {
            const std::string title = markdown_first_line(text_in(fact, "title"));
            const std::string value = markdown_first_line(text_in(fact, "value"));
            if (!is_blank(title) && !is_blank(value)) return title + ": " + value;
            if (!is_blank(title) || !is_blank(value)) return is_blank(title) ? value : title;
        }
        for (const char* name : {"altText", "title", "label"}) {
            std::string line = text_in(element, name);
            if (!is_blank(line)) return line;
        }
        for (const char* name : {"images", "items", "columns", "rows", "cells", "actions"}) {
            std::string line = first_other_line(list_in(element, name));
            if (!line.empty()) return line;
        }
    }
    return {};
}

// What a notification says of an Adaptive Card; empty where it has no text. "speak" may be SSML, which is none.
std::string adaptive_summary(const Json::Value& card) {
    for (const char* name : {"fallbackText", "speak"}) {
        const std::string text = text_in(card, name);
        if (!is_blank(text) && (std::string_view(name) != "speak" || text.find('<') == std::string::npos))
            return ToAdaptive::first_characters(std::string(trimmed(text)));
    }
    for (const auto& line : {first_line(list_in(card, "body")), first_other_line(list_in(card, "body")),
                             first_other_line(list_in(card, "actions"))}) {
        if (!line.empty()) return ToAdaptive::first_characters(line);
    }
    return {};
}

// Whether an envelope says what its notification shows; "" says nothing.
bool has_summary(const Json::Value& envelope) { return !is_blank(text_in(envelope, "summary")); }

// Where the far end still counts it as small enough.
void add_summary(Json::Value& envelope, const std::string& summary) {
    if (is_blank(summary)) return;
    Json::Value with_summary = envelope;
    with_summary["summary"] = summary;
    if (counted_bytes(compact_json(with_summary)) <= kFarEndCounts) envelope = std::move(with_summary);
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

// The grammar of o365_internal.is_web_address; of blanks and control characters beyond ASCII it knows none.
bool is_web_address(std::string_view url) {
    const std::size_t scheme = starts_with_ignoring_case(url, "https://")  ? 8
                               : starts_with_ignoring_case(url, "http://") ? 7
                                                                           : 0;
    const auto is_blank_or_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; };
    if (scheme == 0 || std::ranges::any_of(url, is_blank_or_control)) return false;
    url.remove_prefix(scheme);
    const bool in_brackets = url.starts_with('[');
    const auto host_end = in_brackets ? url.find(']') : url.find_first_of(":/?#");
    std::string_view host =
        url.substr(in_brackets ? 1 : 0, in_brackets && host_end != url.npos ? host_end - 1 : host_end);
    if (host.empty() || (in_brackets && host_end == url.npos)) return false;
    if (in_brackets ? host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos
                    : host.find_first_of("!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~") != host.npos)
        return false;
    url.remove_prefix(std::min(url.size(), in_brackets ? host_end + 1 : host_end));
    if (url.starts_with(':')) {
        const std::string_view port = url.substr(1, url.find_first_of("/?#") - 1);
        int number = 0;
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (port.starts_with('0') || error != std::errc() || end != port.data() + port.size() || number < 1 ||
            number > 65535)
            return false;
        url.remove_prefix(1 + port.size());
    }
    return url.empty() || std::string_view("/?#").find(url.front()) != std::string_view::npos;
}

std::string compact_json(const Json::Value& value) {
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    writer["emitUTF8"] = true;
    return Json::writeString(writer, value);
}

std::string without_blanks(std::string_view json) {
    std::string result;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (!in_string && std::string_view(" \t\r\n").find(json[i]) != std::string_view::npos) continue;
        result += json[i];
        if (json[i] == '"') in_string = !in_string;
        if (in_string && json[i] == '\\' && i + 1 < json.size()) result += json[++i];
    }
    return result;
}

Json::Value adaptive_envelope(Json::Value card) {
    const std::string summary = adaptive_summary(card);
    Json::Value envelope = in_envelope(std::move(card));
    add_summary(envelope, summary);
    return envelope;
}

ConvertedCard adaptive_from_message_card(const Json::Value& card, const ActionLink& link, std::string_view version) {
    ConvertedCard result;
    if (!card.isObject()) {
        result.problem = "the card is not a JSON object";
        return result;
    }
    result.card = ToAdaptive(result.lost, Texts::improved, link, version).convert(card);
    if (counted_bytes(compact_json(result.card)) > kFarEndCounts) {
        result.lost.clear();
        result.card = ToAdaptive(result.lost, Texts::as_they_are, link, version).convert(card);
    }
    return result;
}

ConvertedCard message_card_from_adaptive(const Json::Value& card) {
    ConvertedCard result;
    ToMessageCard conversion;
    result.problem = conversion.convert(card);
    if (result.problem.empty()) result.card = std::move(conversion.card);
    return result;
}

ConvertedCard card_for_dialect(const Json::Value& card, std::string_view dialect, const ActionLink& link,
                               std::string_view version) {
    const std::string type = text_in(card, "type");
    if (dialect == "workflow") {
        if (is_envelope(card)) {
            ConvertedCard sent{card, {}, ""};
            if (!has_summary(card))
                add_summary(sent.card, adaptive_summary(member(list_in(card, "attachments")[0], "content")));
            return sent;
        }
        if (type == "AdaptiveCard") return {adaptive_envelope(card), {}, ""};
        return adaptive_from_message_card(card, link, version);
    }
    if (type == "AdaptiveCard") return message_card_from_adaptive(card);
    if (is_envelope(card)) return {{}, {}, "a connector webhook takes no Adaptive Card in an envelope"};
    return {card, {}, ""};
}

CardBody card_body(std::string card, std::string_view dialect, const ActionLink& link, std::string_view version) {
    const bool for_workflow = dialect == "workflow";
    // jsonb has one way to write a text, so what does not have it here does not have it at all.
    if (!for_workflow && card.find("\"AdaptiveCard\"") == std::string::npos) return {std::move(card), ""};
    const std::optional<Json::Value> parsed = parse_json(card);
    if (!parsed) return {"", "the card is nested too deep or has a number that is too large"};
    const bool is_adaptive = text_in(*parsed, "type") == "AdaptiveCard";
    const bool in_envelope = is_envelope(*parsed);
    if (!for_workflow && !is_adaptive && !in_envelope) return {std::move(card), ""};
    if (for_workflow && (in_envelope || is_adaptive)) {
        const ConvertedCard sent = card_for_dialect(*parsed, dialect);
        std::string summary;
        if (!has_summary(*parsed) && has_summary(sent.card)) {
            // One that is empty, or null, gives its place: the card is written anew.
            if (in_envelope && parsed->isMember("summary")) return {compact_json(sent.card), ""};
            summary = ",\"summary\":" + compact_json(sent.card["summary"]);
        }
        // Around its own text: written anew, 0.1 would have 19 digits.
        if (in_envelope) {
            if (!summary.empty()) card.insert(card.rfind('}'), summary);
            return {std::move(card), ""};
        }
        return {R"({"attachments":[{"content":)" + without_blanks(card) + R"(,"contentType":")" + kAdaptiveType +
                    R"(","contentUrl":null}])" + summary + R"(,"type":"message"})",
                ""};
    }
    const ConvertedCard converted = card_for_dialect(*parsed, dialect, link, version);
    if (!converted.problem.empty()) return {"", "the card cannot be converted for this webhook: " + converted.problem};
    return {compact_json(converted.card), ""};
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
