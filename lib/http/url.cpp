#include "lib/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <new>

#include "lib/base/c_free.h"
#include "lib/base/text.h"

namespace o365 {
namespace {

using Handle = std::unique_ptr<CURLU, CFree<curl_url_cleanup>>;
using Part = std::unique_ptr<char, CFree<curl_free>>;

std::optional<std::string> part(CURLU* url, CURLUPart what, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return std::nullopt;
    const Part owner{text};
    return std::string(text);
}

// Whether a host is an IP address: IPv6, or IPv4 in any notation that a resolver takes (1.2.3.4, 0x7f.1, 017700000001,
// 2130706433), whose last label begins with a digit. No top-level domain begins with one (RFC 3696 section 2).
// 127.0.0.1 is let through: in development the database may list it as a webhook's host.
bool looks_like_ip(const std::string& host) {
    if (host == "127.0.0.1") return false;
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

// Whether `text` begins with "https://" and the host that libcurl found, so that every parser of URLs finds the same
// host. libcurl also accepts https:/host, decodes %-escapes in hosts and leaves out an empty user.
bool begins_with_its_host(std::string_view text, const std::string& host) {
    constexpr std::string_view kStart = "https://";
    const std::string_view rest = text.substr(std::min(text.size(), kStart.size() + host.size()));
    return same_name(text.substr(0, kStart.size()), kStart) &&
           same_name(text.substr(kStart.size(), host.size()), host) &&
           (rest.empty() || rest.front() == ':' || rest.front() == '/' || rest.front() == '?');
}

// Where Microsoft's own webhooks lie (office365-connectors.md section 2). A host that an operator allowed beside them
// may have paths of any form.
bool is_workflow_host(const std::string& host) {
    constexpr std::array<std::string_view, 7> kDomains = {"logic.azure.com",
                                                          "logic.azure.us",
                                                          "logic.azure.cn",
                                                          "powerplatform.com",
                                                          "powerplatform.microsoft.us",
                                                          "powerplatform.partner.microsoftonline.cn",
                                                          "appsplatform.us"};
    return std::any_of(kDomains.begin(), kDomains.end(),
                       [&](std::string_view domain) { return is_at_or_below(host, domain); });
}

bool is_connector_host(const std::string& host) {
    return host == "outlook.office.com" || host == "outlook.office365.com" ||
           is_at_or_below(host, "webhook.office.com");
}

bool is_workflow_path(std::string_view path) {
    return path.starts_with("/workflows/") || path.starts_with("/powerautomate/");
}

// .../triggers/<name>/paths/invoke, or without paths/; a path of the flow's own may follow.
bool names_a_trigger(std::string_view path) {
    const auto at = path.find("/triggers/");
    return at != std::string_view::npos && (std::string(path.substr(at)) + "/").find("/invoke/") != std::string::npos;
}

// /webhookb2/<group>@<tenant>/<connector>/<id>/<user>, at least.
bool names_a_connection(std::string_view path) {
    return std::count(path.begin(), path.end(), '/') >= 5 && !path.ends_with('/');
}

bool has_parameter(std::string_view query, std::string_view name) {
    while (true) {
        const std::string_view part = query.substr(0, query.find('&'));
        if (part.starts_with(name) && part.substr(name.size()).starts_with('=') && part.size() > name.size() + 1)
            return true;
        if (part.size() == query.size()) return false;
        query.remove_prefix(part.size() + 1);
    }
}

WebhookFault fault_of_text(std::string_view text) {
    if (text.empty()) return WebhookFault::empty;
    if (text.size() > kMaxWebhook) return WebhookFault::too_long;
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != 127 && c != '\\'; });
    return plain ? WebhookFault::none : WebhookFault::bad_characters;
}

WebhookFault fault_of_url(std::string_view text, const Url& url) {
    if (url.scheme != "https") return WebhookFault::not_https;
    if (url.has_user) return WebhookFault::names_user;
    if (url.has_fragment) return WebhookFault::has_fragment;
    if (looks_like_ip(url.host)) return WebhookFault::is_address;
    if (!is_host_name(url.host) || !begins_with_its_host(text, url.host)) return WebhookFault::bad_host;
    return WebhookFault::none;
}

// Judges a webhook by the form of Microsoft's own ones, so that one that can never work is refused before cards are
// lost to it.
WebhookFault fault_of_form(std::string_view text, const Url& url) {
    const auto question = text.find('?');
    const std::string_view query = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
    if (query.find("&amp;") != std::string_view::npos) return WebhookFault::escaped_as_html;
    if (is_connector_host(url.host) && !names_a_connection(url.path)) return WebhookFault::cut_off;
    if (!is_workflow_host(url.host) && !is_workflow_path(url.path)) return WebhookFault::none;
    if (!names_a_trigger(url.path)) return WebhookFault::cut_off;
    return has_parameter(query, "sig") ? WebhookFault::none : WebhookFault::no_signature;
}

struct FaultText {
    WebhookFault fault;
    const char* code;
    const char* text;
};

constexpr std::array kFaults = {
    FaultText{WebhookFault::none, "", ""},
    FaultText{WebhookFault::empty, "empty", "the webhook is empty"},
    FaultText{WebhookFault::too_long, "too_long", "the webhook is longer than 2,048 bytes"},
    FaultText{WebhookFault::bad_characters, "bad_characters",
              "the webhook holds blanks, control characters or characters beyond ASCII"},
    FaultText{WebhookFault::no_url, "no_url", "the webhook is not a URL"},
    FaultText{WebhookFault::not_https, "not_https", "the webhook is not https"},
    FaultText{WebhookFault::names_user, "names_user", "the webhook names a user"},
    FaultText{WebhookFault::has_fragment, "has_fragment", "the webhook has a fragment"},
    FaultText{WebhookFault::is_address, "is_address", "the webhook has an IP address in place of a host name"},
    FaultText{WebhookFault::bad_host, "bad_host", "the webhook does not begin with https:// and a host name"},
    FaultText{WebhookFault::escaped_as_html, "escaped_as_html",
              "the webhook was escaped as HTML: it has &amp; where & belongs"},
    FaultText{WebhookFault::cut_off, "cut_off", "the webhook's path was cut off"},
    FaultText{
        WebhookFault::no_signature, "no_signature",
        "the Workflows webhook has no sig: it was cut off, or its flow can be triggered from its own tenant only"},
};

const FaultText& text_of(WebhookFault fault) {
    return *std::find_if(kFaults.begin(), kFaults.end(), [&](const FaultText& one) { return one.fault == fault; });
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
    if (url.port == 0) return std::nullopt;
    url.path = *path;
    url.has_query = part(handle.get(), CURLUPART_QUERY).has_value();
    // libcurl does not report an empty fragment, so look into the text.
    url.has_fragment = text.find('#') != std::string_view::npos;
    url.has_user = part(handle.get(), CURLUPART_USER) || part(handle.get(), CURLUPART_PASSWORD);
    return url;
}

bool is_at_or_below(std::string_view host, std::string_view domain) {
    return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

std::string origin_of(const Url& url) {
    const int own_port = url.scheme == "https" ? 443 : 80;
    return url.scheme + "://" + url.host + (url.port == own_port ? "" : ":" + std::to_string(url.port));
}

std::string url_encode(std::string_view text) {
    if (text.empty()) return {};  // for a length of 0 libcurl takes the length up to the next NUL
    const Part escaped{curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()))};
    if (!escaped) throw std::bad_alloc();
    return escaped.get();
}

const char* code_of(WebhookFault fault) { return text_of(fault).code; }

Webhook parse_webhook(std::string_view text) {
    Webhook webhook;
    std::optional<Url> url;
    webhook.fault = fault_of_text(text);
    if (webhook.fault == WebhookFault::none) {
        url = parse_url(text);
        webhook.fault = url ? fault_of_url(text, *url) : WebhookFault::no_url;
    }
    if (webhook.fault == WebhookFault::none) webhook.fault = fault_of_form(text, *url);
    webhook.problem = text_of(webhook.fault).text;
    if (webhook.fault == WebhookFault::none) webhook.url = std::move(*url);
    return webhook;
}

}  // namespace o365
