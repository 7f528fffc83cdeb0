#include "fcgi/route_table.h"

#include <array>

#include "fcgi/mount.h"
#include "fcgi/routes.h"

namespace o365 {
namespace {

constexpr std::string_view kRead = "GET, HEAD";
constexpr std::string_view kReadOrPost = "GET, HEAD, POST";

constexpr std::array kRoutes = {
    Route{.pattern = "/healthz", .methods = kRead, .answer = healthz},
    Route{.pattern = "/action/<token>",
          .methods = kReadOrPost,
          .answer = action,
          .secret = SecretIn::path,
          .from_own_pages = true},
    // Microsoft's service calls it, with a signed token in a header: no browser, no cookies, any body.
    Route{.pattern = "/action",
          .methods = "POST",
          .answer = action_call,
          .secret = SecretIn::query,
          .from_anywhere = true},
    Route{.pattern = "/manage/<token>",
          .methods = kReadOrPost,
          .answer = manage,
          .secret = SecretIn::path,
          .from_own_pages = true},
    Route{.pattern = "/connect[/]", .methods = kRead, .answer = list},
    Route{.pattern = "/connect/static/<name>", .methods = kRead, .answer = static_file},
    // For any connector's name, so that operators find a trace of a webhook that went to a wrong one. No HEAD: a
    // program that checks links must not use up the state.
    Route{.pattern = "/connect/<word>/callback[/]", .methods = "GET", .answer = callback, .secret = SecretIn::query},
    Route{.pattern = "/connect/<slug>[/]", .methods = kRead, .answer = landing, .secret = SecretIn::query},
    Route{.pattern = "/connect/<slug>/start", .methods = "POST", .answer = start, .from_own_pages = true},
    Route{.pattern = "/connect/<slug>/workflow", .methods = kReadOrPost, .answer = workflow, .from_own_pages = true},
    Route{.pattern = "/connect/<slug>/workflow/<id>",
          .methods = kReadOrPost,
          .answer = proof,
          .secret = SecretIn::path,
          .from_own_pages = true},
    Route{.pattern = "/connect/<slug>/done/<id>",
          .methods = kReadOrPost,
          .answer = done,
          .secret = SecretIn::path,
          .from_own_pages = true},
    Route{.pattern = "/connect/<slug>/failed", .methods = kRead, .answer = failed},
    Route{.pattern = "/connect/<slug>/recorded", .methods = kRead, .answer = recorded},
    Route{.pattern = "/connect/<slug>/help", .methods = kRead, .answer = help},
    Route{.pattern = "/connect/<slug>/logo", .methods = kRead, .answer = logo},
};

// Removes the part of `text` up to the next slash, and the slash, and returns that part.
std::string_view take_word(std::string_view& text) {
    const auto slash = text.find('/');
    const std::string_view word = text.substr(0, slash);
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
    return word;
}

// Sets the variable part of the pattern to `word`; false when it cannot have that value.
bool fill(RouteParts& parts, std::string_view variable, std::string_view word) {
    if (variable == "<slug>" && !is_slug(word)) return false;
    if (variable == "<slug>" || variable == "<word>") {
        if (is_slug(word)) parts.slug = word;
    } else {
        parts.rest = word;
    }
    return true;
}

std::optional<RouteParts> match(std::string_view pattern, std::string_view path) {
    constexpr std::string_view kEitherWay = "[/]";
    if (pattern.ends_with(kEitherWay)) {
        pattern.remove_suffix(kEitherWay.size());
        if (path.ends_with('/')) path.remove_suffix(1);
    }
    const bool ends_with_slash = path.ends_with('/');
    RouteParts parts;
    while (!pattern.empty()) {
        const std::string_view expected = take_word(pattern);
        if (expected == "<token>") {
            if (path.empty() && !ends_with_slash) return std::nullopt;
            parts.rest = path;
            return parts;
        }
        if (path.empty()) return std::nullopt;
        const std::string_view word = take_word(path);
        if (expected.starts_with('<') ? !fill(parts, expected, word) : expected != word) return std::nullopt;
    }
    return path.empty() && !ends_with_slash ? std::optional(parts) : std::nullopt;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::optional<FoundRoute> find_route(std::string_view path) {
    const std::string_view route = below_mount(path);
    for (const Route& one : kRoutes) {
        if (auto parts = match(one.pattern, route)) return FoundRoute{&one, std::move(*parts)};
    }
    return std::nullopt;
}

bool takes_any_request(std::string_view path) {
    const auto found = find_route(path);
    return found && found->route->from_anywhere;
}

bool takes(const Route& route, std::string_view method) {
    std::string_view left = route.methods;
    while (!left.empty()) {
        const auto comma = left.find(", ");
        if (left.substr(0, comma) == method) return true;
        left.remove_prefix(comma == std::string_view::npos ? left.size() : comma + 2);
    }
    return false;
}

}  // namespace o365
