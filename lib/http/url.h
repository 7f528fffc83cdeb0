// URLs, parsed by libcurl's own parser, so that what checks a webhook and what sends to it agree
// (callback-and-fastcgi.md 2.3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case, no trailing dot
    int port = 0;        // 443 for https when absent
    std::string path;    // as written, begins with "/"
    bool has_query = false;
    bool has_fragment = false;
    bool has_user = false;  // or a password
};

// nullopt when it is no absolute http(s) URL, or its port is not in 1..65535.
std::optional<Url> parse_url(std::string_view text);

// Scheme, host, and the port unless it is the scheme's own: what a browser compares and a Content-Security-Policy
// names.
std::string origin_of(const Url& url);

// `text` as a part of a URL: all but RFC 3986's unreserved characters as %XX.
std::string url_encode(std::string_view text);

// Whether a host in lower case is `domain` or lies below it, label by label.
bool is_at_or_below(std::string_view host, std::string_view domain);

// The longest webhook, in bytes.
inline constexpr std::size_t kMaxWebhook = 2048;

// Why a text cannot be a webhook.
enum class WebhookFault {
    none,
    empty,
    too_long,        // over kMaxWebhook bytes
    bad_characters,  // blanks, control characters, a backslash, anything beyond ASCII
    no_url,          // libcurl cannot read it
    not_https,
    names_user,  // https://user:password@host
    has_fragment,
    is_address,  // an IP address in any notation
    bad_host,  // it does not begin with "https://" and its host: https:/host, host%2e, a dot at the end, no dot at all
    escaped_as_html,  // &amp; where & belongs
    cut_off,          // the path of one of Microsoft's own webhooks ends too early
    no_signature      // a Workflows webhook without sig, to which nobody outside its tenant may post
};

// A word for it that texts of pages are found by: "no_signature"; "" for none.
const char* code_of(WebhookFault fault);

struct Webhook {
    WebhookFault fault = WebhookFault::none;
    std::string problem;  // the same as a sentence for operators, never quoting the text; empty for none
    Url url;              // when there is no fault
};

// Judges a webhook, whatever its host, by what can never work; the callback, pages that take a pasted webhook and the
// worker ask this one function. Host and port are judged by the database (o365_internal.webhook_dialect), label by
// label.
Webhook parse_webhook(std::string_view text);

}  // namespace o365
