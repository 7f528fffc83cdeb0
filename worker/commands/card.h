// o365-worker card: what a card is worth before it is sent, for people and for their CI.
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

// Each prints for a person and returns the exit code, after sysexits.h: 0 done (check: nothing but warnings), 64 there
// is no such connector, 65 the card is no JSON, check refuses it, or it cannot be converted or shows nothing, 66 the
// file cannot be read, 69 the database is away, 73 the page cannot be written. Nothing of a card goes to a log, and
// what is printed of it has its control characters escaped.
int card_check(const Settings& settings, const CardFile& file);
int card_convert(const CardFile& file);
int card_preview(const CardFile& file);

}  // namespace o365
