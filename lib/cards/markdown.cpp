#include "lib/cards/markdown.h"

#include <cmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/base/text.h"
#include "lib/cards/html_markdown.h"

namespace o365 {
namespace {

using Node = std::unique_ptr<cmark_node, CFree<cmark_node_free>>;
using Iterator = std::unique_ptr<cmark_iter, CFree<cmark_iter_free>>;
void free_text(char* text) noexcept { cmark_get_default_mem_allocator()->free(text); }
using Text = std::unique_ptr<char, CFree<free_text>>;

bool may_open(std::string_view url) {
    return url.starts_with("https://") || url.starts_with("http://") || url.starts_with("mailto:");
}

// Replaces `node` by a text, in a paragraph of its own when the node is a block. Frees `node`.
void replace_by_text(cmark_node* node, const std::string& text, bool is_block) {
    cmark_node* const plain = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(plain, text.c_str());
    cmark_node* replacement = plain;
    if (is_block) {
        replacement = cmark_node_new(CMARK_NODE_PARAGRAPH);
        cmark_node_append_child(replacement, plain);
    }
    cmark_node_replace(node, replacement);
    cmark_node_free(node);
}

std::string literal(cmark_node* node) {
    const char* const text = cmark_node_get_literal(node);
    return text == nullptr ? std::string() : text;
}

// Replaces `node` by its children. Frees `node`.
void unwrap(cmark_node* node) {
    while (cmark_node* const child = cmark_node_first_child(node)) {
        cmark_node_unlink(child);
        cmark_node_insert_before(node, child);
    }
    cmark_node_unlink(node);
    cmark_node_free(node);
}

// Appends text of HTML to a line, with runs of blanks as one blank.
void add_words(std::string& line, std::string_view text) {
    for (const char c : text) {
        if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) {
            line += c;
        } else if (!line.empty() && !line.ends_with(' ')) {
            line += ' ';
        }
    }
}

constexpr std::string_view kComment = "!--";

// Removes the tag or comment with which `html` begins and returns its name in lower case, kComment for a comment. With
// <script> and <style> it removes their content too.
std::string take_tag(std::string_view& html) {
    if (html.starts_with("<!--")) {
        const auto close = html.find("-->");
        html.remove_prefix(close == std::string_view::npos ? html.size() : close + 3);
        return std::string(kComment);
    }
    const auto close = std::min(html.find('>'), html.size());
    const std::string_view inside = html.substr(1, close - 1);
    std::string name = lower(inside.substr(0, inside.find_first_of(" \t\r\n>")));
    html.remove_prefix(std::min(close + 1, html.size()));
    if (name == "script" || name == "style") html.remove_prefix(std::min(lower(html).find("</" + name), html.size()));
    return name;
}

bool ends_line(std::string_view tag) {
    constexpr std::array<std::string_view, 13> kEnds = {"/tr", "/p",  "/div", "/li", "/blockquote", "br", "br/",
                                                        "/h1", "/h2", "/h3",  "/h4", "/h5",         "/h6"};
    return std::ranges::find(kEnds, tag) != kEnds.end();
}

// The first line of what a browser would show of a block of HTML: a row of a table is a line, a script, a style and a
// comment are nothing. "" for none.
std::string first_line_of_html(std::string_view html) {
    std::string line;
    while (!html.empty()) {
        const auto open = std::min(html.find('<'), html.size());
        add_words(line, html.substr(0, open));
        html.remove_prefix(open);
        if (html.empty()) break;
        const std::string tag = take_tag(html);
        if (ends_line(tag) && !trimmed(line).empty()) break;
        if (tag != kComment && tag != "script" && tag != "style") add_words(line, " ");
    }
    return without_references(trimmed(line));
}

}  // namespace

std::string markdown_html(std::string_view text) {
    if (text.empty()) return {};
    const Node document(cmark_parse_document(text.data(), text.size(), CMARK_OPT_VALIDATE_UTF8));
    std::vector<cmark_node*> found;  // nodes to change after the walk, because an iterator does not outlive its node
    {
        const Iterator walk(cmark_iter_new(document.get()));
        for (cmark_event_type event = cmark_iter_next(walk.get()); event != CMARK_EVENT_DONE;
             event = cmark_iter_next(walk.get())) {
            cmark_node* const node = cmark_iter_get_node(walk.get());
            const cmark_node_type type = cmark_node_get_type(node);
            const bool leaf = type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE;
            const bool link = event == CMARK_EVENT_EXIT && (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE);
            if (leaf || link) found.push_back(node);
        }
    }
    for (cmark_node* const node : found) {
        const cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE) {
            replace_by_text(node, literal(node), type == CMARK_NODE_HTML_BLOCK);
        } else if (const char* const url = cmark_node_get_url(node); url == nullptr || !may_open(url)) {
            unwrap(node);
        } else if (type == CMARK_NODE_IMAGE) {
            cmark_node* const link = cmark_node_new(CMARK_NODE_LINK);
            cmark_node_set_url(link, url);
            while (cmark_node* const child = cmark_node_first_child(node)) {
                cmark_node_unlink(child);
                cmark_node_append_child(link, child);
            }
            cmark_node_replace(node, link);
            cmark_node_free(node);
        }
    }
    const Text html(cmark_render_html(document.get(), CMARK_OPT_DEFAULT));
    return html == nullptr ? std::string() : html.get();
}

std::string markdown_first_line(std::string_view text) {
    const Node document(cmark_parse_document(text.data(), text.size(), CMARK_OPT_VALIDATE_UTF8));
    std::string line;
    const Iterator walk(cmark_iter_new(document.get()));
    for (cmark_event_type event = cmark_iter_next(walk.get()); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(walk.get())) {
        cmark_node* const node = cmark_iter_get_node(walk.get());
        const cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
            line += literal(node);
        } else if (type == CMARK_NODE_CODE_BLOCK) {
            const std::string code = literal(node);
            line += code.substr(0, code.find('\n'));
        } else if (type == CMARK_NODE_HTML_BLOCK) {
            if (std::string shown = first_line_of_html(literal(node)); !shown.empty()) return shown;
        }
        const bool ends = type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK ||
                          type == CMARK_NODE_CODE_BLOCK ||
                          (event == CMARK_EVENT_EXIT && (type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING));
        const auto from = line.find_first_not_of(" \t");
        if (ends && from != std::string::npos) return line.substr(from, line.find_last_not_of(" \t") - from + 1);
        if (ends) line.clear();
    }
    return {};
}

}  // namespace o365
