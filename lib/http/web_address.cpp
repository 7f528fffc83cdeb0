#include "lib/http/web_address.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "lib/base/text.h"

namespace o365 {
namespace {

constexpr std::string_view kEndsOfHost = "/?#";

// What follows the scheme; nullopt where it is neither http nor https.
std::optional<std::string_view> after_scheme(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (starts_with_ignoring_case(url, scheme)) return url.substr(scheme.size());
    }
    return std::nullopt;
}

// What follows the host; nullopt where there is none, or none that can be one.
std::optional<std::string_view> after_host(std::string_view rest) {
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos || end == 1 ||
            rest.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
            return std::nullopt;
        return rest.substr(end + 1);
    }
    const std::string_view host = rest.substr(0, rest.find_first_of(":/?#"));
    if (host.empty() || host.find_first_of("!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~") != std::string_view::npos)
        return std::nullopt;
    return rest.substr(host.size());
}

// What follows the port, which may be absent; nullopt where it is not from 1 to 65535 without leading zeros.
std::optional<std::string_view> after_port(std::string_view rest) {
    if (!rest.starts_with(':')) return rest;
    rest.remove_prefix(1);
    const std::string_view port = rest.substr(0, rest.find_first_of(kEndsOfHost));
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.starts_with('0') || error != std::errc() || end != port.data() + port.size() || number < 1 ||
        number > 65535)
        return std::nullopt;
    return rest.substr(port.size());
}

}  // namespace

bool is_web_address(std::string_view url) {
    const auto is_blank_or_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; };
    if (std::ranges::any_of(url, is_blank_or_control)) return false;
    std::optional<std::string_view> rest = after_scheme(url);
    if (rest) rest = after_host(*rest);
    if (rest) rest = after_port(*rest);
    return rest && (rest->empty() || kEndsOfHost.find(rest->front()) != std::string_view::npos);
}

}  // namespace o365
