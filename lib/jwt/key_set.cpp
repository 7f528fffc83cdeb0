#include "lib/jwt/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <functional>
#include <map>
#include <new>
#include <set>
#include <utility>

#include "lib/base/c_free.h"
#include "lib/base/crypto.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

using Key = std::unique_ptr<EVP_PKEY, CFree<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, CFree<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, CFree<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, CFree<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, CFree<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, CFree<OSSL_PARAM_free>>;

constexpr std::size_t kLeastModulus = 256;  // bytes
constexpr std::size_t kMostModulus = 1024;
constexpr std::size_t kMostExponent = 4;
constexpr std::size_t kMaxIssuer = 500;
constexpr std::size_t kMaxAddress = 2048;

const unsigned char* unsigned_bytes(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Decodes a positive odd number (RFC 7518 6.3.1: without leading zero bytes) of at most `most` bytes. nullopt for
// anything else.
std::optional<std::string> odd_number(std::string_view text, std::size_t most) {
    if (text.size() > most * 2) return std::nullopt;
    std::optional<std::string> bytes = base64url_decode(text);
    if (!bytes || bytes->empty() || bytes->size() > most || bytes->front() == '\0') return std::nullopt;
    if ((static_cast<unsigned char>(bytes->back()) & 1U) == 0) return std::nullopt;
    return bytes;
}

Number to_number(std::string_view bytes) {
    Number number(BN_bin2bn(unsigned_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
    if (!number) throw std::bad_alloc();
    return number;
}

// Null when OpenSSL refuses the key.
Key rsa_key(std::string_view modulus, std::string_view exponent) {
    const Number n = to_number(modulus);
    const Number e = to_number(exponent);
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        throw std::bad_alloc();
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        ERR_clear_error();
    return Key(key);
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_issuer(std::string_view text) { return text.size() <= kMaxIssuer && is_printable(text); }

// Null for a key that may not sign RS256.
Key key_of(const JsonWebKey& key) {
    if (!is_signing_key_id(key.key_id) || !is_issuer(key.issuer)) return nullptr;
    const auto modulus = odd_number(key.modulus, kMostModulus);
    const auto exponent = odd_number(key.exponent, kMostExponent);
    if (!modulus || modulus->size() < kLeastModulus || !exponent || *exponent == "\x01") return nullptr;
    // The first of 2048 bits is one.
    if (modulus->size() == kLeastModulus && (static_cast<unsigned char>(modulus->front()) & 0x80U) == 0) return nullptr;
    return rsa_key(*modulus, *exponent);
}

// The member if it is a string, `otherwise` when it is absent; nullopt for anything else.
std::optional<std::string> word(const Json::Value& object, const char* name, const char* otherwise) {
    const Json::Value& value = member(object, name);
    if (value.isString()) return value.asString();
    return object.isMember(name) ? std::nullopt : std::optional<std::string>(otherwise);
}

bool may_verify(const Json::Value& key) {
    if (!key.isMember("key_ops")) return true;
    const Json::Value& operations = list_in(key, "key_ops");
    return std::any_of(operations.begin(), operations.end(),
                       [](const Json::Value& one) { return one.isString() && one.asString() == "verify"; });
}

// nullopt for keys to skip, among them a key that was published with its private half (`d`), with which anybody can
// sign.
std::optional<JsonWebKey> signing_key(const Json::Value& value) {
    if (!value.isObject() || word(value, "kty", "") != "RSA" || word(value, "use", "sig") != "sig" ||
        word(value, "alg", "RS256") != "RS256" || !may_verify(value) || value.isMember("d"))
        return std::nullopt;
    const auto key_id = word(value, "kid", "");
    const auto modulus = word(value, "n", "");
    const auto exponent = word(value, "e", "");
    const auto issuer = word(value, "issuer", "");
    if (!key_id || !modulus || !exponent || !issuer) return std::nullopt;
    JsonWebKey key{*key_id, *modulus, *exponent, *issuer};
    if (key_of(key) == nullptr) return std::nullopt;
    return key;
}

bool verify(EVP_PKEY* key, std::string_view text, std::string_view signature) {
    const Digest digest(EVP_MD_CTX_new());
    if (!digest) throw std::bad_alloc();
    const bool fits = EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                      EVP_DigestVerify(digest.get(), unsigned_bytes(signature), signature.size(), unsigned_bytes(text),
                                       text.size()) == 1;
    if (!fits) ERR_clear_error();
    return fits;
}

// Does the work of checking a wrong signature, so that an unknown key costs the same time.
void verify_in_vain(std::string_view text) {
    static const Key key = rsa_key(std::string(kLeastModulus, '\xc5'), std::string("\x01\x00\x01", 3));
    static const std::string signature(kLeastModulus, '\x01');
    if (verify(key.get(), text, signature)) std::abort();
}

}  // namespace

bool is_signing_key_id(std::string_view text) {
    return !text.empty() && text.size() <= kMaxKeyId && is_printable(text);
}

KeySetDocument read_key_set(std::string_view json) {
    KeySetDocument document;
    const auto refuse = [&](const char* problem) {
        document.keys.clear();
        document.problem = problem;
        return document;
    };
    if (json.size() > kMaxKeyDocument) return refuse("the key set is longer than 256 KiB");
    const std::optional<Json::Value> value = parse_json(json);
    if (!value || !value->isObject() || !member(*value, "keys").isArray())
        return refuse("the document is no JSON Web Key set");
    const Json::Value& keys = member(*value, "keys");
    if (keys.size() > kMaxKeys) return refuse("the key set has more than 100 keys");
    std::set<std::string> ids;
    for (const Json::Value& one : keys) {
        auto key = signing_key(one);
        if (!key) continue;
        if (!ids.insert(key->key_id).second) return refuse("the key set has two keys of one kid");
        document.keys.push_back(*std::move(key));
    }
    if (document.keys.empty()) return refuse("the key set has no RSA key of 2048 to 8192 bits for signatures");
    return document;
}

TokenMetadata read_token_metadata(std::string_view json, std::span<const std::string> hosts) {
    TokenMetadata metadata;
    const auto refuse = [&](const char* problem) {
        metadata = {};
        metadata.problem = problem;
        return metadata;
    };
    if (json.size() > kMaxKeyDocument) return refuse("the metadata is longer than 256 KiB");
    const std::optional<Json::Value> value = parse_json(json);
    if (!value || !value->isObject()) return refuse("the metadata is no JSON object");
    metadata.issuer = word(*value, "issuer", "").value_or("");
    metadata.key_set = word(*value, "jwks_uri", "").value_or("");
    if (metadata.issuer.empty() || !is_issuer(metadata.issuer)) return refuse("the metadata names no issuer");
    if (metadata.key_set.empty()) return refuse("the metadata names no jwks_uri");
    if (!is_key_address(metadata.key_set, hosts))
        return refuse("the metadata's jwks_uri is no https address at a host of the profile");
    return metadata;
}

bool is_key_address(std::string_view url, std::span<const std::string> hosts) {
    constexpr int kHttps = 443;
    if (url.size() > kMaxAddress) return false;
    if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; })) return false;
    const std::optional<Url> parts = parse_url(url);
    if (!parts || parts->scheme != "https" || parts->has_user || parts->has_fragment) return false;
    const std::string with_port = parts->host + ":" + std::to_string(parts->port);
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        return host == with_port || (parts->port == kHttps && host == parts->host);
    });
}

struct KeySet::Keys {
    struct One {
        Key key;
        std::string issuer;
    };
    std::map<std::string, One, std::less<>> by_id;
};

KeySet::KeySet(std::span<const JsonWebKey> keys) {
    auto usable = std::make_shared<Keys>();
    for (const JsonWebKey& key : keys) {
        if (Key parsed = key_of(key)) usable->by_id.try_emplace(key.key_id, Keys::One{std::move(parsed), key.issuer});
    }
    if (!usable->by_id.empty()) keys_ = std::move(usable);
}

bool KeySet::has(std::string_view key_id) const { return keys_ && keys_->by_id.contains(key_id); }

std::optional<std::string> KeySet::issuer_of(std::string_view key_id) const {
    if (!keys_) return std::nullopt;
    const auto place = keys_->by_id.find(key_id);
    if (place == keys_->by_id.end()) return std::nullopt;
    return place->second.issuer;
}

bool KeySet::verifies(std::string_view key_id, std::string_view text, std::string_view signature) const {
    const Keys::One* known = nullptr;
    if (keys_) {
        const auto place = keys_->by_id.find(key_id);
        if (place != keys_->by_id.end()) known = &place->second;
    }
    if (known == nullptr || std::cmp_not_equal(signature.size(), EVP_PKEY_get_size(known->key.get()))) {
        verify_in_vain(text);
        return false;
    }
    return verify(known->key.get(), text, signature);
}

}  // namespace o365
