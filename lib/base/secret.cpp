#include "lib/base/secret.h"

#include <openssl/crypto.h>

#include "lib/base/crypto.h"

namespace o365 {

void wipe(std::string& text) noexcept {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

Secret::Secret(std::string&& value) : value_(value) { o365::wipe(value); }

// A moved std::string may leave its bytes behind in the small-string buffer: swap, so that the source's destructor
// wipes them.
Secret::Secret(Secret&& other) noexcept { value_.swap(other.value_); }

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        value_.swap(other.value_);
    }
    return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept { o365::wipe(value_); }

std::string Secret::redacted() const { return value_.empty() ? "***" : "***" + hex(sha256(value_)).substr(0, 4); }

}  // namespace o365
