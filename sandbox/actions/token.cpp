#include "sandbox/actions/token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/base/crypto.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

using Key = std::unique_ptr<EVP_PKEY, CFree<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, CFree<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, CFree<BN_free>>;
using Memory = std::unique_ptr<BIO, CFree<BIO_free_all>>;

constexpr std::string_view kLegacy = "legacy";
constexpr std::array kKinds = {
    TokenKind{"entra", "Entra ID, as sent today", true},
    TokenKind{kLegacy, "substrate.office.com, as sent until June 2026", true},
    TokenKind{"expired", "Entra ID, expired an hour ago", false},
    TokenKind{"not-yet", "Entra ID, valid from tomorrow", false},
    TokenKind{"wrong-audience", "Entra ID, made for another service", false},
    TokenKind{"wrong-issuer", "Entra ID, of another tenant's issuer", false},
    TokenKind{"wrong-app", "Entra ID, sent by an application that is not Actions", false},
    TokenKind{"tampered", "Entra ID, another person put in after signing", false},
    TokenKind{"unknown-key", "Entra ID, signed by a key that is in no key set", false},
    TokenKind{"alg-none", "Entra ID, algorithm none and no signature", false},
    TokenKind{"hs256", "Entra ID, HMAC with the public key as its secret", false},
    TokenKind{"legacy-expired", "substrate.office.com, expired an hour ago", false},
    TokenKind{"legacy-not-yet", "substrate.office.com, valid from tomorrow", false},
    TokenKind{"legacy-wrong-audience", "substrate.office.com, made for another service", false},
    TokenKind{"legacy-wrong-issuer", "substrate.office.com, of another issuer", false},
    TokenKind{"legacy-wrong-app", "substrate.office.com, sent by an application that is not Actions", false},
    TokenKind{"legacy-tampered", "substrate.office.com, another person put in after signing", false},
    TokenKind{"legacy-unknown-key", "substrate.office.com, signed by a key that is in no key set", false},
    TokenKind{"legacy-alg-none", "substrate.office.com, algorithm none and no signature", false},
    TokenKind{"legacy-hs256", "substrate.office.com, HMAC with the public key as its secret", false},
    TokenKind{"none", "no token at all", false},
};

constexpr auto kLife = std::chrono::minutes(60);
constexpr auto kSkew = std::chrono::minutes(2);

std::string key_number(const EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) throw std::runtime_error("could not read an RSA key");
    const Number number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
    BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
    return base64url(bytes);
}

std::string sign(EVP_PKEY* key, const std::string& text) {
    const Digest digest(EVP_MD_CTX_new());
    std::size_t length = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(digest.get(), nullptr, &length, bytes, text.size()) != 1)
        throw std::runtime_error("could not sign a token");
    std::string signature(length, '\0');
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes, text.size()) !=
        1)
        throw std::runtime_error("could not sign a token");
    signature.resize(length);
    return signature;
}

bool is_signed_by(EVP_PKEY* key, std::string_view text, std::string_view signature) {
    const Digest digest(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string public_pem(EVP_PKEY* key) {
    const Memory memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PUBKEY(memory.get(), key) != 1) throw std::runtime_error("could not write a public key");
    char* data = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

std::string hmac(const std::string& secret, const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &length);
    return {reinterpret_cast<const char*>(bytes.data()), length};
}

std::string encoded(const Json::Value& value) {
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    return base64url(Json::writeString(writer, value));
}

std::optional<std::string> decoded(std::string_view part) {
    std::string text(part);
    for (char& c : text) c = c == '-' ? '+' : (c == '_' ? '/' : c);
    text.append((4 - text.size() % 4) % 4, '=');
    try {
        return base64_decode(text);
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

std::int64_t seconds(std::chrono::system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

// "api://auth-am-<guid>/<guid>" unless a certain value is given.
bool is_for(std::string_view audience, std::string_view wanted) {
    if (!wanted.empty()) return audience == wanted;
    constexpr std::string_view kPrefix = "api://auth-am-";
    if (!audience.starts_with(kPrefix)) return false;
    audience.remove_prefix(kPrefix.size());
    const auto slash = audience.find('/');
    return slash != std::string_view::npos && audience.substr(0, slash) == audience.substr(slash + 1);
}

Json::Value entra_claims(const TokenFacts& facts) {
    Json::Value claims;
    claims["ver"] = "2.0";
    claims["iss"] = facts.entra_issuer;
    claims["aud"] = facts.entra_audience;
    claims["azp"] = std::string(kActionsAppId);
    claims["tid"] = facts.tenant_id;
    claims["oid"] = facts.object_id;
    // Pairwise: each service gets another sub for the same person.
    claims["sub"] = base64url(sha256(facts.entra_audience + " " + facts.object_id));
    claims["name"] = facts.name;
    return claims;
}

Json::Value legacy_claims(const TokenFacts& facts) {
    Json::Value claims;
    claims["ver"] = "STI.ExternalAccessToken.V1";
    claims["iss"] = facts.legacy_issuer;
    claims["aud"] = facts.legacy_audience;
    claims["appid"] = std::string(kActionsAppId);
    claims["appidacr"] = "2";
    claims["sub"] = facts.object_id;
    return claims;
}

// Sets the times of a token's claims, wrong ones for a kind of token with that fault.
void put_faults(Json::Value& claims, std::string_view fault, bool legacy, const TokenFacts& facts) {
    auto begun = facts.now;
    if (fault == "expired") begun -= kLife * 2;
    if (fault == "not-yet") begun += std::chrono::hours(24);
    claims["iat"] = static_cast<Json::Int64>(seconds(begun));
    claims["nbf"] = claims["iat"];
    claims["exp"] = static_cast<Json::Int64>(seconds(begun + kLife));
    if (fault == "wrong-audience") {
        claims["aud"] = legacy ? "https://another-service.localhost"
                               : "api://auth-am-00000000-0000-4000-8000-000000000000/another-service";
    }
    if (fault == "wrong-issuer") {
        claims["iss"] =
            legacy ? "https://sts.sandbox.localhost/sts/" : "https://sts.sandbox.localhost/another-tenant/v2.0";
    }
    if (fault == "wrong-app") claims[legacy ? "appid" : "azp"] = "00000000-0000-4000-8000-000000000000";
}

}  // namespace

std::span<const TokenKind> token_kinds() { return kKinds; }

struct TokenIssuer::Impl {
    Key key{EVP_RSA_gen(2048)};
    Key stranger{EVP_RSA_gen(2048)};
    std::string key_id = hex(random_bytes(10));
};

TokenIssuer::TokenIssuer() : impl_(std::make_unique<Impl>()) {
    if (!impl_->key || !impl_->stranger) throw std::runtime_error("could not make an RSA key");
}

TokenIssuer::~TokenIssuer() = default;

Json::Value TokenIssuer::key_set() const {
    Json::Value key;
    key["kty"] = "RSA";
    key["use"] = "sig";
    key["alg"] = "RS256";
    key["kid"] = impl_->key_id;
    key["n"] = key_number(impl_->key.get(), OSSL_PKEY_PARAM_RSA_N);
    key["e"] = key_number(impl_->key.get(), OSSL_PKEY_PARAM_RSA_E);
    Json::Value set;
    set["keys"].append(key);
    return set;
}

std::string TokenIssuer::make(std::string_view kind, const TokenFacts& facts) const {
    const auto is_it = [&](const TokenKind& one) { return one.name == kind; };
    if (std::none_of(kKinds.begin(), kKinds.end(), is_it))
        throw std::invalid_argument("there is no such kind of token");
    if (kind == "none") return {};

    const bool legacy = kind.starts_with(kLegacy);
    std::string_view fault = kind;  // a good kind's own name is none
    if (legacy && kind != kLegacy) fault.remove_prefix(kLegacy.size() + 1);
    Json::Value claims = legacy ? legacy_claims(facts) : entra_claims(facts);
    put_faults(claims, fault, legacy, facts);

    Json::Value header;
    header["typ"] = "JWT";
    header["alg"] = fault == "alg-none" ? "none" : (fault == "hs256" ? "HS256" : "RS256");
    header["kid"] = fault == "unknown-key" ? "unknown-" + impl_->key_id : impl_->key_id;
    const std::string head = encoded(header) + ".";
    std::string text = head + encoded(claims);
    if (fault == "alg-none") return text + ".";
    if (fault == "hs256") return text + "." + base64url(hmac(public_pem(impl_->key.get()), text));
    EVP_PKEY* const key = fault == "unknown-key" ? impl_->stranger.get() : impl_->key.get();
    const std::string signature = base64url(sign(key, text));
    if (fault == "tampered") {
        claims[legacy ? "sub" : "oid"] = "00000000-0000-4000-8000-000000000000";
        text = head + encoded(claims);
    }
    return text + "." + signature;
}

std::string TokenIssuer::problem(std::string_view token, const TokenFacts& facts) const {
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    if (first == std::string_view::npos || first == last) return "it is no JWT";
    const auto head_text = decoded(token.substr(0, first));
    const auto claims_text = decoded(token.substr(first + 1, last - first - 1));
    const auto signature = decoded(token.substr(last + 1));
    const auto head = head_text ? parse_json(*head_text) : std::nullopt;
    const auto claims = claims_text ? parse_json(*claims_text) : std::nullopt;
    if (!head || !claims || !head->isObject() || !claims->isObject() || !signature) return "it is no JWT";
    const auto text = [](const Json::Value& object, const char* name) {
        return object[name].isString() ? object[name].asString() : std::string();
    };
    if (text(*head, "alg") != "RS256") return "its algorithm is not RS256";
    if (text(*head, "kid") != impl_->key_id) return "its key is in no key set";
    if (!is_signed_by(impl_->key.get(), token.substr(0, last), *signature)) return "its signature is wrong";
    const bool legacy = text(*claims, "iss") == facts.legacy_issuer;
    if (!legacy && text(*claims, "iss") != facts.entra_issuer) return "its issuer is another";
    if (!is_for(text(*claims, "aud"), legacy ? facts.legacy_audience : facts.entra_audience))
        return "it is made for another service";
    if (text(*claims, legacy ? "appid" : "azp") != kActionsAppId) return "another application sent it";
    if (!(*claims)["exp"].isInt64() || !(*claims)["nbf"].isInt64()) return "it has no times";
    if ((*claims)["exp"].asInt64() < seconds(facts.now - kSkew)) return "it has expired";
    if ((*claims)["nbf"].asInt64() > seconds(facts.now + kSkew)) return "it is not valid yet";
    return {};
}

}  // namespace o365
