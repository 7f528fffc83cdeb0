#include "lib/cards/adaptive_card.h"

#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/cards/card_limits.h"
#include "lib/cards/markdown.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

// The first line of a RichTextBlock, whose runs have no Markdown.
std::string text_of_inlines(const Json::Value& inlines) {
    std::string text;
    for (const Json::Value& one : inlines) text += one.isString() ? one.asString() : text_in(one, "text");
    return std::string(trimmed(std::string_view(text).substr(0, text.find('\n'))));
}

// The first line of the first TextBlock or RichTextBlock that has text, in reading order.
std::string first_line(const Json::Value& elements) {
    for (const Json::Value& element : elements) {
        const std::string type = text_in(element, "type");
        std::string line;
        if (type == "TextBlock") line = markdown_first_line(text_in(element, "text"));
        if (type == "RichTextBlock") line = text_of_inlines(list_in(element, "inlines"));
        if (!only_blanks(line)) return line;
        for (const char* name : {"items", "columns", "rows", "cells"}) {
            line = first_line(list_in(element, name));
            if (!line.empty()) return line;
        }
    }
    return {};
}

std::string line_of_fact(const Json::Value& fact) {
    const std::string title = markdown_first_line(text_in(fact, "title"));
    const std::string value = markdown_first_line(text_in(fact, "value"));
    if (only_blanks(title)) return only_blanks(value) ? "" : value;
    return only_blanks(value) ? title : title + ": " + value;
}

// For a card without such text: the first fact, alternative text of a picture, or title of a chart.
std::string first_other_line(const Json::Value& elements) {
    for (const Json::Value& element : elements) {
        for (const Json::Value& fact : list_in(element, "facts")) {
            std::string line = line_of_fact(fact);
            if (!line.empty()) return line;
        }
        for (const char* name : {"altText", "title", "label"}) {
            std::string line = text_in(element, name);
            if (!only_blanks(line)) return line;
        }
        for (const char* name : {"images", "items", "columns", "rows", "cells", "actions"}) {
            std::string line = first_other_line(list_in(element, name));
            if (!line.empty()) return line;
        }
    }
    return {};
}

// The card's fallbackText or speak, unless that is SSML, else its first line; "" when it has none.
std::string summary_of(const Json::Value& card) {
    for (const char* name : {"fallbackText", "speak"}) {
        const std::string text = text_in(card, name);
        if (!only_blanks(text) && (std::string_view(name) != "speak" || text.find('<') == std::string::npos))
            return summary_beginning(std::string(trimmed(text)));
    }
    std::string line = first_line(list_in(card, "body"));
    if (line.empty()) line = first_other_line(list_in(card, "body"));
    if (line.empty()) line = first_other_line(list_in(card, "actions"));
    return summary_beginning(line);
}

void add_summary(Json::Value& envelope, const std::string& summary) {
    if (only_blanks(summary)) return;
    Json::Value changed = envelope;
    changed["summary"] = summary;
    if (fits_far_end(changed)) envelope = std::move(changed);
}

}  // namespace

bool is_envelope(const Json::Value& card) {
    return text_in(card, "type") == "message" && !member(card, "attachments").isNull();
}

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

Json::Value adaptive_envelope(Json::Value card) {
    const std::string summary = summary_of(card);
    Json::Value envelope = in_envelope(std::move(card));
    add_summary(envelope, summary);
    return envelope;
}

bool has_summary(const Json::Value& envelope) { return !only_blanks(text_in(envelope, "summary")); }

Json::Value with_summary(Json::Value envelope) {
    if (!has_summary(envelope))
        add_summary(envelope, summary_of(member(list_in(envelope, "attachments")[0], "content")));
    return envelope;
}

}  // namespace o365
