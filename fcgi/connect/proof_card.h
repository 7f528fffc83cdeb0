// The card that proves a pasted webhook: it shows a code, and whoever pasted the webhook types it.
#pragma once

#include <string>

#include "lib/pages/pages.h"

namespace o365 {

// An Adaptive Card as JSON. In it {code} stands for the six digits, which only the database knows, and {connector} for
// the connector's name (o365_internal.queue_test_card).
std::string proof_card(const Pages& pages);

}  // namespace o365
