#include "lib/base/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <stdexcept>

#include "lib/base/c_free.h"

namespace o365 {
namespace {

const unsigned char* unsigned_bytes(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* unsigned_bytes(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (RAND_bytes(unsigned_bytes(bytes), static_cast<int>(count)) != 1) {
        throw std::runtime_error("could not make random bytes");
    }
    return bytes;
}

std::string random_token() { return base64url(random_bytes(32)); }

std::string random_request_id() { return "r-" + hex(random_bytes(6)); }

std::string sha256(std::string_view bytes) {
    // Fetched once: OpenSSL's own SHA256() looks for an implementation at every call, which costs more than a short
    // digest.
    static const std::unique_ptr<EVP_MD, CFree<EVP_MD_free>> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    if (!algorithm ||
        EVP_Digest(bytes.data(), bytes.size(), unsigned_bytes(digest), nullptr, algorithm.get(), nullptr) != 1)
        throw std::runtime_error("could not make a SHA-256 digest");
    return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string mac(SHA256_DIGEST_LENGTH, '\0');
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), unsigned_bytes(bytes), bytes.size(),
             unsigned_bytes(mac), &size) == nullptr) {
        throw std::runtime_error("could not make an HMAC");
    }
    return mac;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(unsigned_bytes(text), unsigned_bytes(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::string base64url(std::string_view bytes) {
    std::string text = base64(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string base64_decode(std::string_view text) {
    const auto refuse = [] { throw std::invalid_argument("this is not base64"); };
    if (text.size() % 4 != 0) refuse();
    // EVP_DecodeBlock skips blanks around the text and counts padding as bytes: check the alphabet and the padding
    // here.
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    const auto in_alphabet = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    for (const char c : text.substr(0, text.size() - padding)) {
        if (!in_alphabet(c)) refuse();
    }
    std::string bytes(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(unsigned_bytes(bytes), unsigned_bytes(text), static_cast<int>(text.size())) < 0) refuse();
    bytes.resize(bytes.size() - padding);
    return bytes;
}

bool is_base64url(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::optional<std::string> base64url_decode(std::string_view text) {
    static const auto digits = [] {
        constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        std::array<int, 256> table{};
        table.fill(-1);
        for (std::size_t i = 0; i < kAlphabet.size(); ++i)
            table.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<int>(i);
        return table;
    }();
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    unsigned int bits = 0;
    int count = 0;  // the low bits of `bits` that are not part of a byte yet
    for (const char c : text) {
        const int digit = digits.at(static_cast<unsigned char>(c));
        if (digit < 0) return std::nullopt;
        bits = (bits << 6) | static_cast<unsigned int>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count);
        bits &= (1U << count) - 1;
    }
    // One last character alone has six bits, too few for a byte. An encoder sets the bits that it does not use to zero.
    if (count == 6 || bits != 0) return std::nullopt;
    return bytes;
}

bool holds_certificate(std::string_view pem) {
    const std::unique_ptr<BIO, CFree<BIO_free_all>> input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!input) throw std::bad_alloc();
    const std::unique_ptr<X509, CFree<X509_free>> certificate(
        PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return certificate != nullptr;
}

}  // namespace o365
