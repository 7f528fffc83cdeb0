// o365-worker card: checks, converts and previews a card before it is sent, for people and for CI.
#pragma once

#include <string>

#include "lib/settings/settings.h"

namespace o365 {

struct CardFile {
    std::string file;  // "-" is standard input
    std::string dialect = "connector";
    std::string connector;  // slug; empty for none
    std::string output = "card-preview.html";
};

// Each prints for a person and returns the exit code, after sysexits.h: 0 done (check: at most warnings), 64 there is
// no such connector, 65 the card is not JSON, check refuses it, or it cannot be converted or shows nothing, 66 the file
// cannot be read, 69 the database is down, 73 the page cannot be written. Nothing of a card is logged; what check
// prints of it has its control characters escaped. Prints the findings of o365.check_card, with line and column.
int card_check(const Settings& settings, const CardFile& file);
// Prints the body that the webhook would get.
int card_convert(const CardFile& file);
// Writes an HTML page that shows the card before and after the conversion.
int card_preview(const CardFile& file);

}  // namespace o365
