// What a page of HTML makes a browser fetch, and which referrer policy it has. Reads tags without parsing HTML, which
// is enough for an installation's own pages. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// Whether a referrer policy, in lower case, is one that Microsoft's documentation allows because it keeps the query
// from other sites: no-referrer or origin (office365-connectors.md 1.5).
bool is_referrer_policy(std::string_view policy);

// Whether the page has a meta tag "referrer" with such a policy.
bool has_referrer_meta(std::string_view page);

// The origins, each once and as origin_of() writes them, from which a browser fetches something when it shows the page
// (pictures, scripts, stylesheets, frames), except `origin`. Empty when there are none.
std::vector<std::string> fetched_origins(std::string_view page, std::string_view origin);

}  // namespace o365
