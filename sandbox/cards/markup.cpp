#include "sandbox/cards/markup.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "lib/cards/markdown.h"
#include "lib/http/http.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

bool has_scheme(std::string_view uri, std::string_view scheme) {
    return same_name(uri.substr(0, scheme.size()), scheme);
}

// One line of Markdown, from its first character that is not a blank, with code and pictures escaped.
std::string without_code(std::string_view line) {
    std::string simple;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '`') simple += '\\';
        simple += c;
        if (c == '\\' && i + 1 < line.size()) simple += line[++i];
        if (c == '!' && line.substr(i + 1).starts_with('[')) simple += '\\';
    }
    return simple;
}

// Markdown of an Adaptive Card in Teams (office365-connectors.md 6.1): emphasis, lists and links. Other markup of
// CommonMark is escaped, so that it is shown as it was written.
std::string only_simple_markdown(std::string_view text) {
    constexpr std::size_t kCode = 4;  // so many blanks before a line make it code
    std::string simple;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        const std::string_view rest = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
        const std::string_view blanks = line.substr(0, line.size() - rest.size());
        const bool is_item = !rest.empty() && std::string_view("-*+0123456789").find(rest.front()) != rest.npos;
        const bool is_code = !is_item && (blanks.size() >= kCode || blanks.find('\t') != blanks.npos);
        const bool is_rule = !rest.empty() && rest.find_first_not_of("-*_ \t") == rest.npos;
        const bool is_block = !rest.empty() && std::string_view("#>~=").find(rest.front()) != rest.npos;
        simple += is_code ? "" : blanks;
        if (is_rule || is_block) simple += '\\';
        simple += without_code(rest);
        if (end < text.size()) simple += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return simple;
}

// Text of HTML, escaped where it is not escaped yet: a character reference stays one.
std::string escaped_html(std::string_view text) {
    constexpr std::string_view kAmpersand = "&amp;";
    std::string escaped = html_escape(text);
    for (auto at = escaped.find(kAmpersand); at != std::string::npos; at = escaped.find(kAmpersand, at + 1)) {
        const auto name = at + kAmpersand.size();
        const auto end =
            escaped.find_first_not_of("#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", name);
        if (end != std::string::npos && end > name && escaped[end] == ';') escaped.erase(at + 1, kAmpersand.size() - 1);
    }
    return escaped;
}

struct Tag {
    std::string name;  // in lower case; empty: it is none that may stay
    std::string href;
    bool closes = false;
    std::size_t size = 0;  // in the text
};

// The tag at the beginning of `text`, which begins with "<".
Tag tag_at(std::string_view text) {
    constexpr std::array<std::string_view, 21> kAllowed = {"b",   "strong", "i",   "em",   "u",          "s",  "strike",
                                                           "del", "p",      "br",  "h1",   "h2",         "h3", "ul",
                                                           "ol",  "li",     "pre", "code", "blockquote", "a",  "div"};
    constexpr std::size_t kMaxTag = 4096;
    Tag tag;
    const auto end = text.substr(0, kMaxTag).find('>');
    if (end == std::string_view::npos) return tag;
    std::string_view inside = text.substr(1, end - 1);
    tag.closes = inside.starts_with('/');
    if (tag.closes) inside.remove_prefix(1);
    const std::string_view name = inside.substr(0, inside.find_first_of(" \t\r\n/"));
    const auto* const known =
        std::find_if(kAllowed.begin(), kAllowed.end(), [&](std::string_view one) { return same_name(one, name); });
    if (known == kAllowed.end()) return tag;
    tag.name = *known;
    tag.size = end + 1;
    for (const std::string_view quote : {"\"", "'"}) {
        const std::string opening = " href=" + std::string(quote);
        const auto at = inside.find(opening);
        if (at == std::string_view::npos) continue;
        const auto value = inside.substr(at + opening.size());
        if (is_link(value.substr(0, value.find(quote)))) tag.href = value.substr(0, value.find(quote));
    }
    return tag;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

}  // namespace

bool is_web(std::string_view uri) { return has_scheme(uri, "https://") || has_scheme(uri, "http://"); }

bool is_link(std::string_view uri) { return is_web(uri) || has_scheme(uri, "mailto:"); }

std::vector<Mention> mentions_of(const Json::Value& card) {
    constexpr std::string_view kBegin = "<at>";
    constexpr std::string_view kEnd = "</at>";
    std::vector<Mention> mentions;
    for (const Json::Value& entity : list_in(card["msteams"], "entities")) {
        const std::string text = text_in(entity, "text");
        if (text_in(entity, "type") == "mention" && !text_in(entity["mentioned"], "id").empty() &&
            text.starts_with(kBegin) && text.ends_with(kEnd) && text.size() > kBegin.size() + kEnd.size())
            mentions.push_back({text, text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size())});
    }
    return mentions;
}

std::string adaptive_html(std::string_view text, const std::vector<Mention>& mentions) {
    // Characters of the supplementary private use area: Markdown leaves them alone.
    const auto mark = [](std::size_t i) {
        return std::string("\xf3\xb0") + static_cast<char>(0x80 + i / 64) + static_cast<char>(0x80 + i % 64);
    };
    const std::size_t shown = std::min<std::size_t>(mentions.size(), 4096);
    std::string marked(text);
    for (std::size_t i = 0; i < shown; ++i) replace_all(marked, mentions[i].text, mark(i));
    std::string html = markdown_html(only_simple_markdown(marked));
    for (std::size_t i = 0; i < shown; ++i)
        replace_all(html, mark(i), "<span class=\"mention\">" + html_escape(mentions[i].name) + "</span>");
    return html;
}

std::string limited_html(std::string_view html) {
    std::string result;
    std::vector<std::string> open;
    const auto close = [&] {
        result += "</" + open.back() + ">";
        open.pop_back();
    };
    while (!html.empty()) {
        const auto next = html.find('<');
        result += escaped_html(html.substr(0, next));
        if (next == std::string_view::npos) break;
        html.remove_prefix(next);
        const Tag tag = tag_at(html);
        if (tag.name.empty()) {
            result += "&lt;";
            html.remove_prefix(1);
            continue;
        }
        html.remove_prefix(tag.size);
        if (tag.name == "br") {
            result += "<br>";
        } else if (!tag.closes) {
            result += "<" + tag.name;
            if (tag.name == "a" && !tag.href.empty())
                result += " rel=\"noreferrer\" target=\"_blank\" href=\"" + escaped_html(tag.href) + "\"";
            result += ">";
            open.push_back(tag.name);
        } else if (std::find(open.begin(), open.end(), tag.name) != open.end()) {
            while (open.back() != tag.name) close();
            close();
        }
    }
    while (!open.empty()) close();
    return result;
}

}  // namespace o365
