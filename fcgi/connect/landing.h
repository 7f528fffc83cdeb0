// The landing page of a connector. Besides GET /connect/<slug>/, POST .../workflow shows it when it cannot use what was
// pasted, and POST .../start when the connector does not offer the button.
#pragma once

#include <json/json.h>

#include <string>

#include "fcgi/site.h"

namespace o365 {

// The problem and the values of a form that is shown again. Never what was pasted, which is as good as a password.
struct PasteProblem {
    std::string sentence;  // what is wrong; "" when the form is shown for the first time
    std::string place;     // as it was typed
    std::string renews;    // the number of the chosen connection, or ""
    std::string schedule;  // as it was chosen, or ""
    std::string again;     // the request id of an attempt whose ticket is used again, or ""
};

// `page`: the answer of o365_programs.responder_landing. `ticket`: that of the request, "" for none.
Response show_landing(const Site& site, const Request& request, int status, Json::Value page, const std::string& ticket,
                      const PasteProblem& problem = {});

}  // namespace o365
