// The redirect URL: what it answers after Deny and with a webhook, and what the database made of both.
#include "lib/preflight/preflight_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/attempt_cookie_name.h"
#include "lib/http/url.h"
#include "lib/preflight/callback_answer.h"

namespace o365 {
namespace {

// The request id that a page of ours asks people to mention; "" when there is none.
std::string request_id_in(std::string_view page) {
    constexpr std::string_view kBegin = "<code>r-";
    constexpr std::size_t kDigits = 12;
    const auto at = page.find(kBegin);
    if (at == std::string_view::npos) return {};
    const std::string_view digits = page.substr(at + kBegin.size(), kDigits);
    const bool is_id =
        digits.size() == kDigits && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return is_id ? "r-" + std::string(digits) : std::string();
}

}  // namespace

void PreflightRun::note_request_id(const PostResult& result) {
    if (std::string id = request_id_in(result.body); !id.empty()) request_ids_.push_back(std::move(id));
}

void PreflightRun::look_at_answer(std::string_view when, const PostResult& result,
                                  const std::vector<std::string>& secrets) {
    const std::string url = text("callback_url");
    const Verdict verdict = judge_callback(result, secrets);
    if (verdict.verdict != "pass") {
        add("callback", verdict.verdict, url, fmt::format("{}: {}", when, verdict.detail),
            verdict.verdict == "fail" ? "Look at the redirect URL of the registration, and at what the web server does "
                                        "with /connect/."
                                      : "Connect once and look where it ends.");
    }
    if (!is_answered(result)) return;
    note_request_id(result);
    for (const std::string& secret : secrets) {
        if (!secret.starts_with("preflight-") || !holds(result.body, secret)) continue;
        fail("callback", url, fmt::format("{}: its page shows a parameter.", when),
             "No page may print what Microsoft sent: whoever copies it gives the webhook away.");
        break;
    }
    if (!is_own_callback()) return;
    const std::string location = header_of(result, "location");
    if (location.empty()) {
        look_at_headers(url, result);
    } else if (!location.starts_with(text("public_url") + "/")) {
        fail("callback", url, fmt::format("{}: it leads away from public_url.", when),
             "Look what the web server does with Location: proxy_redirect, mod_rewrite.");
    } else if (!holds(lower(header_of(result, "cache-control")), "no-store")) {
        fail("headers", url, "Its redirect lacks the header Cache-Control: no-store that the responder sends.",
             "Look what the web server takes out or adds.");
    }
}

void PreflightRun::look_at_callback(const PlantedSecrets& secrets) {
    const std::string url = text("callback_url");
    const auto cookie = [](const std::string& state, const std::string& value) {
        return fmt::format("{}={}", attempt_cookie_name(sha256(state)), value);
    };
    const PostResult bare = get(url);
    note_request_id(bare);
    if (!is_reached("callback", url, bare)) return;
    if (bare.status >= 500 || bare.status == 404 || bare.status == 410) {
        fail("callback", url, fmt::format("Without parameters it answers {}.", bare.status),
             "The documentation's own example leads there: it has to be a page. Look whether the web server passes "
             "/connect/ on.");
    }
    const PostResult denied = get(fmt::format("{}?state={}&error=AccessDenied", url, secrets.denied_state),
                                  cookie(secrets.denied_state, secrets.denied_cookie));
    look_at_answer("After Deny", denied, {secrets.denied_state, "error="});
    const PostResult allowed =
        get(fmt::format("{}?state={}&webhook_url={}&group_name=Preflight&user_objectId={}&app_type=groups", url,
                        secrets.allowed_state, url_encode(secrets.webhook), secrets.object_id),
            cookie(secrets.allowed_state, secrets.allowed_cookie));
    look_at_answer("With a webhook", allowed,
                   {secrets.allowed_state, secrets.object_id, secrets.webhook.substr(secrets.webhook.rfind('/') + 1)});
    const std::string clean = header_of(allowed, "location");
    if (!is_own_callback() || !clean.starts_with(text("public_url") + "/")) return;
    const PostResult page = get(clean);
    const std::string shown = clean.substr(0, clean.find('?'));
    if (is_reached("callback", shown, page) && page.status >= 400)
        fail("callback", shown, fmt::format("The clean page that it leads to answers {}.", page.status),
             "Look whether the web server passes all of /connect/ on.");
    if (is_answered(page)) look_at_headers(shown, page);
}

void PreflightRun::judge_outcomes(const Json::Value& outcomes) {
    if (!is_own_callback() || has_failed("callback")) return;
    const auto expect = [&](Json::ArrayIndex i, const char* when, std::initializer_list<std::string_view> right) {
        const Json::Value& outcome = outcomes.isArray() ? outcomes[i] : Json::Value::nullSingleton();
        if (!outcome.isString()) {
            fail("callback", text("callback_url"), fmt::format("{}: its parameters did not arrive.", when),
                 "Look whether the web server passes the query on, and whether its responder has this database.");
            return;
        }
        const std::string word = outcome.asString();
        if (std::find(right.begin(), right.end(), word) != right.end()) return;
        const bool no_cookie = word == "no_cookie" || word == "other_browser";
        fail("callback", text("callback_url"),
             no_cookie ? fmt::format("{}: the browser's cookie did not arrive.", when)
                       : fmt::format("{}: the attempt ended as {}.", when, word),
             no_cookie ? "Look what the web server does with the header Cookie."
                       : "docs/operator.md says what that outcome means.");
    };
    expect(0, "After Deny", {"denied"});
    expect(1, "With a webhook", {"refused_host"});
}

}  // namespace o365
