// Limits of both kinds of cards, and how a far end counts a card's size. Safe from any thread.
#pragma once

#include <json/json.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace o365 {

constexpr Json::ArrayIndex kMaxSections = 10;    // of a MessageCard: office365-connectors.md 5.1
constexpr Json::ArrayIndex kMaxActions = 4;      // of a MessageCard: 5.1
constexpr Json::ArrayIndex kMaxImages = 5;       // of a section: 5.6, Teams shows no more
constexpr std::size_t kSummaryCharacters = 100;  // of a summary that is made from the card's text
constexpr std::size_t kFarEndCounts = 28'320;    // the most counted_bytes() of a card: docs/cards.md, Size
constexpr std::size_t kBytesPerObject = 96;      // of JSON, for the smallest fact, image or action

// How many bytes the far end counts for a body. It keeps the body in a JSON string, so each quotation mark and
// backslash counts twice.
std::size_t counted_bytes(std::string_view body);

// Whether counted_bytes() of the body as compact JSON is at most kFarEndCounts.
bool fits_far_end(const Json::Value& body);

// The first kSummaryCharacters characters of UTF-8 text, or all of it when it is shorter.
std::string summary_beginning(const std::string& text);

}  // namespace o365
