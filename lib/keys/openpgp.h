// OpenPGP messages (librnp): opening what pgcrypto sealed, and sealing under a symmetric key. Only the worker links it.
// An OpenPgp belongs to one thread. Plain texts are Secrets and wiped; a message over 64 KiB is refused before it is
// parsed.
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

// Not the message's fault: memory, random numbers, the library itself. Another try may succeed.
class OpenPgpFailure : public OpenPgpError {
  public:
    using OpenPgpError::OpenPgpError;
};

struct RsaKey {
    Secret armored_secret;   // ASCII-armored secret key, unprotected: the file's mode protects it
    std::string public_key;  // binary form, for pgcrypto
    std::string key_id;  // of the subkey that messages are sealed to, as pgp_key_id() prints it: 16 capital hex digits
    // When the key or that subkey expires; nullopt: never. Neither pgcrypto nor open() minds, but gpg does not encrypt
    // to an expired key.
    std::optional<std::chrono::system_clock::time_point> expires;
};

class OpenPgp {
  public:
    OpenPgp();
    OpenPgp(OpenPgp&&) noexcept;
    OpenPgp& operator=(OpenPgp&&) noexcept;
    ~OpenPgp();

    // A new RSA-3072 pair with an encryption subkey, the kind that pgcrypto can seal to, which never expires. Takes a
    // second or two.
    static RsaKey generate_rsa();

    // Loads the secret key that open() uses and returns it as generate_rsa() does. Throws OpenPgpError on anything but
    // one unprotected RSA key that can encrypt: pgcrypto seals to no other kind (callback-and-fastcgi.md 0.1).
    RsaKey load(const Secret& armored);

    // Opens a message sealed to the loaded key. Throws OpenPgpError when it does not open, in the same words for a
    // wrong key and damaged data, on purpose; OpenPgpFailure when this machine is at fault.
    Secret open(std::string_view sealed);
    // Opens a message sealed under a passphrase.
    Secret open(std::string_view sealed, const Secret& passphrase);
    // Seals under a passphrase that is a random key: AES-256, the cheapest derivation, because there is nothing to
    // guess.
    std::string seal(const Secret& plain, const Secret& passphrase);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace o365
