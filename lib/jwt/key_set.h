// Public keys that sign tokens: JSON Web Key sets (RFC 7517) and the metadata documents that name them. RSA alone. A
// KeySet does not change once made, and any number of threads may use one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// A key as its set writes it.
struct JsonWebKey {
    std::string key_id;    // `kid`: 1 to kMaxKeyId printable ASCII characters
    std::string modulus;   // `n`, base64url: 2048 to 8192 bits
    std::string exponent;  // `e`, base64url: odd, 3 to 2^32 - 1
    std::string issuer;    // whose tokens it signs, "{tenantid}" in it stands for the token's tenant; "": not said
    bool operator==(const JsonWebKey&) const = default;
};

inline constexpr std::size_t kMaxKeyId = 200;
inline constexpr std::size_t kMaxKeys = 100;
inline constexpr std::size_t kMaxKeyDocument = 262144;  // bytes of a key set or of a metadata document

// Whether it can be the `kid` of a key, or of a token's header.
bool is_signing_key_id(std::string_view text);

struct KeySetDocument {
    std::vector<JsonWebKey> keys;  // in their order
    std::string problem;           // why the document is none; empty when it is one. Quotes nothing of it
};

// The keys of a set that may sign RS256. Keys of other kinds, sizes and uses are passed over. The document is refused
// when it is larger than kMaxKeyDocument, is no key set, has more than kMaxKeys keys, names one of the keys that may
// sign twice, or has none.
KeySetDocument read_key_set(std::string_view json);

struct TokenMetadata {
    std::string issuer;   // as the document says it; "{tenantid}" in it stands for any tenant
    std::string key_set;  // `jwks_uri`
    std::string problem;  // as of KeySetDocument
};

// OpenID provider metadata. `hosts`: where keys may be fetched, each "host", for port 443, or "host:port".
TokenMetadata read_token_metadata(std::string_view json, std::span<const std::string> hosts);

// Whether an address is https, at one of `hosts`, and names no user and no fragment.
bool is_key_address(std::string_view url, std::span<const std::string> hosts);

class KeySet {
  public:
    KeySet() = default;
    // Leaves out what is no key that read_key_set takes; of two with one id, the first stays.
    explicit KeySet(std::span<const JsonWebKey> keys);

    bool empty() const noexcept { return keys_ == nullptr; }
    bool has(std::string_view key_id) const;
    // The key's issuer, see JsonWebKey; nullopt when there is no such key.
    std::optional<std::string> issuer_of(std::string_view key_id) const;
    // Whether `signature` is of `text` by RSASSA-PKCS1-v1_5 and SHA-256 under that key. For a key that is not there it
    // is false after the same work.
    bool verifies(std::string_view key_id, std::string_view text, std::string_view signature) const;

  private:
    struct Keys;
    std::shared_ptr<const Keys> keys_;
};

}  // namespace o365
