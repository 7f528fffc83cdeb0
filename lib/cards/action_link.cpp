#include "lib/cards/action_link.h"

#include <fmt/format.h>

#include <charconv>

#include "lib/base/crypto.h"

namespace o365 {
namespace {

constexpr std::size_t kMacBytes = 24;
constexpr std::size_t kMacCharacters = 32;

// Removes a number without leading zeros, and the '-' behind it, from the beginning of `text`.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
    const auto end = text.find('-');
    if (end == std::string_view::npos || end == 0 || text.front() < '0' || text.front() > '9') return false;
    if (text.front() == '0' && end != 1) return false;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, number);
    if (error != std::errc() || stop != text.data() + end) return false;
    text.remove_prefix(end + 1);
    return true;
}

std::string token_text(std::string_view purpose, const Secret& key, std::int64_t card_id, int number) {
    const std::string mac = hmac_sha256(key.reveal(), fmt::format("{}:{}:{}", purpose, card_id, number));
    return fmt::format("{}-{}-{}", card_id, number, base64url(std::string_view(mac).substr(0, kMacBytes)));
}

}  // namespace

std::optional<ActionToken> parse_action_token(std::string_view text) {
    ActionToken token;
    if (!take_number(text, token.card_id) || !take_number(text, token.number)) return std::nullopt;
    if (text.size() != kMacCharacters || !is_base64url(text)) return std::nullopt;
    token.mac = text;
    return token;
}

std::string action_link(std::string_view public_url, const Secret& key, std::int64_t card_id, int number) {
    return fmt::format("{}/action/{}", public_url, token_text("action", key, card_id, number));
}

std::string action_address(std::string_view public_url, const Secret& key, std::int64_t card_id, int number) {
    return fmt::format("{}/action?token={}", public_url, token_text("call", key, card_id, number));
}

std::string example_action_link(int number) {
    return fmt::format("https://public-url.example/action/1234567-{}-the-token-of-this-button-of-card", number);
}

}  // namespace o365
