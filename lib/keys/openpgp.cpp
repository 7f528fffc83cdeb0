#include "lib/keys/openpgp.h"

#include <fmt/format.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "lib/base/c_free.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxMessage = 65536;

using Ffi = std::unique_ptr<rnp_ffi_st, CFree<rnp_ffi_destroy>>;
using Input = std::unique_ptr<rnp_input_st, CFree<rnp_input_destroy>>;
using Output = std::unique_ptr<rnp_output_st, CFree<rnp_output_destroy>>;
using KeyHandle = std::unique_ptr<rnp_key_handle_st, CFree<rnp_key_handle_destroy>>;
using Encryption = std::unique_ptr<rnp_op_encrypt_st, CFree<rnp_op_encrypt_destroy>>;
using Text = std::unique_ptr<char, CFree<rnp_buffer_destroy>>;
using Iterator = std::unique_ptr<rnp_identifier_iterator_st, CFree<rnp_identifier_iterator_destroy>>;

void check(rnp_result_t result, std::string_view what) {
    if (result != RNP_SUCCESS)
        throw OpenPgpFailure(fmt::format("could not {}: {}", what, rnp_result_to_string(result)));
}

// Silences librnp, which prints its errors to the stream `stderr` and also returns them. Debian's librnp has no way to
// turn that off: it is built without NDEBUG, which ignores RNP_LOG_CONSOLE, and does not use rnp_ffi_set_log_fd for
// them. While a Silence lives, `stderr` is /dev/null; code that took the stream before, such as the log, keeps it.
class Silence {
  public:
    Silence() : stderr_(stderr) {
        if (nowhere() != nullptr) stderr = nowhere();
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() { stderr = stderr_; }

  private:
    static FILE* nowhere() {
        static const std::unique_ptr<FILE, CFree<std::fclose>> stream{std::fopen("/dev/null", "we")};
        return stream.get();
    }
    FILE* stderr_;
};

Ffi make_ffi() {
    rnp_ffi_t ffi = nullptr;
    check(rnp_ffi_create(&ffi, "GPG", "GPG"), "start OpenPGP");
    return Ffi{ffi};
}

Input memory_input(std::string_view bytes) {
    rnp_input_t input = nullptr;
    check(rnp_input_from_memory(&input, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), false),
          "read a message");
    return Input{input};
}

Output memory_output() {
    rnp_output_t output = nullptr;
    check(rnp_output_to_memory(&output, 0), "make room for a message");
    return Output{output};
}

// Copies the bytes out and wipes librnp's buffer.
std::string take(rnp_output_t output) {
    uint8_t* bytes = nullptr;
    std::size_t size = 0;
    check(rnp_output_memory_get_buf(output, &bytes, &size, false), "take a message");
    std::string text(reinterpret_cast<const char*>(bytes), size);
    rnp_buffer_clear(bytes, size);
    return text;
}

std::string key_id(rnp_key_handle_t key) {
    char* id = nullptr;
    check(rnp_key_get_keyid(key, &id), "read a key's id");
    const Text owner{id};
    return id;
}

bool is_rsa(rnp_key_handle_t key) {
    char* algorithm = nullptr;
    check(rnp_key_get_alg(key, &algorithm), "read a key's kind");
    const Text owner{algorithm};
    return std::string_view(algorithm) == "RSA";
}

bool encrypts(rnp_key_handle_t key) {
    bool result = false;
    check(rnp_key_allows_usage(key, "encrypt", &result), "read a key's usage");
    return result;
}

std::string exported(rnp_key_handle_t key, uint32_t flags) {
    const Output output = memory_output();
    check(rnp_key_export(key, output.get(), flags), "export a key");
    return take(output.get());
}

// The subkey to which messages are sealed; null when it is the primary key. pgcrypto takes the first subkey that
// encrypts, else the primary key.
KeyHandle sealing_key(rnp_key_handle_t primary) {
    std::size_t subkeys = 0;
    check(rnp_key_get_subkey_count(primary, &subkeys), "count subkeys");
    for (std::size_t i = 0; i < subkeys; ++i) {
        rnp_key_handle_t raw = nullptr;
        check(rnp_key_get_subkey_at(primary, i, &raw), "read a subkey");
        KeyHandle subkey{raw};
        if (!encrypts(subkey.get())) continue;
        if (!is_rsa(subkey.get())) break;
        return subkey;
    }
    if (is_rsa(primary) && encrypts(primary)) return nullptr;
    throw OpenPgpError(
        "this key is not an RSA key that can encrypt, and PostgreSQL seals to no other kind: make one with "
        "`o365-worker keys generate`");
}

std::optional<std::chrono::system_clock::time_point> expiry(rnp_key_handle_t key) {
    uint32_t created = 0;
    uint32_t lifetime = 0;
    check(rnp_key_get_creation(key, &created), "read a key");
    check(rnp_key_get_expiration(key, &lifetime), "read a key");
    if (lifetime == 0) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::seconds(std::int64_t{created} + lifetime));
}

RsaKey describe(rnp_key_handle_t primary) {
    RsaKey key;
    const KeyHandle subkey = sealing_key(primary);
    key.key_id = key_id(subkey ? subkey.get() : primary);
    key.expires = expiry(primary);
    if (subkey) {
        const auto of_subkey = expiry(subkey.get());
        if (of_subkey && (!key.expires || *of_subkey < *key.expires)) key.expires = of_subkey;
    }
    key.public_key = exported(primary, RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS);
    key.armored_secret =
        Secret(exported(primary, RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_SUBKEYS | RNP_KEY_EXPORT_ARMORED));
    return key;
}

bool give_passphrase(rnp_ffi_t /*ffi*/, void* context, rnp_key_handle_t /*key*/, const char* /*purpose*/, char* buffer,
                     std::size_t size) noexcept {
    const auto* passphrase = static_cast<const Secret*>(context);
    if (passphrase == nullptr || passphrase->reveal().size() + 1 > size) return false;
    std::memcpy(buffer, passphrase->reveal().c_str(), passphrase->reveal().size() + 1);
    return true;
}

Secret decrypt(rnp_ffi_t ffi, std::string_view sealed) {
    if (sealed.size() > kMaxMessage)
        throw OpenPgpError("the message is longer than 64 KiB, so it is not one of this installation");
    const Silence silence;
    const Input input = memory_input(sealed);
    const Output output = memory_output();
    switch (const rnp_result_t result = rnp_decrypt(ffi, input.get(), output.get()); result) {
        case RNP_SUCCESS:
            break;
        case RNP_ERROR_OUT_OF_MEMORY:
        case RNP_ERROR_RNG:
        case RNP_ERROR_WRITE:
            check(result, "open a message");
            break;
        default:
            throw OpenPgpError("the message does not open: it was sealed under another key, or is damaged");
    }
    return Secret(take(output.get()));
}

}  // namespace

struct OpenPgp::Impl {
    Ffi ffi = make_ffi();
    // Symmetric messages have an FFI object of their own, so that a message is opened only by the kind of key under
    // which it is said to be sealed.
    Ffi symmetric = make_ffi();
};

OpenPgp::OpenPgp() : impl_(std::make_unique<Impl>()) {}
OpenPgp::OpenPgp(OpenPgp&&) noexcept = default;
OpenPgp& OpenPgp::operator=(OpenPgp&&) noexcept = default;
OpenPgp::~OpenPgp() = default;

RsaKey OpenPgp::generate_rsa() {
    const Silence silence;
    const Ffi ffi = make_ffi();
    rnp_key_handle_t raw = nullptr;
    check(rnp_generate_key_rsa(ffi.get(), 3072, 3072, "o365-connector", nullptr, &raw), "make an RSA key");
    const KeyHandle key{raw};
    // librnp's default is two years.
    check(rnp_key_set_expiration(key.get(), 0), "make an RSA key");
    rnp_key_handle_t raw_subkey = nullptr;
    check(rnp_key_get_subkey_at(key.get(), 0, &raw_subkey), "read a subkey");
    const KeyHandle subkey{raw_subkey};
    check(rnp_key_set_expiration(subkey.get(), 0), "make an RSA key");
    return describe(key.get());
}

RsaKey OpenPgp::load(const Secret& armored) {
    const Silence silence;
    const Input input = memory_input(armored.reveal());
    if (rnp_import_keys(impl_->ffi.get(), input.get(), RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS,
                        nullptr) != RNP_SUCCESS) {
        throw OpenPgpError(
            "this holds no OpenPGP secret key: make one with `o365-worker keys generate`, or restore the backup");
    }
    rnp_identifier_iterator_t raw_iterator = nullptr;
    check(rnp_identifier_iterator_create(impl_->ffi.get(), &raw_iterator, "fingerprint"), "list keys");
    const Iterator iterator{raw_iterator};
    const char* fingerprint = nullptr;
    while (rnp_identifier_iterator_next(iterator.get(), &fingerprint) == RNP_SUCCESS && fingerprint != nullptr) {
        rnp_key_handle_t raw = nullptr;
        check(rnp_locate_key(impl_->ffi.get(), "fingerprint", fingerprint, &raw), "find a key");
        const KeyHandle key{raw};
        bool primary = false;
        bool secret = false;
        bool is_protected = false;
        check(rnp_key_is_primary(key.get(), &primary), "read a key");
        check(rnp_key_have_secret(key.get(), &secret), "read a key");
        if (!primary || !secret) continue;
        check(rnp_key_is_protected(key.get(), &is_protected), "read a key");
        if (is_protected)
            throw OpenPgpError(
                "this key has a passphrase, which a service cannot type: store it without one, in a file of mode 0600");
        return describe(key.get());
    }
    throw OpenPgpError(
        "this holds no OpenPGP secret key: make one with `o365-worker keys generate`, or restore the backup");
}

Secret OpenPgp::open(std::string_view sealed) { return decrypt(impl_->ffi.get(), sealed); }

Secret OpenPgp::open(std::string_view sealed, const Secret& passphrase) {
    rnp_ffi_set_pass_provider(impl_->symmetric.get(), give_passphrase, const_cast<Secret*>(&passphrase));
    struct Forget {
        rnp_ffi_t ffi;
        ~Forget() { rnp_ffi_set_pass_provider(ffi, give_passphrase, nullptr); }
    } const forget{impl_->symmetric.get()};
    return decrypt(impl_->symmetric.get(), sealed);
}

std::string OpenPgp::seal(const Secret& plain, const Secret& passphrase) {
    const Silence silence;
    const Input input = memory_input(plain.reveal());
    const Output output = memory_output();
    rnp_op_encrypt_t raw = nullptr;
    check(rnp_op_encrypt_create(&raw, impl_->symmetric.get(), input.get(), output.get()), "seal a message");
    const Encryption encryption{raw};
    check(rnp_op_encrypt_add_password(encryption.get(), passphrase.reveal().c_str(), "SHA256", 1, "AES256"),
          "seal a message");
    check(rnp_op_encrypt_set_cipher(encryption.get(), "AES256"), "seal a message");
    check(rnp_op_encrypt_set_compression(encryption.get(), "Uncompressed", 0), "seal a message");
    check(rnp_op_encrypt_execute(encryption.get()), "seal a message");
    return take(output.get());
}

}  // namespace o365
