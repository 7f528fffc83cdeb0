// The envelope in which Workflows takes an Adaptive Card, and its summary, which is the text of the notification
// (office365-connectors.md 6.1). Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>

namespace o365 {

// The content type of an Adaptive Card in its envelope.
constexpr const char* kAdaptiveType = "application/vnd.microsoft.card.adaptive";

// Whether `card` is an envelope, by the rule of o365.check_card: it has the type "message" and attachments.
bool is_envelope(const Json::Value& card);

// Puts a bare Adaptive Card into an envelope without a summary.
Json::Value in_envelope(Json::Value card);

// Puts a bare Adaptive Card into an envelope with a summary of at most 100 characters: the card's fallbackText or
// speak, else the first line of its first TextBlock or RichTextBlock, else its first fact, alternative text or title.
// There is no summary when the card has none of them, or would become too large for the far end.
Json::Value adaptive_envelope(Json::Value card);

// Whether an envelope has a summary that is more than blanks.
bool has_summary(const Json::Value& envelope);

// The envelope with a summary: its own, else the one that adaptive_envelope() would make for its first card.
Json::Value with_summary(Json::Value envelope);

}  // namespace o365
