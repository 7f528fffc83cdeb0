// What a page of HTML makes a browser do: fetch something, and say where it came from. It reads tags as they stand and
// is no parser of HTML: it judges pages of an installation, not pages of strangers. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace o365 {

// Whether a value of the header field Referrer-Policy, or of the meta tag, keeps a page's query from other sites, as
// Microsoft's documentation allows: no-referrer or origin (office365-connectors.md 1.5). In lower case.
bool is_referrer_policy(std::string_view policy);

// Whether the page has a meta tag "referrer" with such a policy.
bool has_referrer_meta(std::string_view page);

// The origins, each once, that a browser fetches something from by itself when it shows the page (pictures, scripts,
// stylesheets, frames), other than `origin`: scheme, host and port as origin_of writes them. Empty: none.
std::vector<std::string> fetched_origins(std::string_view page, std::string_view origin);

}  // namespace o365
