// Adaptive Cards around their own contents: the envelope that Workflows takes, and what a notification says of a card
// (office365-connectors.md 6.1). Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>

namespace o365 {

// The content type of an Adaptive Card in its envelope.
constexpr const char* kAdaptiveType = "application/vnd.microsoft.card.adaptive";

// The rule of o365.check_card: a "type" of "message" alone makes no envelope, it has attachments too.
bool is_envelope(const Json::Value& card);

// A bare Adaptive Card in its envelope, without a summary.
Json::Value in_envelope(Json::Value card);

// A bare Adaptive Card in its envelope, with a summary: the card's fallbackText or speak, else the first line of its
// first TextBlock or RichTextBlock, else its first fact, picture's name or title; at most 100 characters. Without one
// where the card has none of them, or would become larger by it than the far end counts.
Json::Value adaptive_envelope(Json::Value card);

// Whether an envelope says what its notification shows: a summary of blanks says nothing.
bool has_summary(const Json::Value& envelope);

// An envelope as it is where it has a summary, else with that of the first card in it, as adaptive_envelope makes it.
Json::Value with_summary(Json::Value envelope);

}  // namespace o365
