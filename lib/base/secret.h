// A secret on its way through a program: a webhook, an object id, a state, a cookie, a ticket, a key.
// It formats as *** and four hex digits of its SHA-256, so that a log line can tell two secrets apart and never holds
// one; its bytes are wiped when it is destroyed or overwritten. Copies are explicit (`Secret(other.reveal())`).
// Thread-compatible, like std::string.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace o365 {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string_view value) : value_(value) {}
    explicit Secret(const char* value) : value_(value) {}
    // Moves the bytes in and wipes the caller's string.
    explicit Secret(std::string&& value);
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    bool empty() const noexcept { return value_.empty(); }
    // The bytes themselves: only for the call that needs them, never for a log, an error or a bind parameter.
    const std::string& reveal() const noexcept { return value_; }
    // "***" and four hex digits of the fingerprint; "***" alone when empty.
    std::string redacted() const;

  private:
    void wipe() noexcept;
    std::string value_;
};

// Overwrites the bytes of `text` and empties it; the compiler may not leave this out.
void wipe(std::string& text) noexcept;

}  // namespace o365

template <>
struct fmt::formatter<o365::Secret> : fmt::formatter<std::string> {
    template <class Context>
    auto format(const o365::Secret& secret, Context& context) const {
        return fmt::formatter<std::string>::format(secret.redacted(), context);
    }
};
