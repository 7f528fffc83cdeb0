// URLs, parsed by libcurl's own parser, so that the check of a webhook and the program that posts to it agree
// (callback-and-fastcgi.md 2.3). Safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case, no trailing dot
    int port = 0;        // 443 (https) or 80 (http) when the URL has none
    std::string path;    // as written, begins with "/"
    bool has_query = false;
    bool has_fragment = false;
    bool has_user = false;  // or a password
};

// nullopt for anything but an absolute http or https URL with a port in 1..65535.
std::optional<Url> parse_url(std::string_view text);

// The origin of a URL, as browsers compare it and a Content-Security-Policy names it: scheme, host, and the port unless
// it is the scheme's default.
std::string origin_of(const Url& url);

// `text` for a query or a path: every byte but RFC 3986's unreserved characters becomes %XX. "" for "".
std::string url_encode(std::string_view text);

// Whether `host` is `domain` or a subdomain of it. Both in lower case.
bool is_at_or_below(std::string_view host, std::string_view domain);

// The longest webhook, in bytes.
inline constexpr std::size_t kMaxWebhook = 2048;

// Why a text is not a webhook that can work.
enum class WebhookFault {
    none,
    empty,
    too_long,        // over kMaxWebhook bytes
    bad_characters,  // blanks, control characters, a backslash, anything beyond ASCII
    no_url,          // libcurl cannot parse it
    not_https,
    names_user,  // https://user:password@host
    has_fragment,
    is_address,  // an IP address in any notation
    bad_host,    // not a host name that all parsers read alike: https:/host, host%2e, a dot at its end, no dot in it
    escaped_as_html,  // &amp; where & belongs
    cut_off,          // the path of one of Microsoft's own webhooks ends too early
    no_signature      // a Workflows webhook without sig, to which nobody outside its tenant may post
};

// The key of the fault's text on pages: "no_signature"; "" for none.
const char* code_of(WebhookFault fault);

struct Webhook {
    WebhookFault fault = WebhookFault::none;
    std::string problem;  // the fault as a sentence for operators, never quoting the text; empty for none
    Url url;              // default-made when there is a fault
};

// Refuses what can never work as a webhook, whatever its host. Used by the callback, by pages that take a pasted
// webhook and by the worker. Whether webhooks may lie on host and port is the database's rule
// (o365_internal.webhook_dialect).
Webhook parse_webhook(std::string_view text);

}  // namespace o365
