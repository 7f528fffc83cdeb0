// The cards that our own pages send. Safe from any thread.
#pragma once

#include <string>

#include "lib/pages/texts.h"

namespace o365 {

// The card that proves a pasted webhook: it shows a code, which the user types into our page. An Adaptive Card as JSON,
// in the language of `texts`. The database replaces {code} by the six digits and {connector} by the connector's name
// (o365_internal.queue_test_card).
std::string proof_card(const Texts& texts);

// The test card of a connection's page, without a code.
std::string test_card(const Texts& texts);

}  // namespace o365
