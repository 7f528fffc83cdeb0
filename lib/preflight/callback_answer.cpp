#include "lib/preflight/callback_answer.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/preflight/html_page.h"

namespace o365 {

std::string header_of(const PostResult& result, std::string_view name) {
    std::string found;
    for (const auto& [one, value] : result.headers) {
        if (one == name) found = value;
    }
    return found;
}

bool is_html(const PostResult& result) { return lower(header_of(result, "content-type")).starts_with("text/html"); }

bool has_referrer_policy(const PostResult& result) {
    const std::string header = header_of(result, "referrer-policy");
    // Browsers take the last value of a list.
    const auto comma = header.rfind(',');
    const std::string_view last = std::string_view(header).substr(comma == std::string::npos ? 0 : comma + 1);
    return is_referrer_policy(lower(trimmed(last))) || has_referrer_meta(result.body);
}

Verdict judge_callback(const PostResult& result, const std::vector<std::string>& secrets) {
    if (result.transport != TransportStatus::answered) return {"fail", "It did not answer: " + result.problem + "."};
    const int status = result.status;
    const std::string location = header_of(result, "location");
    const std::string said = "It answers " + std::to_string(status);
    if (status >= 301 && status <= 308 && !location.empty()) {
        // Microsoft documents a 302. Browsers cache 301 and 308, and 304 to 306 are not redirects.
        if (status != 302 && status != 303 && status != 307)
            return {"fail", said + ": answer 302, which no browser keeps."};
        const bool carries = std::any_of(secrets.begin(), secrets.end(), [&](const std::string& one) {
            return location.find(one) != std::string::npos;
        });
        return carries ? Verdict{"fail", "It redirects, but takes the parameters along."}
                       : Verdict{"pass", said + " and leads to an address without the parameters."};
    }
    if (status == 404 || status == 405 || status == 410)
        return {"fail", said + ": there is no callback at that address. Microsoft sends a GET there."};
    if (status >= 500) return {"fail", said + ": it is broken, so nothing can be said of it."};
    if (!is_html(result) && status < 300) return {"fail", said + " with something that is no page of HTML."};
    if (!has_referrer_policy(result)) {
        return {"fail", said +
                            " with neither a redirect nor a referrer policy: answer 302 to a clean address, or say "
                            "no-referrer or origin."};
    }
    // It may refuse a state that it did not make. Only connecting shows whether it accepts its own.
    if (status >= 400)
        return {"look", said + " to a state that it never handed out, with a referrer policy. Connect once and look."};
    return {"pass", said + " with a page that has a referrer policy."};
}

}  // namespace o365
