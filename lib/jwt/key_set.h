// Public keys that verify tokens: JSON Web Key sets (RFC 7517) and the metadata documents that point to them. RSA keys
// only. A KeySet is immutable: any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// A key as its key set writes it.
struct JsonWebKey {
    std::string key_id;    // `kid`: 1 to kMaxKeyId printable ASCII characters
    std::string modulus;   // `n`, base64url: 2048 to 8192 bits
    std::string exponent;  // `e`, base64url: odd, 3 to 2^32 - 1
    std::string issuer;    // whose tokens it signs; "{tenantid}" in it stands for the token's tenant; "": not stated
    bool operator==(const JsonWebKey&) const = default;
};

inline constexpr std::size_t kMaxKeyId = 200;
inline constexpr std::size_t kMaxKeys = 100;
inline constexpr std::size_t kMaxKeyDocument = 262144;  // bytes of a key set or of a metadata document

// Whether `text` can be the `kid` of a key or of a token's header: 1 to kMaxKeyId printable ASCII characters.
bool is_signing_key_id(std::string_view text);

struct KeySetDocument {
    std::vector<JsonWebKey> keys;  // in the order of the document; none when there is a problem
    std::string problem;           // why the document is refused, without quoting it; empty when it is not
};

// Reads the keys of a set that may sign RS256, and skips keys of other kinds, sizes and uses. Refuses a document that
// is larger than kMaxKeyDocument, is not a key set, has more than kMaxKeys keys, has two such keys with one `kid`, or
// has no such key.
KeySetDocument read_key_set(std::string_view json);

struct TokenMetadata {
    std::string issuer;   // as in the document; "{tenantid}" in it stands for any tenant
    std::string key_set;  // `jwks_uri`
    std::string problem;  // as in KeySetDocument
};

// Reads OpenID provider metadata. `hosts`: from where keys may be fetched, each "host" (port 443) or "host:port".
TokenMetadata read_token_metadata(std::string_view json, std::span<const std::string> hosts);

// Whether `url` is an https URL at one of `hosts`, without user and fragment.
bool is_key_address(std::string_view url, std::span<const std::string> hosts);

class KeySet {
  public:
    KeySet() = default;
    // Leaves out keys that read_key_set() would skip; of two keys with one id, keeps the first.
    explicit KeySet(std::span<const JsonWebKey> keys);

    bool empty() const noexcept { return keys_ == nullptr; }
    bool has(std::string_view key_id) const;
    // JsonWebKey::issuer of the key; nullopt when there is no such key.
    std::optional<std::string> issuer_of(std::string_view key_id) const;
    // Whether `signature` is the RSASSA-PKCS1-v1_5 signature of `text` with SHA-256 and that key. False for an unknown
    // key, after the same work.
    bool verifies(std::string_view key_id, std::string_view text, std::string_view signature) const;

  private:
    struct Keys;
    std::shared_ptr<const Keys> keys_;
};

}  // namespace o365
