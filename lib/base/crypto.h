// Random bytes, hashes and text forms of bytes (OpenSSL). Every function may be called from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace o365 {

// `count` bytes of the operating system's random source. Throws std::runtime_error when there is none.
std::string random_bytes(std::size_t count);

// A new token of 256 random bits in base64url (43 characters): states, cookies, tickets.
std::string random_token();

// A request id for pages and logs: "r-" and 12 hex digits. Not a secret.
std::string random_request_id();

// The 32 bytes of SHA-256. Throws std::runtime_error when OpenSSL cannot.
std::string sha256(std::string_view bytes);

// The 32 bytes of HMAC-SHA-256. Throws std::runtime_error when OpenSSL cannot.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

std::string hex(std::string_view bytes);           // lower case
std::string base64(std::string_view bytes);        // with padding, no line breaks
std::string base64url(std::string_view bytes);     // no padding
std::string base64_decode(std::string_view text);  // throws std::invalid_argument on anything but base64

// The bytes of base64url without padding in its one canonical form; nullopt for anything else, also where the last
// character has bits that no byte uses. "" is "".
std::optional<std::string> base64url_decode(std::string_view text);

// Whether a text holds at least one X.509 certificate in PEM form.
bool holds_certificate(std::string_view pem);

}  // namespace o365
