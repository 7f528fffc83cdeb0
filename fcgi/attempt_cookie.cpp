#include "fcgi/attempt_cookie.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/crypto.h"

namespace o365 {
namespace {

constexpr std::string_view kPrefix = "__Host-o365-";
constexpr std::size_t kNameDigits = 8;
// Attempts of one browser that stay open. Each has a cookie for an hour, and servers refuse requests whose cookies fill
// more than a few KB.
constexpr std::size_t kMaxAttempts = 20;
constexpr std::size_t kMaxHashes = 64;

bool is_ours(std::string_view name) {
    return name.starts_with(kPrefix) && name.size() == kPrefix.size() + kNameDigits &&
           name.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

// The names of ours in a Cookie header, in its order, each once.
std::vector<std::string> names_of(std::string_view header) {
    std::vector<std::string> names;
    while (!header.empty()) {
        const auto end = header.find(';');
        std::string_view pair = header.substr(0, end);
        header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        const std::string_view name = pair.substr(0, pair.find('='));
        if (is_ours(name) && std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }
    return names;
}

}  // namespace

std::string attempt_cookie_name(std::string_view hash) {
    return std::string(kPrefix) + hex(hash).substr(0, kNameDigits);
}

std::vector<AttemptCookie> attempt_cookies(const Request& request) {
    std::vector<AttemptCookie> cookies;
    for (std::string& name : names_of(request.cookies)) {
        if (auto value = cookie(request.cookies, name)) cookies.push_back({std::move(name), std::move(*value)});
    }
    return cookies;
}

Value cookie_hashes(const std::vector<AttemptCookie>& cookies) {
    if (cookies.empty()) return {};
    std::vector<std::string> hashes;
    for (const AttemptCookie& one : cookies) {
        if (hashes.size() == kMaxHashes) break;
        hashes.push_back("\\x" + hex(sha256(one.value)));
    }
    return array_literal(hashes);
}

void set_attempt_cookie(Response& response, const Request& request, const AttemptCookie& cookie, int max_age_s) {
    const auto add = [&](std::string_view name, std::string_view value, int seconds) {
        response.add("Set-Cookie",
                     fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", name, value, seconds));
    };
    add(cookie.name, cookie.value, max_age_s);
    std::vector<std::string> others = names_of(request.cookies);
    std::erase(others, cookie.name);
    for (std::size_t i = 0; i + kMaxAttempts <= others.size(); ++i) add(others[i], "", 0);
}

}  // namespace o365
