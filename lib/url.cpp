#include "lib/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "lib/c_free.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxWebhook = 2048;

using Handle = std::unique_ptr<CURLU, CFree<curl_url_cleanup>>;
using Part = std::unique_ptr<char, CFree<curl_free>>;

std::optional<std::string> part(CURLU* url, CURLUPart what, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return std::nullopt;
    const Part owner{text};
    return std::string(text);
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return text;
}

// An IPv4 address in any notation that a resolver takes (1.2.3.4, 0x7f.1, 017700000001, 2130706433): its last label
// begins with a digit. No top-level domain does (RFC 3696 section 2).
bool looks_like_ip(const std::string& host) {
    if (host.starts_with('[')) return true;
    const auto dot = host.find_last_of('.');
    const std::string last = dot == std::string::npos ? host : host.substr(dot + 1);
    return !last.empty() && last.front() >= '0' && last.front() <= '9';
}

bool is_host_name(const std::string& host) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), allowed) &&
           host.front() != '.' && host.front() != '-' && host.find("..") == std::string::npos &&
           (host.find('.') != std::string::npos || host == "localhost");
}

// Of a URL in that text; empty when it can be a webhook.
std::string webhook_problem(std::string_view text, const std::optional<Url>& url) {
    if (text.empty()) return "the webhook is empty";
    if (text.size() > kMaxWebhook) return "the webhook is longer than 2,048 bytes";
    for (const char c : text) {
        if (c <= ' ' || c == 127 || c == '\\')
            return "the webhook holds blanks, control characters or characters beyond ASCII";
    }
    if (!url) return "the webhook is no URL";
    if (url->scheme != "https") return "the webhook is not https";
    if (url->has_user) return "the webhook names a user";
    if (url->has_fragment) return "the webhook has a fragment";
    if (looks_like_ip(url->host)) return "the webhook lies on an address instead of a host name";
    if (!is_host_name(url->host)) return "the webhook's host is no host name";
    const auto authority = text.substr(8);
    const auto host_end = authority.find_first_of(":/?#");
    if (host_end == 0 || authority.substr(0, host_end).ends_with('.')) return "the webhook's host ends with a dot";
    return {};
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
    const Handle handle{curl_url()};
    const std::string zero_terminated(text);
    if (!handle || zero_terminated.size() != std::char_traits<char>::length(zero_terminated.c_str()))
        return std::nullopt;
    if (curl_url_set(handle.get(), CURLUPART_URL, zero_terminated.c_str(), 0) != CURLUE_OK) return std::nullopt;
    const auto scheme = part(handle.get(), CURLUPART_SCHEME);
    const auto host = part(handle.get(), CURLUPART_HOST);
    const auto port = part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    const auto path = part(handle.get(), CURLUPART_PATH);
    if (!scheme || !host || !port || !path || (*scheme != "https" && *scheme != "http")) return std::nullopt;
    Url url;
    url.scheme = *scheme;
    url.host = lower(*host);
    if (url.host.ends_with('.')) url.host.pop_back();
    std::from_chars(port->data(), port->data() + port->size(), url.port);
    url.path = *path;
    url.has_query = part(handle.get(), CURLUPART_QUERY).has_value();
    // libcurl drops an empty fragment and an empty user, so the text is asked as well.
    url.has_fragment = text.find('#') != std::string_view::npos;
    const auto authority = text.substr(text.find("//") == std::string_view::npos ? 0 : text.find("//") + 2);
    url.has_user = authority.substr(0, authority.find_first_of("/?#")).find('@') != std::string_view::npos;
    return url;
}

std::string origin_of(const Url& url) {
    const int own_port = url.scheme == "https" ? 443 : 80;
    return url.scheme + "://" + url.host + (url.port == own_port ? "" : ":" + std::to_string(url.port));
}

Webhook parse_webhook(std::string_view text) {
    auto url = parse_url(text);
    Webhook webhook{webhook_problem(text, url), {}};
    if (webhook.problem.empty()) webhook.url = std::move(*url);
    return webhook;
}

}  // namespace o365
