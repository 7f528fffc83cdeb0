// Random bytes, hashes and text forms of bytes (OpenSSL). Every function may be called from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

// `count` random bytes, fit for secrets. Throws std::runtime_error when OpenSSL's generator fails.
std::string random_bytes(std::size_t count);

// A new token of 256 random bits in base64url (43 characters): states, cookies, tickets. Throws as random_bytes().
std::string random_token();

// A request id for pages and logs: "r-" and 12 hex digits. Not a secret. Throws as random_bytes().
std::string random_request_id();

// The SHA-256 digest, 32 bytes. Throws std::runtime_error when OpenSSL fails.
std::string sha256(std::string_view bytes);

// The HMAC-SHA-256, 32 bytes. Throws std::runtime_error when OpenSSL fails.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Each returns "" for "".
std::string hex(std::string_view bytes);           // lower case
std::string base64(std::string_view bytes);        // with padding, no line breaks
std::string base64url(std::string_view bytes);     // no padding
std::string base64_decode(std::string_view text);  // with padding; throws std::invalid_argument for anything else

// Whether all characters of `text` are those of base64url. True for "".
bool is_base64url(std::string_view text) noexcept;

// Decodes base64url without padding. Accepts its canonical form only: nullopt for anything else, also where the last
// character sets bits that no byte uses. "" for "".
std::optional<std::string> base64url_decode(std::string_view text);

// Whether a text holds an X.509 certificate in PEM form. False for "".
bool holds_certificate(std::string_view pem);

}  // namespace o365
