#include "lib/http/pasted_webhook.h"

#include <algorithm>
#include <array>
#include <optional>

#include "lib/base/text.h"
#include "lib/http/http.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxPasted = 8192;

// Characters that are no part of an address and take no room, or the room of a blank, in UTF-8.
constexpr std::array<std::string_view, 10> kInvisible = {"\xC2\xA0",     "\xC2\xAD",     "\xE2\x80\x8B", "\xE2\x80\x8C",
                                                         "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x81\xA0",
                                                         "\xEF\xBB\xBF", "\xE2\x80\xAF"};
// What people, mail programs and chats put around an address.
constexpr std::array<std::string_view, 10> kQuotes = {"\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "\xE2\x80\x98",
                                                      "\xE2\x80\x99", "\xE2\x80\x9A", "\xC2\xAB",     "\xC2\xBB",
                                                      "\xE2\x80\xB9", "\xE2\x80\xBA"};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }

std::size_t find_scheme(std::string_view text) {
    const std::string lowered = lower(text);
    return std::min({lowered.find("https://"), lowered.find("http://"), lowered.find("https%3a%2f%2f")});
}

// Whether the word behind a blank belongs to the address, which was broken there, and is not other text.
bool goes_on(std::string_view word) {
    if (find_scheme(word) == 0) return false;  // another address
    return word.find_first_of("=&%/?") != std::string_view::npos || lower(word).find("sig") != std::string::npos;
}

// The address with which `text` begins, without the blanks and line breaks in it: mail programs break long lines. Ends
// where other words begin.
std::string joined(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto end = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
        result += text.substr(0, end);
        text.remove_prefix(end);
        const auto next = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_blank) - text.begin());
        const bool line_break = text.substr(0, next).find_first_of("\r\n") != std::string_view::npos;
        text.remove_prefix(next);
        const auto word_ends =
            static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
        const bool last = word_ends == text.size();
        if (!goes_on(text.substr(0, word_ends)) && !(line_break && last)) break;
    }
    return result;
}

std::string with_plain_ampersands(std::string text) {
    for (const std::string_view reference : {"&amp;", "&AMP;", "&#38;", "&#x26;", "&#X26;", "&#038;"}) {
        // Addresses that were escaped twice are not rare: &amp;amp;
        while (text.find(reference) != std::string::npos) text = replace_all(std::move(text), reference, "&");
    }
    return text;
}

// Ends the address at a quotation mark or bracket that no webhook has, at a fragment, which is never sent, and before
// the punctuation that ends a sentence.
void cut_at_closing(std::string& text) {
    text.resize(std::min(text.size(), text.find_first_of("\"'<>`)]}|\\^{#")));
    for (const std::string_view quote : kQuotes) text.resize(std::min(text.size(), text.find(quote)));
    while (!text.empty() && (text.back() == '.' || text.back() == ',' || text.back() == ';' || text.back() == '!'))
        text.pop_back();
}

std::optional<std::string> decoded(std::string_view text) {
    const Parameters parameters = Parameters::parse_query("u=" + replace_all(std::string(text), "+", "%2B"));
    return parameters.fault("u") != nullptr ? std::nullopt : parameters.get("u");
}

// https://eur01.safelinks.protection.outlook.com/?url=<the address, encoded>&data=...
std::optional<std::string> behind_safe_link(const std::string& text) {
    const auto url = parse_url(text);
    if (!url || !url->host.ends_with(".safelinks.protection.outlook.com")) return std::nullopt;
    const Parameters query = Parameters::parse_query(std::string_view(text).substr(text.find('?') + 1));
    return query.fault("url") != nullptr ? std::nullopt : query.get("url");
}

// The address with which a text begins, put right.
std::string address_at_begin(std::string_view begins) {
    std::string text = joined(begins);
    if (lower(text.substr(0, 14)) == "https%3a%2f%2f") text = decoded(text).value_or("");
    text = with_plain_ampersands(std::move(text));
    cut_at_closing(text);
    if (const auto target = behind_safe_link(text)) text = with_plain_ampersands(*target);
    return text;
}

// The address in what was pasted: the first one that has a sig, else the first one; empty when there is none.
std::string find_address(std::string_view pasted) {
    std::string text(pasted);
    for (const std::string_view character : kInvisible) text = replace_all(std::move(text), character, " ");
    std::string first;
    std::string_view left = text;
    for (auto starts = find_scheme(left); starts != std::string_view::npos; starts = find_scheme(left)) {
        left.remove_prefix(starts);
        std::string address = address_at_begin(left);
        if (address.find("sig=") != std::string::npos) return address;
        if (first.empty()) first = std::move(address);
        left.remove_prefix(1);
    }
    return first;
}

PasteFault fault_of_place(const Url& url) {
    if (is_at_or_below(url.host, "teams.microsoft.com") || is_at_or_below(url.host, "teams.cloud.microsoft") ||
        is_at_or_below(url.host, "teams.live.com") || is_at_or_below(url.host, "teams.microsoft.us"))
        return PasteFault::teams_link;
    if (is_at_or_below(url.host, "make.powerautomate.com") || is_at_or_below(url.host, "flow.microsoft.com") ||
        is_at_or_below(url.host, "powerautomate.com") || is_at_or_below(url.host, "make.powerapps.com") ||
        is_at_or_below(url.host, "portal.azure.com"))
        return PasteFault::flow_page;
    if (is_at_or_below(url.host, "webhook.office.com") || is_at_or_below(url.host, "webhook.office365.us") ||
        ((url.host == "outlook.office.com" || url.host == "outlook.office365.com") &&
         lower(url.path).starts_with("/webhook")))
        return PasteFault::connector_webhook;
    return PasteFault::none;
}

PasteFault from(WebhookFault fault) {
    switch (fault) {
        case WebhookFault::none:
            return PasteFault::none;
        case WebhookFault::empty:
            return PasteFault::empty;
        case WebhookFault::too_long:
            return PasteFault::too_long;
        case WebhookFault::not_https:
            return PasteFault::http;
        case WebhookFault::names_user:
            return PasteFault::names_user;
        case WebhookFault::is_address:
        case WebhookFault::bad_host:
            return PasteFault::bad_host;
        case WebhookFault::cut_off:
            return PasteFault::cut_off;
        case WebhookFault::no_signature:
            return PasteFault::no_signature;
        case WebhookFault::bad_characters:
        case WebhookFault::no_url:
        case WebhookFault::has_fragment:
        case WebhookFault::escaped_as_html:
            return PasteFault::not_a_url;
    }
    return PasteFault::not_a_url;
}

// Whether the query was cut off: it has sp=, which Microsoft writes before sig=, and no sig.
bool is_cut(std::string_view text) {
    const auto question = text.find('?');
    if (question == std::string_view::npos) return false;
    const std::string_view query = text.substr(question + 1);
    return query.find("sig") == std::string_view::npos && query.find("sp=") != std::string_view::npos;
}

struct Code {
    PasteFault fault;
    const char* code;
};

constexpr std::array kCodes = {Code{PasteFault::none, ""},
                               Code{PasteFault::empty, "empty"},
                               Code{PasteFault::too_long, "too_long"},
                               Code{PasteFault::not_a_url, "not_a_url"},
                               Code{PasteFault::http, "http"},
                               Code{PasteFault::teams_link, "teams_link"},
                               Code{PasteFault::flow_page, "flow_page"},
                               Code{PasteFault::connector_webhook, "connector_webhook"},
                               Code{PasteFault::no_signature, "no_signature"},
                               Code{PasteFault::cut_off, "cut_off"},
                               Code{PasteFault::names_user, "names_user"},
                               Code{PasteFault::bad_host, "bad_host"}};

}  // namespace

const char* code_of(PasteFault fault) {
    return std::find_if(kCodes.begin(), kCodes.end(), [&](const Code& one) { return one.fault == fault; })->code;
}

PastedWebhook parse_pasted_webhook(std::string_view pasted) {
    PastedWebhook result;
    const auto refuse = [&](PasteFault fault) {
        result.fault = fault;
        return result;
    };
    if (std::all_of(pasted.begin(), pasted.end(), is_blank)) return refuse(PasteFault::empty);
    if (pasted.size() > kMaxPasted) return refuse(PasteFault::too_long);
    std::string text = find_address(pasted);
    if (text.empty()) return refuse(PasteFault::not_a_url);
    if (text.size() > kMaxWebhook) return refuse(PasteFault::too_long);
    // A link or another page's address is named first, whatever else is wrong with it.
    if (const auto url = parse_url(text)) {
        if (const PasteFault fault = fault_of_place(*url); fault != PasteFault::none) return refuse(fault);
    }
    Webhook webhook = parse_webhook(text);
    if (webhook.fault == WebhookFault::no_signature && is_cut(text)) return refuse(PasteFault::cut_off);
    if (webhook.fault != WebhookFault::none) return refuse(from(webhook.fault));
    result.text = std::move(text);
    result.url = std::move(webhook.url);
    return result;
}

}  // namespace o365
