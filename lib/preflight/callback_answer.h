// What the answer of a redirect URL shows (office365-connectors.md 1.5): the store's checklist and the preflight ask
// this one function. Any thread.
#pragma once

#include <string>
#include <vector>

#include "lib/http_client/transport.h"

namespace o365 {

struct Verdict {
    std::string verdict;  // pass, fail, look: a person has to
    std::string detail;   // a sentence
};

// The header field of that name, in lower case, that browsers go by: the last one; empty when there is none.
std::string header_of(const PostResult& result, std::string_view name);

// Whether the answer is a page of HTML.
bool is_html(const PostResult& result);

// The referrer policy of the answer's header or of its page's meta tag, as is_referrer_policy wants it.
bool has_referrer_policy(const PostResult& result);

// A callback answers with a redirect to an address without the parameters, or with a page that has a referrer policy.
// What answers neither way is none, whatever its headers say. `secrets`: what an address may not hold.
Verdict judge_callback(const PostResult& result, const std::vector<std::string>& secrets);

}  // namespace o365
