// The landing page of a connector, which two routes show: GET /connect/<slug>/, and POST /connect/<slug>/workflow where
// what was pasted cannot be used.
#pragma once

#include <json/json.h>

#include <string>

#include "fcgi/site.h"

namespace o365 {

// What a form that is shown again says and keeps. Never what was pasted: it is as good as a password.
struct PasteProblem {
    std::string sentence;  // what is wrong; empty when the form is shown for the first time
    std::string place;     // as it was typed
    std::string renews;    // the chosen connection, or ""
    std::string schedule;  // as it was chosen, or ""
    std::string again;     // the request id that stands for a ticket, or ""
};

// `page` as o365_programs.responder_landing gives it; `ticket` as it came, "" for none.
Response show_landing(const Site& site, const Request& request, int status, Json::Value page, const std::string& ticket,
                      const PasteProblem& problem = {});

}  // namespace o365
