// The cards that our own pages send: the one that proves a pasted webhook shows a code, and whoever pasted the webhook
// types it.
#pragma once

#include <string>

#include "lib/pages/texts.h"

namespace o365 {

// An Adaptive Card as JSON, in the language of the texts. In it {code} stands for the six digits, which only the
// database knows, and {connector} for the connector's name (o365_internal.queue_test_card).
std::string proof_card(const Texts& texts);

// The card that the page of a connection sends on demand: no code, nothing to do.
std::string test_card(const Texts& texts);

}  // namespace o365
