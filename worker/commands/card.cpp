#include "worker/commands/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "lib/base/crypto.h"
#include "lib/base/exit_code.h"
#include "lib/base/text.h"
#include "lib/cards/card_body.h"
#include "lib/cards/markdown.h"
#include "lib/cards/message_card.h"
#include "lib/database/database.h"
#include "lib/http/http.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_position.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"
#include "worker/commands/failure.h"

namespace o365 {
namespace {

std::optional<std::string> read(const std::string& file) {
    if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    std::error_code ignored;
    std::ifstream stream(file, std::ios::binary);
    if (!stream || std::filesystem::is_directory(file, ignored)) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (stream.bad()) return std::nullopt;
    return text;
}

// The position of the value at a path, as "line:column".
std::string position(std::string_view text, std::string_view path) {
    const JsonPosition at = json_position(text, path).value_or(JsonPosition{});
    return fmt::format("{}:{}", at.line, at.column);
}

// The text with control characters as \xNN, for a terminal or a CI log: they could move the cursor or begin a line.
std::string printable(std::string_view text) {
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F are control characters too.
        const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (byte < 0x20 || byte == 0x7F) {
            shown += fmt::format("\\x{:02x}", byte);
        } else if (is_c1) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
        } else {
            shown += text[i];
        }
    }
    return shown;
}

// A card that was read from a file.
struct Loaded {
    std::string text;
    Json::Value card;
    int code = 0;  // the exit code on failure
};

// Reads and parses the card. On failure prints why and sets the exit code.
Loaded load(const CardFile& file) {
    Loaded loaded;
    auto text = read(file.file);
    if (!text) {
        fmt::print(stderr, "{}: cannot be read\n", file.file);
        loaded.code = exit_code::kNoInput;
        return loaded;
    }
    loaded.text = *std::move(text);
    if (loaded.text.starts_with("\xEF\xBB\xBF")) loaded.text.erase(0, 3);  // a byte order mark
    auto card = parse_json(loaded.text);
    if (const auto fault = json_fault(loaded.text); fault || !card) {
        const JsonFault said = fault.value_or(JsonFault{});
        fmt::print(stderr, "{}:{}:{}: the card is not JSON: {}\n", file.file, said.position.line, said.position.column,
                   printable(said.words));
        loaded.code = exit_code::kBadData;
        return loaded;
    }
    loaded.card = *std::move(card);
    return loaded;
}

// ---- preview: HTML of both formats, with nothing fetched and no script ----

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem;color:#1b1b1b;background:#fff}"
    "main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1.5rem}"
    "section{min-width:0;overflow-wrap:anywhere}.card{border:1px solid #767676;border-radius:.5rem;padding:1rem}"
    ".part{margin:.75rem 0}.line{border-top:1px solid "
    "#767676;padding-top:.75rem}.bold{font-weight:600}.big{font-size:1.25rem}"
    ".accent,.good,.warning,.attention,.emphasis{border-left:4px solid "
    "#767676;padding-left:.75rem}.accent{border-color:#0f6cbd}"
    ".good{border-color:#107c10}.warning{border-color:#b86e00}.attention{border-color:#c50f1f}.columns{display:flex;"
    "gap:.75rem}"
    ".picture{display:inline-block;margin:.15rem 0;border:1px dashed #767676;padding:.25rem "
    ".5rem}dl{display:grid;grid-template-columns:fit-content(40%) "
    "1fr;gap:.25rem 1rem}"
    "dt{font-weight:600}dd{margin:0}dd p,dt p{margin:0}.button{display:inline-block;border:1px solid "
    "#767676;border-radius:.4rem;"
    "padding:.4rem 1rem;margin:.25rem .5rem .25rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}a{color:#8ab8ff}}";

std::string block(const std::string& classes, const std::string& html) {
    return html.empty() ? "" : fmt::format("<div class=\"{}\">{}</div>\n", classes, html);
}

std::string picture(const std::string& name) {
    return fmt::format("<span class=\"picture\">picture{}{}</span>\n", name.empty() ? "" : ": ", html_escape(name));
}

std::string button(const std::string& name) {
    return fmt::format("<span class=\"button\">{}</span>\n", html_escape(name.empty() ? "(no name)" : name));
}

std::string fact(const std::string& name, const std::string& value) {
    return fmt::format("<dt>{}</dt><dd>{}</dd>", markdown_html(name), markdown_html(value));
}

std::string fact_list(const std::string& facts) { return facts.empty() ? "" : "<dl>" + facts + "</dl>\n"; }

// The HTML of an element that cannot contain elements; nullopt for one that can.
std::optional<std::string> leaf_html(const Json::Value& element, const std::string& type) {
    std::string html;
    if (type == "TextBlock") {
        html = markdown_html(text_in(element, "text"));
        if (!text_in(element, "weight").empty()) html = block("bold", html);
        if (!text_in(element, "size").empty()) html = block("big", html);
        return html;
    }
    if (type == "Image") return picture(text_in(element, "altText"));
    if (type == "FactSet") {
        for (const Json::Value& one : list_in(element, "facts"))
            html += fact(text_in(one, "title"), text_in(one, "value"));
        return fact_list(html);
    }
    if (type == "RichTextBlock") {
        for (const Json::Value& run : list_in(element, "inlines"))
            html += html_escape(run.isString() ? run.asString() : text_in(run, "text"));
        return block("part", html);
    }
    if (type.starts_with("Input.")) {
        const std::string label = text_in(element, type == "Input.Toggle" ? "title" : "label");
        return block("part",
                     html_escape(label) + fmt::format(" <span class=\"picture\">{} {}</span>", html_escape(type),
                                                      html_escape(text_in(element, "placeholder"))));
    }
    return std::nullopt;
}

std::string classes_of(const Json::Value& element, std::string_view type) {
    std::string classes = type == "ColumnSet" || type == "TableRow" ? "columns" : "part";
    if (element.isObject() && element["separator"].isBool() && element["separator"].asBool()) classes += " line";
    // Only these five styles are shown.
    for (const char* style : {"accent", "good", "warning", "attention", "emphasis"}) {
        if (text_in(element, "style") == style) classes += std::string(" ") + style;
    }
    return classes;
}

std::string adaptive_html(const Json::Value& element) {
    const std::string type = text_in(element, "type");
    std::string html;
    if (auto leaf = leaf_html(element, type)) return *std::move(leaf);
    if (type.starts_with("Action.")) {
        html = button(text_in(element, "title"));
        if (type == "Action.ShowCard" && element.isMember("card"))
            html += block("part line", adaptive_html(element["card"]));
        return html;
    }
    constexpr std::array kHolders = {"",         "AdaptiveCard", "Container", "ColumnSet", "Column",
                                     "ImageSet", "ActionSet",    "Table",     "TableRow",  "TableCell"};
    if (std::ranges::find(kHolders, std::string_view(type)) == kHolders.end())
        return block("part", html_escape("(" + type + ": not drawn here)"));
    for (const char* name : {"body", "items", "columns", "images", "rows", "cells", "actions"}) {
        for (const Json::Value& inner : list_in(element, name)) html += adaptive_html(inner);
    }
    return block(classes_of(element, type), html);
}

std::string message_section_html(const CardSection& section) {
    std::string html = block("bold", markdown_html(section.title));
    if (!section.activity_image.empty()) html += picture("");
    html += block("bold", markdown_html(section.activity_title));
    html += markdown_html(section.activity_subtitle) + markdown_html(section.activity_text);
    if (section.has_hero) html += picture(section.hero.title);
    html += markdown_html(section.text);
    std::string facts;
    for (const CardFact& one : section.facts) facts += fact(one.name, one.value);
    html += fact_list(facts);
    for (const CardImage& image : section.images) html += picture(image.title);
    for (const CardAction& action : section.actions) html += button(action.name);
    return html;
}

std::string message_html(const MessageCard& card) {
    std::string html = block("bold big", markdown_html(card.title)) + markdown_html(card.text);
    for (const CardSection& section : card.sections) html += block("part line", message_section_html(section));
    for (const CardAction& action : card.actions) html += button(action.name);
    return html.empty() ? html_escape(card.summary) : html;
}

std::string card_html(const Json::Value& card) {
    if (text_in(card, "type") == "AdaptiveCard") return adaptive_html(card);
    if (text_in(card, "type") == "message") {
        std::string html;
        for (const Json::Value& attachment : list_in(card, "attachments")) {
            if (attachment.isObject()) html += adaptive_html(attachment["content"]);
        }
        return html;
    }
    return message_html(read_message_card(card));
}

bool shows_nothing(const Json::Value& card) {
    const std::string type = text_in(card, "type");
    if (type == "AdaptiveCard")
        return list_in(card, "body").empty() && list_in(card, "actions").empty() &&
               only_blanks(text_in(card, "fallbackText"));
    if (type == "message") return list_in(card, "attachments").empty();
    return only_blanks(text_in(card, "text")) && card_html(card).empty();
}

// Converts the card for the webhook's dialect. Prints the problem, if there is one, and the lost parts.
ConvertedCard convert(const CardFile& file, const Loaded& loaded) {
    ConvertedCard converted = card_for_dialect(loaded.card, file.dialect, example_action_link);
    if (converted.problem.empty() && shows_nothing(loaded.card))
        converted.problem = "nothing of the card is shown; o365-worker card check says why";
    if (!converted.problem.empty()) fmt::print(stderr, "{}: {}\n", file.file, converted.problem);
    for (const LostPart& lost : converted.lost) {
        fmt::print(stderr, "{}:{}: {}: lost: {}\n", file.file, position(loaded.text, lost.path), lost.path, lost.what);
    }
    return converted;
}

}  // namespace

int card_check(const Settings& settings, const CardFile& file) {
    const Loaded loaded = load(file);
    if (loaded.code != 0) return loaded.code;
    try {
        Database database(settings.database, settings.worker_role, "o365-worker card", Patience{},
                          statements_when(settings.prepared_statements));
        const Rows rows =
            file.connector.empty()
                ? database.call("select severity, path, problem, hint from o365.check_card($1::jsonb, $2)",
                                {loaded.text, file.dialect})
                : database.call("select severity, path, problem, hint from o365.check_card($1::jsonb, $2, $3)",
                                {loaded.text, file.dialect, file.connector});
        bool refused = false;
        for (int i = 0; i < rows.size(); ++i) {
            const std::string_view path = rows.text(i, 1);
            fmt::print(
                "{}:{}: {}\n", file.file, position(loaded.text, path),
                printable(fmt::format("{}: {}: {}. {}", rows.text(i, 0), path, rows.text(i, 2), rows.text(i, 3))));
            refused = refused || rows.text(i, 0) == "error";
        }
        return refused ? exit_code::kBadData : 0;
    } catch (const DatabaseError& error) {
        if (error.sqlstate() == "42704" || (error.sqlstate() == "42501" && !file.connector.empty()))
            return fail(exit_code::kUsage, error.what());
        if (error.fault() == Fault::refused) {
            fmt::print(stderr, "{}: {}\n", file.file, error.what());
            return exit_code::kBadData;
        }
        return fail(exit_code::kUnavailable, error.what());
    }
}

int card_convert(const CardFile& file) {
    const Loaded loaded = load(file);
    if (loaded.code != 0) return loaded.code;
    const ConvertedCard converted = convert(file, loaded);
    if (!converted.problem.empty()) return exit_code::kBadData;
    fmt::print("{}\n", without_blanks(card_body(loaded.text, file.dialect, example_action_link).text));
    return 0;
}

int card_preview(const CardFile& file) {
    const Loaded loaded = load(file);
    if (loaded.code != 0) return loaded.code;
    const ConvertedCard converted = convert(file, loaded);
    if (!converted.problem.empty()) return exit_code::kBadData;
    std::string lost;
    for (const LostPart& part : converted.lost)
        lost += fmt::format("<li><code>{}</code>: {}</li>\n", html_escape(part.path), html_escape(part.what));
    if (!lost.empty()) lost = "<h2>Lost</h2>\n<ul>\n" + lost + "</ul>\n";
    std::ofstream page(file.output, std::ios::binary | std::ios::trunc);
    page << fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Card preview</title>\n"
        "<style>{}</style>\n</head>\n<body>\n<h1>Card preview</h1>\n<main>\n<section>\n<h2>As it is sent</h2>\n"
        "<div class=\"card\" dir=\"auto\">\n{}</div>\n</section>\n<section>\n<h2>As a {} webhook gets it</h2>\n"
        "<div class=\"card\" dir=\"auto\">\n{}</div>\n</section>\n</main>\n{}</body>\n</html>\n",
        base64(sha256(kStyle)), kStyle, card_html(loaded.card), file.dialect, card_html(converted.card), lost);
    page.close();
    if (!page) {
        fmt::print(stderr, "{}: cannot be written\n", file.output);
        return exit_code::kCannotWrite;
    }
    fmt::print("{}\n", file.output);
    return 0;
}

}  // namespace o365
