#include "lib/http/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "lib/base/text.h"
#include "lib/http/url.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxParameters = 64;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxValueBytes = 8192;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

[[noreturn]] void refuse(std::string why) { throw BadRequest(400, std::move(why)); }

// Appends the decoded text to `decoded`. Returns what is wrong with `text`, as a predicate; nullptr for nothing.
const char* form_decode(std::string_view text, std::string& decoded) {
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return "holds a % that no two hex digits follow";
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return "holds a zero byte";
        decoded += c;
    }
    return is_utf8(decoded) ? nullptr : "is not UTF-8";
}

// Calls `take` with every part of `text` between `separator`s.
template <class Take>
void for_each_part(std::string_view text, char separator, Take take) {
    while (true) {
        const auto end = text.find(separator);
        take(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

bool same_origin(const Url& left, const Url& right) {
    return left.scheme == right.scheme && left.host == right.host && left.port == right.port;
}

bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
}

constexpr std::string_view kPolicy = "Content-Security-Policy";
constexpr std::string_view kPolicyStart = "default-src 'none'; style-src 'self'; img-src 'self' data:";
constexpr std::string_view kPolicyForms = "; base-uri 'none'; form-action 'self'";
constexpr std::string_view kPolicyEnd = "; frame-ancestors 'none'";

// Browsers send "Origin: null" with a POST from a page that has the policy no-referrer, as our own pages have.
bool names_origin(const Request& request) { return !request.origin.empty() && request.origin != "null"; }

void require_origin(std::string_view origin) {
    const bool plain =
        std::all_of(origin.begin(), origin.end(), [](char c) { return c > ' ' && c < 127 && c != ';' && c != ','; });
    if (origin.empty() || !plain) throw std::invalid_argument("this is no origin for a Content-Security-Policy");
}

}  // namespace

void Parameters::add(std::string_view part, bool strict) {
    if (part.empty()) return;
    const auto equals = part.find('=');
    std::string name;
    std::string value;
    const char* const bad_name = form_decode(part.substr(0, equals), name);
    const bool long_name = name.size() > kMaxNameBytes;
    if (strict && bad_name != nullptr) refuse(fmt::format("a parameter {}", bad_name));
    if (strict && long_name) refuse("the name of a parameter is too long");
    if (bad_name != nullptr || long_name) return;
    const char* fault = equals == std::string_view::npos ? nullptr : form_decode(part.substr(equals + 1), value);
    if (fault == nullptr && value.size() > kMaxValueBytes) fault = "is too long";
    if (has(name)) fault = "occurs twice";
    if (strict && fault != nullptr) refuse(fmt::format("a parameter {}", fault));
    if (fault == nullptr) {
        values_.emplace(std::move(name), std::move(value));
    } else {
        values_.erase(name);
        faults_[std::move(name)] = fault;
    }
}

Parameters Parameters::parse(std::string_view text) {
    Parameters parameters;
    for_each_part(text, '&', [&](std::string_view part) {
        parameters.add(part, true);
        if (parameters.values_.size() > kMaxParameters) refuse("there are too many parameters");
    });
    return parameters;
}

Parameters Parameters::parse_query(std::string_view text) {
    Parameters parameters;
    for_each_part(text, '&', [&](std::string_view part) { parameters.add(part, false); });
    return parameters;
}

std::optional<std::string> Parameters::get(std::string_view name) const {
    if (const char* const why = fault(name)) refuse(fmt::format("the parameter {} {}", name, why));
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
}

bool Parameters::has(std::string_view name) const { return values_.contains(name) || faults_.contains(name); }

const char* Parameters::fault(std::string_view name) const {
    const auto found = faults_.find(name);
    return found == faults_.end() ? nullptr : found->second;
}

std::string Parameters::get_or(std::string_view name, std::string_view otherwise) const {
    return get(name).value_or(std::string(otherwise));
}

std::optional<std::string> cookie(std::string_view header, std::string_view name) {
    std::optional<std::string> value;
    bool repeated = false;
    for_each_part(header, ';', [&](std::string_view part) {
        part = trimmed(part);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos || trimmed(part.substr(0, equals)) != name) return;
        repeated = repeated || value.has_value();
        value = std::string(trimmed(part.substr(equals + 1)));
    });
    return repeated ? std::nullopt : value;
}

bool is_same_site_post(const Request& request, std::string_view public_url) {
    const std::string& site = request.sec_fetch_site;
    if (!site.empty() && site != "same-origin" && site != "none") return false;
    if (public_url.empty() || !names_origin(request)) return true;
    const auto from = parse_url(request.origin);
    const auto ours = parse_url(public_url);
    return from && ours && same_origin(*from, *ours);
}

bool is_judged_by_origin(const Request& request) {
    const std::string& site = request.sec_fetch_site;
    return (site.empty() || site == "none") && names_origin(request);
}

bool is_form(std::string_view content_type) {
    return same_name(trimmed(content_type.substr(0, content_type.find(';'))), "application/x-www-form-urlencoded");
}

Response::Response()
    : headers_{{"Content-Type", "text/html; charset=utf-8"},
               {"Cache-Control", "no-store"},
               {"Referrer-Policy", "no-referrer"},
               {"X-Content-Type-Options", "nosniff"},
               {std::string(kPolicy), fmt::format("{}{}{}", kPolicyStart, kPolicyForms, kPolicyEnd)},
               {"Cross-Origin-Opener-Policy", "same-origin"},
               {"X-Frame-Options", "DENY"},
               {"X-Accel-Expires", "0"},
               {"X-Robots-Tag", "noindex"}} {}

Response Response::html(int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

Response Response::text(int status, std::string body) {
    Response response = html(status, std::move(body));
    response.set("Content-Type", "text/plain; charset=utf-8");
    return response;
}

Response Response::json(int status, std::string body) {
    Response response = html(status, std::move(body));
    response.set("Content-Type", "application/json");
    return response;
}

Response Response::redirect(int status, std::string_view absolute_url) {
    if (!absolute_url.starts_with("https://") && !absolute_url.starts_with("http://")) {
        throw std::invalid_argument("a redirect needs an absolute http(s) URL");
    }
    Response response = html(status, {});
    response.set("Location", absolute_url);
    return response;
}

void Response::set(std::string_view name, std::string_view value) {
    std::erase_if(headers_, [&](const auto& header) { return same_name(header.first, name); });
    add(name, value);
}

void Response::add(std::string_view name, std::string_view value) {
    if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        throw std::invalid_argument("a response header is malformed");
    }
    headers_.emplace_back(name, value);
}

void Response::allow_form_action(std::string_view origin) {
    require_origin(origin);
    form_actions_ += fmt::format(" {}", origin);
    set_policy();
}

void Response::allow_picture(std::string_view origin) {
    require_origin(origin);
    pictures_ += fmt::format(" {}", origin);
    set_policy();
}

void Response::allow_framing() {
    framing_ = true;
    std::erase_if(headers_, [](const auto& header) { return header.first == "X-Frame-Options"; });
    set_policy();
}

void Response::set_policy() {
    set(kPolicy, fmt::format("{}{}{}{}{}", kPolicyStart, pictures_, kPolicyForms, form_actions_,
                             framing_ ? std::string_view() : kPolicyEnd));
}

}  // namespace o365
