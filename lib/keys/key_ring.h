// The worker's key file, and opening what is sealed under its keys. A KeyRing belongs to one thread.
//
// The file is text, mode 0600: an armored OpenPGP secret key (RSA), then lines `symmetric <key id> <base64 of 32 random
// bytes>`, newest last. `gpg --import FILE` takes the RSA key; the base64 text is the passphrase of what was adopted
// under that line's key.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/secret.h"
#include "lib/keys/openpgp.h"

namespace o365 {

// what() names the file or the key, and the next step.
class KeyError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The file does not hold the key that something is sealed under.
class MissingKey : public KeyError {
  public:
    using KeyError::KeyError;
};

struct SymmetricKey {
    std::string key_id;  // "sym-" and 8 hex digits of the key's SHA-256
    Secret passphrase;   // base64 of the key
};

struct SealedMessage {
    std::string key_id;
    std::string sealed;
};

// The webhook in the opened text of a message, which was sealed for this subscription: row id and purpose stand inside.
// Throws KeyError if not.
Secret webhook_in(const Secret& text, std::int64_t subscription_id);

// A text for a new key file: a new RSA pair and one symmetric key.
Secret new_key_file();
// Writes a key file, mode 0600, atomically. Throws KeyError if `path` exists: a key that is overwritten is lost with
// all it opens.
void write_key_file(const std::string& path, const Secret& text);
// Reads one. Throws KeyError when it is missing, or its group or others may access it.
Secret read_key_file(const std::string& path);

class KeyRing {
  public:
    // Throws KeyError naming `path` (only for errors) and what is wrong with the text.
    KeyRing(const Secret& text, const std::string& path);

    const RsaKey& rsa() const noexcept { return rsa_; }
    const std::vector<SymmetricKey>& symmetric() const noexcept { return symmetric_; }

    bool has(std::string_view key_id) const noexcept;
    // Opens a message sealed under the key of that id, which costs some ten milliseconds of CPU for the RSA key and
    // some ten microseconds for a symmetric one. Throws MissingKey when the file has no such key, OpenPgpError when it
    // does not open, OpenPgpFailure when this machine is at fault.
    Secret open(const std::string& key_id, std::string_view sealed);
    // Seals the text of a message under the newest symmetric key: adopts it. Throws OpenPgpError.
    SealedMessage seal(const Secret& text);
    bool is_symmetric(std::string_view key_id) const noexcept { return key_id.starts_with("sym-"); }

  private:
    OpenPgp openpgp_;
    RsaKey rsa_;
    std::vector<SymmetricKey> symmetric_;
};

}  // namespace o365
