// The worker's key file, which opens sealed messages. A KeyRing belongs to one thread.
//
// The file is text, mode 0600: an armored OpenPGP secret key (RSA), then lines `symmetric <key id> <base64 of 32 random
// bytes>`, newest last. `gpg --import FILE` reads the RSA key; the base64 text is the passphrase of the messages that
// were sealed under that line's key.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/secret.h"
#include "lib/keys/openpgp.h"

namespace o365 {

// what() names the file or the key and says what to do.
class KeyError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The key file does not have the key under which a message is sealed.
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

// The webhook in the opened text of a message. Throws KeyError unless the message was sealed as the webhook of this
// subscription: purpose and id are in the text.
Secret webhook_in(const Secret& text, std::int64_t subscription_id);

// The text of a new key file: a new RSA key pair and one symmetric key. Takes a second or two.
Secret new_key_file();
// Writes a key file, mode 0600, atomically. Throws KeyError when it cannot, and when `path` exists: overwriting a key
// would lose all that it opens.
void write_key_file(const std::string& path, const Secret& text);
// Reads a key file. Throws KeyError when it cannot be read, or its group or others may access it.
Secret read_key_file(const std::string& path);

class KeyRing {
  public:
    // `text`: that of a key file. Throws KeyError, with `path`, for what is wrong with it.
    KeyRing(const Secret& text, const std::string& path);

    const RsaKey& rsa() const noexcept { return rsa_; }
    const std::vector<SymmetricKey>& symmetric() const noexcept { return symmetric_; }

    bool has(std::string_view key_id) const noexcept;
    // Opens a message that is sealed under the key of that id: some ten milliseconds of CPU for the RSA key, some ten
    // microseconds for a symmetric key. Throws MissingKey when the file has no such key, OpenPgpError when the message
    // does not open, OpenPgpFailure when the reason is this machine.
    Secret open(const std::string& key_id, std::string_view sealed);
    // Seals a text under the newest symmetric key. Throws OpenPgpError.
    SealedMessage seal(const Secret& text);
    bool is_symmetric(std::string_view key_id) const noexcept { return key_id.starts_with("sym-"); }

  private:
    OpenPgp openpgp_;
    RsaKey rsa_;
    std::vector<SymmetricKey> symmetric_;
};

}  // namespace o365
