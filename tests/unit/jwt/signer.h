// RSA keys and tokens for tests, made by OpenSSL on the spot.
#pragma once

#include <json/json.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "lib/base/c_free.h"
#include "lib/base/crypto.h"
#include "lib/json/json_writing.h"
#include "lib/jwt/key_set.h"

namespace o365 {

class Signer {
  public:
    explicit Signer(std::string key_id, unsigned int bits = 2048)
        : key_id_(std::move(key_id)), key_(EVP_RSA_gen(bits)) {
        if (!key_) throw std::runtime_error("could not make an RSA key");
    }

    const std::string& key_id() const { return key_id_; }
    std::string modulus() const { return number(OSSL_PKEY_PARAM_RSA_N); }
    JsonWebKey key(std::string issuer = {}) const {
        return {key_id_, base64url(modulus()), base64url(number(OSSL_PKEY_PARAM_RSA_E)), std::move(issuer)};
    }
    Json::Value json() const {
        Json::Value value;
        value["kty"] = "RSA";
        value["use"] = "sig";
        value["kid"] = key_id_;
        value["n"] = key().modulus;
        value["e"] = key().exponent;
        return value;
    }
    std::string public_pem() const {
        const std::unique_ptr<BIO, CFree<BIO_free_all>> memory(BIO_new(BIO_s_mem()));
        PEM_write_bio_PUBKEY(memory.get(), key_.get());
        char* data = nullptr;
        const long length = BIO_get_mem_data(memory.get(), &data);
        return {data, static_cast<std::size_t>(length)};
    }

    // The raw signature of a text: PKCS #1 v1.5, or PSS, and any digest.
    std::string sign(const std::string& text, const EVP_MD* digest = EVP_sha256(), bool pss = false) const {
        const std::unique_ptr<EVP_MD_CTX, CFree<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
        EVP_PKEY_CTX* key_context = nullptr;
        EVP_DigestSignInit(context.get(), &key_context, digest, nullptr, key_.get());
        if (pss) EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
        std::size_t length = 0;
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        EVP_DigestSign(context.get(), nullptr, &length, bytes, text.size());
        std::string signature(length, '\0');
        if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes,
                           text.size()) != 1)
            throw std::runtime_error("could not sign");
        signature.resize(length);
        return signature;
    }
    // header.claims.signature of what is already JSON.
    std::string token(const std::string& header, const std::string& claims) const {
        const std::string text = base64url(header) + "." + base64url(claims);
        return text + "." + base64url(sign(text));
    }
    std::string token(const Json::Value& header, const Json::Value& claims) const {
        return token(compact_json(header), compact_json(claims));
    }

  private:
    std::string number(const char* name) const {
        BIGNUM* raw = nullptr;
        if (EVP_PKEY_get_bn_param(key_.get(), name, &raw) != 1) throw std::runtime_error("could not read an RSA key");
        const std::unique_ptr<BIGNUM, CFree<BN_free>> number(raw);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
        BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
        return bytes;
    }

    std::string key_id_;
    std::unique_ptr<EVP_PKEY, CFree<EVP_PKEY_free>> key_;
};

}  // namespace o365
