// OpenPGP messages (librnp): opens what pgcrypto sealed, and seals under a symmetric key. Only the worker links it. An
// OpenPgp belongs to one thread. Plain texts are Secrets; a message over 64 KiB is refused before it is parsed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lib/base/secret.h"

namespace o365 {

// what() says what is wrong and what to do, and never quotes a key or a text.
class OpenPgpError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The message is not the reason: memory, random numbers, or librnp failed. Another try may succeed.
class OpenPgpFailure : public OpenPgpError {
  public:
    using OpenPgpError::OpenPgpError;
};

struct RsaKey {
    Secret armored_secret;   // ASCII-armored secret key without a passphrase: the file's mode protects it
    std::string public_key;  // binary form, for pgcrypto
    std::string key_id;  // of the subkey to which messages are sealed, as pgp_key_id() prints it: 16 capital hex digits
    // When the key or that subkey expires; nullopt: never. pgcrypto and open() ignore it, but gpg does not encrypt to
    // an expired key.
    std::optional<std::chrono::system_clock::time_point> expires;
};

class OpenPgp {
  public:
    OpenPgp();
    OpenPgp(OpenPgp&&) noexcept;
    OpenPgp& operator=(OpenPgp&&) noexcept;
    ~OpenPgp();

    // Makes an RSA-3072 key pair that never expires, with an encryption subkey, as pgcrypto needs it. Takes a second or
    // two.
    static RsaKey generate_rsa();

    // Loads the secret key for open() and returns it as generate_rsa() does. Throws OpenPgpError for anything but an
    // RSA key without a passphrase that can encrypt: pgcrypto seals to no other kind (callback-and-fastcgi.md 0.1).
    RsaKey load(const Secret& armored);

    // Opens a message that is sealed to the loaded key. Throws OpenPgpError when it does not open, on purpose in the
    // same words for a wrong key and damaged data; OpenPgpFailure when the reason is this machine.
    Secret open(std::string_view sealed);
    // Opens a message that is sealed under a passphrase. Throws as the other.
    Secret open(std::string_view sealed, const Secret& passphrase);
    // Seals under a passphrase that must be a random key: AES-256 with the cheapest key derivation, because a random
    // key cannot be guessed. Throws OpenPgpFailure.
    std::string seal(const Secret& plain, const Secret& passphrase);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace o365
