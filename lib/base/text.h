// Text as bytes and as UTF-8: what every folder needs, and needs to be the same everywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace o365 {

// `text` with ASCII letters in lower case; all other bytes stay.
std::string lower(std::string_view text);

// Whether two words are the same, ASCII letters in either case: header names, media types, schemes.
bool same_name(std::string_view left, std::string_view right);

// Whether `text` begins with `beginning`, ASCII letters in either case.
bool starts_with_ignoring_case(std::string_view text, std::string_view beginning);

// Whether `text` has nothing but blanks, tabs and ends of lines; "" has.
bool only_blanks(std::string_view text);

// `text` without blanks, tabs and carriage returns at its ends: a part of `text`.
std::string_view trimmed(std::string_view text);

// Whether `bytes` are strict UTF-8: no overlong forms, no surrogates, at most U+10FFFF. "" is.
bool is_utf8(std::string_view bytes);

// How many characters UTF-8 text has.
std::size_t utf8_length(std::string_view text);

// Whether `text` is a GUID: 36 characters, hyphens and hex digits in either case.
bool is_guid(std::string_view text);

// The beginning of UTF-8 text, at most `bytes` long, that ends with a whole character: a part of `text`.
std::string_view utf8_beginning(std::string_view text, std::size_t bytes);

// `text` for HTML, between tags and in quoted attributes: & < > " and ' as references.
std::string html_escape(std::string_view text);

}  // namespace o365
