// Which language a reader gets: the header Accept-Language (RFC 9110, 12.5.4) against the languages that are offered,
// by the lookup of RFC 4647, 3.4. Language tags compare without regard to case. Safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace o365 {

// Whether `text` has the form of a language tag: "de", "pt-BR". "" has not, nor has "*".
bool is_language_tag(std::string_view text);

// The offered tag that serves readers of `tag`: the same one, the longest that begins `tag` ("de" for "de-AT"), else
// the first that is more special ("pt-BR" for "pt"). nullptr when there is none. Points into `offered`.
const std::string* find_language(std::string_view tag, std::span<const std::string> offered);

// The offered tag that `header` prefers; nullptr when it prefers none of them: it is empty, names others, or names
// "*" first. Elements that are malformed are ignored, as is a header of more than 1,000 bytes. Points into `offered`.
const std::string* negotiate_language(std::string_view header, std::span<const std::string> offered);

}  // namespace o365
