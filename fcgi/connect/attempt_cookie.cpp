#include "fcgi/connect/attempt_cookie.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "lib/base/crypto.h"
#include "lib/base/text.h"

namespace o365 {
namespace {

// How many attempts of one browser stay open. Each has a cookie for an hour, and servers refuse requests with more than
// a few KB of cookies.
constexpr std::size_t kMaxAttempts = 20;
// How many cookies one answer deletes. Tabs that start at the same moment do not see each other's cookies, so a browser
// may have more than kMaxAttempts. Servers buffer 4 KB of an answer's headers, and a deletion takes about 80 bytes.
constexpr std::size_t kMaxDeletions = 10;
// How many of the cookies that the browser sent are read: the newest.
constexpr std::size_t kMaxCookies = 64;

bool is_ours(std::string_view name) {
    constexpr std::size_t kBegin = kAttemptCookiePrefix.size();
    return name.starts_with(kAttemptCookiePrefix) && name.size() == kBegin + kAttemptCookieDigits &&
           name.find_first_not_of("0123456789abcdef", kBegin) == std::string_view::npos;
}

struct Found {
    std::string_view name;
    std::string_view value;
    bool repeated = false;
};

// Our cookies in a Cookie header, in its order, each name once.
std::vector<Found> find_ours(std::string_view header) {
    std::vector<Found> found;
    std::unordered_map<std::string_view, std::size_t> places;
    while (!header.empty()) {
        std::string_view pair = header.substr(0, header.find(';'));
        header.remove_prefix(std::min(header.size(), pair.size() + 1));
        pair = trimmed(pair);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || !is_ours(pair.substr(0, equals))) continue;
        const auto [place, is_new] = places.emplace(pair.substr(0, equals), found.size());
        if (is_new) {
            found.push_back({pair.substr(0, equals), pair.substr(equals + 1)});
        } else {
            found[place->second].repeated = true;
        }
    }
    return found;
}

}  // namespace

AttemptCookie fresh_attempt_cookie() {
    std::string value = random_token();
    std::string name = attempt_cookie_name(sha256(value));
    return {std::move(name), std::move(value)};
}

std::vector<AttemptCookie> attempt_cookies(const Request& request) {
    std::vector<AttemptCookie> cookies;
    for (const Found& one : find_ours(request.cookies)) {
        if (!one.repeated) cookies.push_back({std::string(one.name), std::string(one.value)});
    }
    if (cookies.size() > kMaxCookies) cookies.erase(cookies.begin(), cookies.end() - kMaxCookies);
    return cookies;
}

bool has_dropped_cookies(const Request& request) { return find_ours(request.cookies).size() >= kMaxAttempts; }

Value cookie_hashes(const std::vector<AttemptCookie>& cookies) {
    if (cookies.empty()) return {};
    std::vector<std::string> hashes;
    hashes.reserve(cookies.size());
    for (const AttemptCookie& one : cookies) hashes.push_back("\\x" + hex(sha256(one.value)));
    return array_literal(hashes);
}

void set_attempt_cookie(Response& response, const Request& request, const AttemptCookie& cookie, int max_age_s) {
    const auto add = [&](std::string_view name, std::string_view value, int seconds) {
        response.add("Set-Cookie",
                     fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", name, value, seconds));
    };
    add(cookie.name, cookie.value, max_age_s);
    std::vector<Found> others = find_ours(request.cookies);
    std::erase_if(others, [&](const Found& one) { return one.name == cookie.name; });
    const std::size_t too_many = others.size() < kMaxAttempts ? 0 : others.size() - kMaxAttempts + 1;
    for (std::size_t i = 0; i < std::min(too_many, kMaxDeletions); ++i) add(others[i].name, "", 0);
}

std::string form_token(const AttemptCookie& cookie) { return hex(sha256("confirm " + cookie.value)); }

const AttemptCookie* cookie_of_form(const std::vector<AttemptCookie>& cookies, const std::string& token) {
    for (const AttemptCookie& one : cookies) {
        // Compare hashes, so that the time of the comparison says nothing about the token.
        if (sha256(form_token(one)) == sha256(token)) return &one;
    }
    return nullptr;
}

bool is_public_id(std::string_view text) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
        return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

}  // namespace o365
