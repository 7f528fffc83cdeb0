// Functions on text, as bytes and as UTF-8, that all folders share. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace o365 {

// `text` with ASCII letters in lower case; all other bytes stay.
std::string lower(std::string_view text);

// Whether two texts are equal, ignoring the case of ASCII letters: header names, media types, schemes.
bool same_name(std::string_view left, std::string_view right);

// Whether `text` begins with `beginning`, ignoring the case of ASCII letters. True for an empty `beginning`.
bool starts_with_ignoring_case(std::string_view text, std::string_view beginning);

// Whether `text` is empty or has only blanks, tabs, CR and LF.
bool only_blanks(std::string_view text);

// `text` without blanks, tabs and carriage returns at its ends. A view into `text`.
std::string_view trimmed(std::string_view text);

// Whether `bytes` are strict UTF-8: no overlong forms, no surrogates, at most U+10FFFF. "" is.
bool is_utf8(std::string_view bytes);

// How many characters (code points) UTF-8 text has.
std::size_t utf8_length(std::string_view text);

// Whether `text` is a GUID: 36 characters, hyphens and hex digits in either case.
bool is_guid(std::string_view text);

// The longest beginning of UTF-8 text that has at most `bytes` bytes and ends with a whole character. A view into
// `text`.
std::string_view utf8_beginning(std::string_view text, std::size_t bytes);

// `text` for HTML, between tags and in quoted attributes: & < > " and ' as references.
std::string html_escape(std::string_view text);

}  // namespace o365
