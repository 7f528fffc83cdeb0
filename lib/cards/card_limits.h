// Limits of both kinds of cards, and how a far end counts. Safe from any thread.
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
constexpr std::size_t kFarEndCounts = 28'320;    // docs/cards.md, Size: what o365.check_card lets the far end count
constexpr std::size_t kBytesPerObject = 96;      // of JSON: a fact, image or action of the smallest kind

// How many bytes the far end counts for a body. It keeps the body inside a string, so each quote and backslash counts
// as two.
std::size_t counted_bytes(std::string_view body);

// Whether the far end counts at most kFarEndCounts for it, written as compact JSON.
bool fits_far_end(const Json::Value& body);

// The first kSummaryCharacters characters of UTF-8 text; all of it where it has no more.
std::string summary_beginning(const std::string& text);

}  // namespace o365
