// Judges the answer of a redirect URL (office365-connectors.md 1.5), for the preflight and the sandbox. Any thread.
#pragma once

#include <string>
#include <vector>

#include "lib/http_client/transport.h"

namespace o365 {

struct Verdict {
    std::string verdict;  // pass, fail, or look: a person has to look
    std::string detail;   // a sentence
};

// The value of a header, by its name in lower case. Of several the last one, as in browsers; "" when there is none.
std::string header_of(const PostResult& result, std::string_view name);

// Whether the answer is a page of HTML, by its Content-Type.
bool is_html(const PostResult& result);

// Whether the answer's header, or the meta tag of its page, has a policy that is_referrer_policy() accepts.
bool has_referrer_policy(const PostResult& result);

// Judges a callback: it must answer with a redirect to an address without the parameters, or with a page that has a
// referrer policy. `secrets`: the values that the address of a redirect may not contain.
Verdict judge_callback(const PostResult& result, const std::vector<std::string>& secrets);

}  // namespace o365
