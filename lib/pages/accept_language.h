// Chooses the language of a page by the header Accept-Language (RFC 9110, 12.5.4), with the lookup of RFC 4647, 3.4.
// Language tags compare without regard to case. Safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace o365 {

// Whether `text` has the form of a language tag: "de", "pt-BR". False for "" and "*".
bool is_language_tag(std::string_view text);

// The offered tag for readers of `tag`: the longest one that `tag` is or begins with ("de" for "de-AT"), else the first
// that shares the longest beginning with it ("pt-BR" for "pt" and "pt-PT"). nullptr when there is none. Points into
// `offered`.
const std::string* find_language(std::string_view tag, std::span<const std::string> offered);

// The offered tag that `header` prefers; nullptr when it prefers none of them: it is empty, names others only, or names
// "*" first. Malformed elements are ignored, and so is a header of more than 1,000 bytes. Points into `offered`.
const std::string* negotiate_language(std::string_view header, std::span<const std::string> offered);

}  // namespace o365
