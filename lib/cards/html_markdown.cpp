#include "lib/cards/html_markdown.h"

#include <utf8.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/http/web_address.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxTag = 4096;  // a longer text is not taken for a tag

bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & '\x80') != 0; }

// ---- Character references ----

struct Named {
    std::string_view name;
    std::string_view character;
};
// The references that senders' libraries write. HTML has many more, which stay as they are.
constexpr std::array kNamed = {
    Named{"amp", "&"},         Named{"lt", "<"},          Named{"gt", ">"},          Named{"quot", "\""},
    Named{"apos", "'"},        Named{"nbsp", "\u00a0"},   Named{"euro", "\u20ac"},   Named{"copy", "\u00a9"},
    Named{"reg", "\u00ae"},    Named{"trade", "\u2122"},  Named{"hellip", "\u2026"}, Named{"ndash", "\u2013"},
    Named{"mdash", "\u2014"},  Named{"bull", "\u2022"},   Named{"middot", "\u00b7"}, Named{"lsquo", "\u2018"},
    Named{"rsquo", "\u2019"},  Named{"ldquo", "\u201c"},  Named{"rdquo", "\u201d"},  Named{"laquo", "\u00ab"},
    Named{"raquo", "\u00bb"},  Named{"times", "\u00d7"},  Named{"deg", "\u00b0"},    Named{"pound", "\u00a3"},
    Named{"sect", "\u00a7"},   Named{"auml", "\u00e4"},   Named{"ouml", "\u00f6"},   Named{"uuml", "\u00fc"},
    Named{"Auml", "\u00c4"},   Named{"Ouml", "\u00d6"},   Named{"Uuml", "\u00dc"},   Named{"szlig", "\u00df"},
    Named{"eacute", "\u00e9"}, Named{"egrave", "\u00e8"}, Named{"larr", "\u2190"},   Named{"rarr", "\u2192"}};

// A code point in UTF-8; empty for control characters and for numbers that are not code points.
std::string character_of(std::uint32_t code) {
    if (code < 0x20 ? code != '\n' && code != '\t'
                    : code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) || (code >= 0x7F && code < 0xA0))
        return {};
    std::string result;
    utf8::append(code, std::back_inserter(result));
    return result;
}

struct Reference {
    std::string character;
    std::size_t size = 0;  // in the text
};

// The character reference with which `text` begins. `text` begins with "&".
std::optional<Reference> reference_at(std::string_view text) {
    constexpr std::size_t kLongest = 12;
    const auto end = text.substr(0, kLongest).find(';');
    if (end == std::string_view::npos || end < 2) return std::nullopt;
    std::string_view name = text.substr(1, end - 1);
    if (!name.starts_with('#')) {
        const auto* const found = std::ranges::find(kNamed, name, &Named::name);
        if (found == kNamed.end()) return std::nullopt;
        return Reference{std::string(found->character), end + 1};
    }
    name.remove_prefix(1);
    const bool hex = name.starts_with('x') || name.starts_with('X');
    if (hex) name.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
    if (name.empty() || error != std::errc() || stop != name.data() + name.size()) return std::nullopt;
    std::string character = character_of(code);
    if (character.empty()) return std::nullopt;
    return Reference{std::move(character), end + 1};
}

// A decoded character as Markdown, `rest` being the text behind it; nullopt when the reference must stay.
std::optional<std::string> in_markdown(const std::string& character, std::string_view rest) {
    const char next = rest.empty() ? ' ' : rest.front();
    if (character == "<") {
        if (std::isalpha(static_cast<unsigned char>(next)) != 0 ||
            std::string_view("/!?").find(next) != std::string_view::npos)
            return std::nullopt;
        return character;
    }
    if (character == "&") {
        // Escape it where it would begin another reference.
        const auto end = rest.find_first_not_of("#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        return end != std::string_view::npos && end > 0 && rest[end] == ';' ? "\\&" : character;
    }
    if (character.size() == 1 && std::string_view("\\`*_[]#~|").find(character.front()) != std::string_view::npos)
        return "\\" + character;
    return character;
}

// ---- Tags ----

struct Tag {
    std::string name;  // in lower case; empty: it is no tag
    std::string_view attributes;
    bool closes = false;
    std::size_t size = 0;  // in the text
};

// The tag with which `text` begins. `text` begins with "<". A ">" in quotation marks does not end the tag.
Tag tag_at(std::string_view text) {
    Tag tag;
    const std::string_view all = text.substr(0, kMaxTag);
    std::size_t at = 1;
    tag.closes = all.size() > 1 && all[1] == '/';
    if (tag.closes) ++at;
    const std::size_t name_begins = at;
    while (at < all.size() && std::isalnum(static_cast<unsigned char>(all[at])) != 0) ++at;
    const std::size_t name_ends = at;
    if (name_ends == name_begins || at == all.size() ||
        std::string_view(" \t\r\n/>").find(all[at]) == std::string_view::npos)
        return tag;
    char quote = 0;
    for (; at < all.size(); ++at) {
        if (quote != 0) {
            if (all[at] == quote) quote = 0;
        } else if ((all[at] == '"' || all[at] == '\'') && all[at - 1] == '=') {
            quote = all[at];
        } else if (all[at] == '<') {
            return tag;
        } else if (all[at] == '>') {
            tag.name = lower(all.substr(name_begins, name_ends - name_begins));
            tag.attributes = all.substr(name_ends, at - name_ends);
            tag.size = at + 1;
            return tag;
        }
    }
    return tag;
}

// The value of an attribute in quotes; empty where there is none.
std::string attribute(std::string_view attributes, std::string_view name) {
    const std::string names = lower(attributes);
    for (auto at = names.find(name); at != std::string::npos; at = names.find(name, at + 1)) {
        const auto equals = at + name.size();
        if (at == 0 || std::isspace(static_cast<unsigned char>(names[at - 1])) == 0 || equals + 1 >= names.size() ||
            names[equals] != '=')
            continue;
        const char quote = names[equals + 1];
        if (quote != '"' && quote != '\'') continue;
        const auto end = attributes.find(quote, equals + 2);
        if (end == std::string_view::npos) return {};
        return without_references(attributes.substr(equals + 2, end - equals - 2));
    }
    return {};
}

// A URL as all parsers of Markdown read it, with parentheses encoded; empty unless it is a web address.
std::string address(const std::string& url) {
    if (!is_web_address(url)) return {};
    std::string result;
    for (const char c : url) {
        if (c == '(') {
            result += "%28";
        } else if (c == ')') {
            result += "%29";
        } else {
            result += c;
        }
    }
    return result;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

std::string_view marker(std::string_view name) {
    if (is_one_of(name, {"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"})) return "**";
    if (is_one_of(name, {"i", "em"})) return "_";
    if (is_one_of(name, {"code", "tt", "kbd"})) return "`";
    if (is_one_of(name, {"s", "strike", "del"})) return "~~";
    return {};
}

bool is_heading(std::string_view name) { return name.size() == 2 && name.front() == 'h'; }

// Tags that only change the look.
bool is_only_a_look(std::string_view name) {
    return is_one_of(name,
                     {"u", "span", "font", "small", "big", "center", "ins", "mark", "sub", "sup", "pre", "label"});
}

class Converter {
  public:
    explicit Converter(std::string_view text) : rest_(text), size_(text.size()) {
        for (auto at = text.find("</"); at != std::string_view::npos; at = text.find("</", at + 1)) {
            const Tag tag = tag_at(text.substr(at));
            if (!tag.name.empty()) last_closing_[tag.name] = at;
        }
    }

    std::string convert() {
        while (!rest_.empty()) {
            const auto next = rest_.find_first_of("<`&[]");
            result_ += rest_.substr(0, next);
            if (next == std::string_view::npos) break;
            rest_.remove_prefix(next);
            if (rest_.front() == '`') {
                take_code();
            } else if (rest_.front() == '&') {
                take_reference();
            } else if (rest_.front() != '<') {
                // Escape a bracket in the text of a link.
                if (links_ > 0) result_ += '\\';
                take(1);
            } else if (const Tag tag = tag_at(rest_); tag.name.empty() || !take_tag(tag)) {
                take(1);
            }
        }
        return std::move(result_);
    }

  private:
    struct Open {
        std::string name;
        std::size_t at = 0;  // in result_, behind the marker
        std::string closing;
        int items = 0;  // of a list
    };

    void take(std::size_t count) {
        result_ += rest_.substr(0, count);
        rest_.remove_prefix(std::min(count, rest_.size()));
    }

    void take_code() {
        const auto close = rest_.find('`', 1);
        take(close == std::string_view::npos ? 1 : close + 1);
    }

    void take_reference() {
        const auto reference = reference_at(rest_);
        const auto decoded =
            reference ? in_markdown(reference->character, rest_.substr(reference->size)) : std::nullopt;
        if (!decoded) return take(1);
        result_ += *decoded;
        rest_.remove_prefix(reference->size);
    }

    // Whether the tag is closed behind this place. Looks it up: searching would be slow in a text of many tags.
    bool closes_later(const Tag& tag) const {
        const auto last = last_closing_.find(tag.name);
        return last != last_closing_.end() && last->second > size_ - rest_.size();
    }

    // False for a tag that stays text.
    bool take_tag(const Tag& tag) {
        if (is_one_of(tag.name, {"br", "hr"})) {
            result_ += "\n\n";
        } else if (tag.name == "img") {
            const std::string url = address(attribute(tag.attributes, "src"));
            if (url.empty()) return false;
            std::string name = attribute(tag.attributes, "alt");
            std::erase_if(name, [](char c) { return c == '[' || c == ']' || c == '\n'; });
            result_ += "![" + name + "](" + url + ")";
        } else if (is_one_of(tag.name, {"p", "div"})) {
            if (tag.closes) result_ += "\n\n";
            if (!tag.closes && tag.name == "div" && !result_.empty() && !result_.ends_with('\n')) result_ += "\n\n";
        } else if (is_one_of(tag.name, {"ul", "ol"})) {
            take_list(tag);
        } else if (tag.name == "li") {
            if (!tag.closes) begin_item();
        } else if (!is_only_a_look(tag.name)) {
            if (tag.closes ? !close(tag.name) : !open(tag)) return false;
        }
        rest_.remove_prefix(tag.size);
        return true;
    }

    void take_list(const Tag& tag) {
        if (!tag.closes) {
            open_.push_back({tag.name, result_.size(), "", 0});
            return;
        }
        const auto found =
            std::find_if(open_.rbegin(), open_.rend(), [&](const Open& one) { return one.name == tag.name; });
        if (found != open_.rend()) open_.erase(std::next(found).base());
        result_ += "\n\n";
    }

    void begin_item() {
        const auto list = std::find_if(open_.rbegin(), open_.rend(), [](const Open& one) {
            return is_one_of(one.name, {"ul", "ol"});
        });
        result_ += "\n";
        result_ += list != open_.rend() && list->name == "ol" ? std::to_string(++list->items) + ". " : "- ";
    }

    bool open(const Tag& tag) {
        if (tag.name == "a") {
            const std::string url = address(attribute(tag.attributes, "href"));
            if (url.empty() || !closes_later(tag)) return false;
            result_ += '[';
            ++links_;
            open_.push_back({tag.name, result_.size(), "](" + url + ")", 0});
            return true;
        }
        const std::string_view mark = marker(tag.name);
        if (mark.empty() || !closes_later(tag)) return false;
        // "<b>1</b><b>2</b>" becomes one emphasis, because "**1****2**" would not be read as emphasis.
        if (closed_at_ == result_.size() && closed_mark_ == mark && !is_heading(tag.name)) {
            result_.resize(result_.size() - mark.size());
            open_.push_back({tag.name, reopened_at_, std::string(mark), 0});
            return true;
        }
        result_ += mark;
        open_.push_back({tag.name, result_.size(), std::string(mark), 0});
        return true;
    }

    bool close(const std::string& name) {
        const auto found =
            std::find_if(open_.rbegin(), open_.rend(), [&](const Open& one) { return one.name == name; });
        if (found == open_.rend()) {
            // It was closed with the tag around it.
            const auto early = std::ranges::find(closed_early_, name);
            if (early == closed_early_.end()) return false;
            closed_early_.erase(early);
            return true;
        }
        while (open_.back().name != name) {
            closed_early_.push_back(open_.back().name);
            finish();
        }
        finish();
        return true;
    }

    // Ends the innermost tag. Markdown's emphasis must begin and end at a visible character, so blanks are moved out of
    // it, and blanks alone get none.
    void finish() {
        const Open one = std::move(open_.back());
        open_.pop_back();
        if (one.closing.empty()) return;
        if (one.name == "a") {
            --links_;
            result_ += one.closing;
            return;
        }
        std::string inside = result_.substr(one.at);
        result_.resize(one.at - one.closing.size());
        const auto from = inside.find_first_not_of(" \t\r\n");
        if (from == std::string::npos) {
            result_ += inside;
            return;
        }
        const auto to = inside.find_last_not_of(" \t\r\n") + 1;
        result_ += inside.substr(0, from);
        // Inside a word, "_" is not read as emphasis.
        const bool in_word = (!result_.empty() && is_letter_or_digit(result_.back())) ||
                             (to == inside.size() && rest_.find('>') + 1 < rest_.size() &&
                              is_letter_or_digit(rest_[rest_.find('>') + 1]));
        const std::string mark = one.closing == "_" && in_word ? "*" : one.closing;
        result_ += mark;
        reopened_at_ = result_.size();
        result_ += inside.substr(from, to - from);
        result_ += mark;
        closed_at_ = result_.size();
        closed_mark_ = mark;
        if (is_heading(one.name)) {
            result_ += "\n\n";
        } else {
            result_ += inside.substr(to);
        }
    }

    std::string_view rest_;
    std::size_t size_;                                 // of the text
    std::map<std::string, std::size_t> last_closing_;  // where in the text, by the tag's name
    int links_ = 0;                                    // that are open
    std::string result_;
    std::vector<Open> open_;
    std::vector<std::string> closed_early_;
    std::size_t closed_at_ = std::string::npos;
    std::size_t reopened_at_ = 0;
    std::string closed_mark_;
};

}  // namespace

std::string markdown_from_html(std::string_view text) {
    if (text.find_first_of("<&") == std::string_view::npos) return std::string(text);
    return Converter(text).convert();
}

std::string without_references(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto next = text.find('&');
        result += text.substr(0, next);
        if (next == std::string_view::npos) break;
        text.remove_prefix(next);
        const auto reference = reference_at(text);
        result += reference ? reference->character : "&";
        text.remove_prefix(reference ? reference->size : 1);
    }
    return result;
}

}  // namespace o365
