#include "sandbox/cards/adaptive.h"

#include <fmt/format.h>
#include <utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "lib/base/text.h"
#include "lib/json/json_fields.h"
#include "sandbox/cards/card.h"

namespace o365 {
namespace {

// The fields of a kind of object, each with its type: s a text, b a boolean, n a number, o an object, a an array, ? a
// text or an object. After > comes the kind of the objects in it; with | it may also contain texts.
struct Kind {
    std::string_view name;
    std::string_view fields;
};
constexpr std::string_view kElement =
    "fallback:?>element isVisible:b separator:b requires:o height:s id:s spacing:s targetWidth:s";
constexpr std::string_view kAction =
    "fallback:?>action isEnabled:b requires:o iconUrl:s id:s mode:s role:s style:s targetWidth:s title:s tooltip:s";
constexpr std::string_view kInput = "isRequired:b errorMessage:s label:s placeholder:s";
constexpr std::array kKinds = {
    Kind{"card",
         "backgroundImage:?>background actions:a>action body:a>element rtl:b authentication:o metadata:o "
         "msteams:o>msteams refresh:o selectAction:o>action $schema:s fallbackText:s lang:s minHeight:s speak:s type:s "
         "version:s verticalContentAlignment:s"},
    Kind{"msteams", "entities:a allowExpand:b width:s"},
    Kind{"background", "fillMode:s horizontalAlignment:s url:s verticalAlignment:s"},
    Kind{"Container",
         "backgroundImage:?>background items:a>element bleed:b rtl:b selectAction:o>action minHeight:s style:s "
         "verticalContentAlignment:s"},
    Kind{"ColumnSet", "columns:a>column bleed:b selectAction:o>action horizontalAlignment:s minHeight:s style:s"},
    Kind{"column",
         "backgroundImage:?>background fallback:?>column items:a>element bleed:b isVisible:b rtl:b separator:b "
         "requires:o selectAction:o>action height:s id:s minHeight:s spacing:s style:s type:s "
         "verticalContentAlignment:s"},
    Kind{"TextBlock",
         "isSubtle:b wrap:b maxLines:n color:s fontType:s horizontalAlignment:s size:s style:s text:s weight:s"},
    Kind{"RichTextBlock", "inlines:a>inline| horizontalAlignment:s"},
    Kind{"inline",
         "highlight:b isSubtle:b italic:b strikethrough:b underline:b selectAction:o>action color:s fontType:s size:s "
         "text:s type:s weight:s"},
    Kind{"Image",
         "msTeams:o selectAction:o>action altText:s backgroundColor:s horizontalAlignment:s size:s style:s url:s "
         "width:s"},
    Kind{"ImageSet", "images:a>Image imageSize:s"},
    Kind{"FactSet", "facts:a>fact"},
    Kind{"fact", "title:s value:s"},
    Kind{"ActionSet", "actions:a>action"},
    Kind{"Table",
         "columns:a>tablecolumn rows:a>row firstRowAsHeader:b firstRowAsHeaders:b showGridLines:b gridStyle:s "
         "horizontalCellContentAlignment:s verticalCellContentAlignment:s"},
    Kind{"tablecolumn", "horizontalCellContentAlignment:s type:s verticalCellContentAlignment:s"},
    Kind{"row", "cells:a>cell horizontalCellContentAlignment:s style:s type:s verticalCellContentAlignment:s"},
    Kind{"cell",
         "backgroundImage:?>background items:a>element bleed:b rtl:b selectAction:o>action id:s minHeight:s style:s "
         "type:s verticalContentAlignment:s"},
    Kind{"Input.Text", "isMultiline:b maxLength:n inlineAction:o>action regex:s style:s"},
    Kind{"Input.Number", "max:n min:n"},
    Kind{"Input.Date", "max:s min:s"},
    Kind{"Input.Time", "max:s min:s"},
    Kind{"Input.Toggle", "wrap:b title:s valueOff:s valueOn:s"},
    Kind{"Input.ChoiceSet", "choices:a>choice isMultiSelect:b wrap:b style:s"},
    Kind{"choice", "title:s value:s"},
    Kind{"Action.OpenUrl", "url:s"},
    Kind{"Action.ShowCard", "card:o>card"},
    Kind{"Action.ToggleVisibility", "targetElements:a>target|"},
    Kind{"target", "isVisible:b elementId:s"},
    Kind{"Action.Execute", "associatedInputs:s verb:s"},
    Kind{"Action.Submit", "associatedInputs:s"},
};
// Shown by Teams as well; their contents are not checked.
constexpr std::array<std::string_view, 19> kShown = {"Media",
                                                     "CodeBlock",
                                                     "Icon",
                                                     "Badge",
                                                     "Carousel",
                                                     "CompoundButton",
                                                     "ProgressBar",
                                                     "ProgressRing",
                                                     "Rating",
                                                     "Input.Rating",
                                                     "Component",
                                                     "Chart.Donut",
                                                     "Chart.Pie",
                                                     "Chart.Line",
                                                     "Chart.Gauge",
                                                     "Chart.VerticalBar",
                                                     "Chart.VerticalBar.Grouped",
                                                     "Chart.HorizontalBar",
                                                     "Chart.HorizontalBar.Stacked"};

const Kind* kind_of(std::string_view name) {
    const auto* const found =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) { return same_name(one.name, name); });
    return found == kKinds.end() ? nullptr : found;
}

// The type of an element or action whose kind has a row.
bool is_row_type(std::string_view type) { return !type.empty() && type[0] != (type[0] | 32); }

bool fits(const Json::Value& value, char code) {
    switch (code) {
        case 's':
            return !value.isArray() && !value.isObject();
        case 'b':
            return flag_of(value).has_value();
        case 'n':
            return value.isNumeric() || (value.isString() && is_number_text(value.asString()));
        case 'o':
            return value.isObject();
        case 'a':
            return value.isArray();
        default:
            return value.isString() || value.isObject();
    }
}

std::string cannot_read(std::string_view what) {
    return fmt::format("AdaptiveSerializationException: the card's {} cannot be read", what);
}

std::string wrong_in(const Json::Value& object, std::string_view kind);

// The problem in a list of `child`; "" for none. With `has_texts` its elements may be texts as well.
std::string wrong_in_list(const Json::Value& list, std::string_view child, bool has_texts, const std::string& name) {
    for (const Json::Value& one : list) {
        if (has_texts && one.isString()) continue;
        if (!one.isObject()) return cannot_read(name);
        if (std::string wrong = wrong_in(one, child); !wrong.empty()) return wrong;
    }
    return {};
}

// The problem in the fields of `object` that `fields` names; "" for none.
std::string wrong_fields(const Json::Value& object, std::string_view fields) {
    while (!fields.empty()) {
        const std::string_view field = fields.substr(0, fields.find(' '));
        fields.remove_prefix(std::min(fields.size(), field.size() + 1));
        const std::string name(field.substr(0, field.find(':')));
        const char code = field[name.size() + 1];
        const Json::Value& value = member(object, name.c_str());
        if (value.isNull()) continue;
        if (!fits(value, code)) return cannot_read(name);
        std::string_view child = field.substr(std::min(field.size(), name.size() + 3));
        const bool has_texts = child.ends_with('|');
        if (has_texts) child.remove_suffix(1);
        if (child.empty()) continue;
        std::string wrong;
        if (code == 'a') {
            wrong = wrong_in_list(value, child, has_texts, name);
        } else if (value.isObject()) {
            wrong = wrong_in(value, child);
        }
        if (!wrong.empty()) return wrong;
    }
    return {};
}

// Whether an address begins with a scheme.
bool is_absolute(std::string_view url) {
    const auto colon = url.find(':');
    return colon != std::string_view::npos && colon > 0 && ((url[0] | 32) >= 'a' && (url[0] | 32) <= 'z') &&
           std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
               return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '.' ||
                      c == '-';
           });
}

std::string wrong_in(const Json::Value& object, std::string_view kind) {
    const std::string type = text_in(object, "type");
    if (kind == "card" && !same_name(type, "AdaptiveCard"))
        return "AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'";
    std::string_view common;
    if (kind == "element" || kind == "action") {
        if (type.empty())
            return fmt::format("AdaptiveSerializationException: Property 'type' of an {} is missing", kind);
        const bool is_action = same_name(std::string_view(type).substr(0, 7), "Action.");
        if (kind_of(type) == nullptr || !is_row_type(kind_of(type)->name) || is_action != (kind == "action")) return {};
        common = kind == "action" ? kAction : kElement;
        kind = kind_of(type)->name;
    } else if (kind == "Image") {
        common = kElement;
    }
    if (std::string wrong = wrong_fields(object, common); !wrong.empty()) return wrong;
    if (kind.starts_with("Input.")) {
        if (std::string wrong = wrong_fields(object, kInput); !wrong.empty()) return wrong;
    }
    if (kind == "Action.OpenUrl" && !is_absolute(text_in(object, "url")))
        return "AdaptiveSerializationException: Property 'url' of Action.OpenUrl must be an absolute URL";
    if (kind == "card" && !member(object, "version").isNull()) {
        const std::string version = text_in(object, "version");
        if (version != "1" &&
            (version.size() != 3 || !version.starts_with("1.") || version[2] < '0' || version[2] > '5'))
            return "the card's version is none that Teams shows";
    }
    return wrong_fields(object, kind_of(kind)->fields);
}

// Blanks, and characters that have no width.
bool is_unseen(std::uint32_t character) {
    return (character >= '\t' && character <= '\r') || character == ' ' || character == 0x85 || character == 0xa0 ||
           character == 0xad || character == 0x1680 || (character >= 0x2000 && character <= 0x200f) ||
           (character >= 0x2028 && character <= 0x202f) || (character >= 0x205f && character <= 0x206f) ||
           character == 0x3000 || character == 0xfeff;
}

bool shows(const Json::Value& element);

bool shows_one(const Json::Value& elements) { return std::any_of(elements.begin(), elements.end(), shows); }

bool has_background(const Json::Value& object) { return !member(object, "backgroundImage").isNull(); }

bool is_hidden(const Json::Value& object) { return !flag_of(member(object, "isVisible")).value_or(true); }

bool shows(const Json::Value& element) {
    if (!element.isObject() || is_hidden(element)) return false;
    const std::string type = text_in(element, "type");
    const auto any = [&](const char* list, const auto& is_shown) {
        const Json::Value& all = list_in(element, list);
        return std::any_of(all.begin(), all.end(), is_shown);
    };
    if (same_name(type, "TextBlock")) return is_seen(text_in(element, "text"));
    if (same_name(type, "RichTextBlock"))
        return any("inlines", [](const Json::Value& one) {
            return is_seen(one.isString() ? one.asString() : text_in(one, "text"));
        });
    if (same_name(type, "FactSet"))
        return any("facts", [](const Json::Value& one) {
            return is_seen(text_in(one, "title")) || is_seen(text_in(one, "value"));
        });
    if (same_name(type, "Image")) return !text_in(element, "url").empty();
    if (same_name(type, "ImageSet"))
        return any("images", [](const Json::Value& one) { return !text_in(one, "url").empty(); });
    if (same_name(type, "ActionSet")) return any("actions", [](const Json::Value& one) { return !one.isNull(); });
    if (same_name(type, "Container")) return has_background(element) || shows_one(list_in(element, "items"));
    if (same_name(type, "ColumnSet"))
        return any("columns", [](const Json::Value& one) {
            return !is_hidden(one) && (has_background(one) || shows_one(list_in(one, "items")));
        });
    if (same_name(type, "Table"))
        return any("rows", [](const Json::Value& row) {
            const Json::Value& cells = list_in(row, "cells");
            return std::any_of(cells.begin(), cells.end(), [](const Json::Value& one) {
                return has_background(one) || shows_one(list_in(one, "items"));
            });
        });
    const bool is_known = kind_of(type) != nullptr && is_row_type(kind_of(type)->name) &&
                          !same_name(std::string_view(type).substr(0, 7), "Action.");
    if (is_known || std::any_of(kShown.begin(), kShown.end(), [&](auto one) { return same_name(one, type); }))
        return true;
    return shows(member(element, "fallback"));
}

}  // namespace

bool is_seen(std::string_view text) {
    for (const auto* at = text.begin(); at != text.end();) {
        if (!is_unseen(utf8::unchecked::next(at))) return true;
    }
    return false;
}

bool is_number_text(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto point = std::min(text.find('.'), text.size());
    const auto digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const std::string_view whole = text.substr(0, point);
    return digits(whole) && whole.size() <= 9 && (whole.size() == 1 || whole[0] != '0') &&
           (point == text.size() || (digits(text.substr(point + 1)) && text.size() - point <= 7));
}

std::string adaptive_problem(const Json::Value& card) {
    if (std::string wrong = wrong_in(card, "card"); !wrong.empty()) return wrong;
    if (member(card, "version").isNull()) return "the card has no version";
    const Json::Value& actions = list_in(card, "actions");
    if (shows_one(list_in(card, "body")) ||
        std::any_of(actions.begin(), actions.end(), [](const Json::Value& one) { return !one.isNull(); }))
        return {};
    return "the card shows nothing";
}

}  // namespace o365
