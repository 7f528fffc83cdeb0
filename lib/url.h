// URLs, parsed by libcurl's own parser, so that what checks a webhook and what sends to it agree
// (callback-and-fastcgi.md 2.3).
#pragma once

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
    bool has_user = false;
};

// nullopt when it is no absolute http(s) URL.
std::optional<Url> parse_url(std::string_view text);

// Scheme, host, and the port unless it is the scheme's own: what a browser compares and a Content-Security-Policy
// names.
std::string origin_of(const Url& url);

struct Webhook {
    std::string problem;  // why the text cannot be one, never quoting it; empty when it can
    Url url;              // when there is no problem
};

// A webhook, whatever its host: https only, no user, no fragment, ASCII host that is no IP literal in any notation and
// has no trailing dot, at most 2,048 bytes, no control bytes or blanks. The host and port are judged by the database
// (o365_internal.webhook_host), label by label.
Webhook parse_webhook(std::string_view text);

}  // namespace o365
