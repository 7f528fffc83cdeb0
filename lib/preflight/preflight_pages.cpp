// The pages of the responder: who answers, their headers and what they hold.
#include "lib/preflight/preflight_run.h"

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/preflight/callback_answer.h"
#include "lib/preflight/html_page.h"

namespace o365 {

PostResult PreflightRun::get(const std::string& url, std::string cookie) const {
    HttpRequest request;
    request.url = Secret(url);
    request.headers = {"Accept: text/html,*/*;q=0.8", "Accept-Language: en"};
    if (!cookie.empty()) request.headers.push_back("Cookie: " + std::move(cookie));
    return fetch_(std::move(request));
}

// `url` is said: it holds no secret.
bool PreflightRun::is_reached(std::string_view item, const std::string& url, const PostResult& result) {
    if (is_answered(result)) return true;
    fail(item, url, fmt::format("It could not be reached: {}.", result.problem),
         fmt::format("Run curl -v {} on this machine: name, port, certificate and web server.", url));
    return false;
}

// What the responder answers has a policy that no other page of the site has.
bool PreflightRun::is_page_of_ours(std::string_view item, const std::string& shown, const PostResult& result) {
    if (!is_reached(item, shown, result)) return false;
    if (!header_of(result, "content-security-policy").empty()) return true;
    fail(item, shown, fmt::format("It answers {}, but not by the responder.", result.status),
         "Look whether the web server passes this path on (deploy/nginx, deploy/apache), and whether o365-responder "
         "runs.");
    return false;
}

void PreflightRun::look_at_headers(const std::string& shown, const PostResult& result) {
    const auto lacks = [&](const char* header, bool is_right) {
        if (is_right) return;
        fail("headers", shown, fmt::format("It lacks the header {} that the responder sends.", header),
             "Look what the web server takes out or adds: proxy_hide_header, fastcgi_hide_header, Header unset.");
    };
    lacks("Referrer-Policy", has_referrer_policy(result));
    lacks("Cache-Control: no-store", holds(lower(header_of(result, "cache-control")), "no-store"));
    lacks("Content-Security-Policy", !header_of(result, "content-security-policy").empty());
    lacks("X-Content-Type-Options: nosniff", lower(header_of(result, "x-content-type-options")) == "nosniff");
    const auto url = parse_url(shown);
    for (const std::string& origin : fetched_origins(result.body, url ? origin_of(*url) : std::string())) {
        fail("headers", shown, fmt::format("Its page fetches something from {}.", origin),
             "Take it out of the template (the setting templates), or of what the web server adds: whoever is fetched "
             "from learns who connects.");
    }
}

void PreflightRun::look_at_manage_page(const PlantedSecrets& secrets, bool is_connected) {
    const std::string shown = text("public_url") + "/manage/...";
    const std::string url = fmt::format("{}/manage/{}", text("public_url"), secrets.manage_token);
    const PostResult page = get(url);
    if (!is_page_of_ours("pause", shown, page)) return;
    look_at_headers(shown, page);
    if (!is_connected) {
        add("pause", "look", connector(), "Nobody is connected, so there is no page of a connection to open.",
            "Connect a channel of yours, then run this again.");
        return;
    }
    const bool pauses = holds(page.body, "value=\"pause\"") || holds(page.body, "value=\"resume\"");
    if (page.status != 200 || !pauses)
        fail("pause", shown, "The page of a connection has no button to pause it.",
             "Look at templates/manage.mustache of the folder that the setting templates names.");
    const PostResult asks = get(url + "?ask=remove");
    if (!holds(page.body, "ask=remove") || !is_answered(asks) || !holds(asks.body, "value=\"remove\""))
        fail("pause", shown, "The page of a connection has no way to remove it.",
             "Look at templates/manage.mustache and remove.mustache of the folder that the setting templates names.");
    if (!holds(page.body, "name=\"every\""))
        fail("digest", shown, "The page of a connection lets nobody choose a schedule.",
             "Look at templates/manage.mustache of the folder that the setting templates names.");
}

void PreflightRun::look_at_landing_page(const std::string& landing) {
    const PostResult page = get(landing);
    if (!is_page_of_ours("landing", landing, page)) return;
    look_at_headers(landing, page);
    if (page.status != 200) {
        fail("landing", landing, fmt::format("It answers {}.", page.status),
             "Open it in a browser; event=failed in the responder's log says why.");
        return;
    }
    if (!holds(page.body, html_escape(text("name"))))
        fail("landing", landing, "It does not show the connector's name.",
             "Look at templates/landing.mustache of the folder that the setting templates names.");
    const bool leads_on = holds(page.body, "/workflow\"") || holds(page.body, "/start\"") ||
                          holds(page.body, "href=\"" + html_escape(text("website")) + "\"");
    if (!leads_on)
        fail("landing", landing, "It leads nowhere: it has neither a way to connect nor a link to the website.",
             "Look at templates/landing.mustache of the folder that the setting templates names.");
    const std::string own = text("landing_page");
    if (own.empty() || has_failed("landing")) return;
    const PostResult deep = get(own);
    if (!is_reached("landing", own, deep)) return;
    if (deep.status >= 400) {
        fail("landing", own, fmt::format("The landing page that is registered answers {}.", deep.status),
             "select o365.alter_connector(..., landing_page => 'https://...').");
        return;
    }
    add("landing", "look", own, fmt::format("The landing page that is registered answers {}.", deep.status),
        "Open it, signed in as a user of the application: the button has to be on that page.");
}

void PreflightRun::look_at_help(const std::string& help) {
    const PostResult page = get(help);
    if (!is_page_of_ours("documentation", help, page)) return;
    look_at_headers(help, page);
    if (page.status != 200) {
        fail("documentation", help, fmt::format("The help page answers {}.", page.status),
             "Open it in a browser; event=failed in the responder's log says why.");
        return;
    }
    const bool says = holds(page.body, html_escape(text("name"))) && holds(page.body, "<h2");
    if (!says)
        fail("documentation", help, "The help page says nothing of this connector.",
             "Look at templates/help.mustache of the folder that the setting templates names.");
}

void PreflightRun::look_at_logo(const std::string& logo) {
    constexpr std::size_t kTooLarge = std::size_t{60} * 1024;
    const PostResult picture = get(logo);
    if (!is_reached("logo", logo, picture)) return;
    const bool is_picture = header_of(picture, "content-type").starts_with("image/");
    if (picture.status != 200 || !is_picture) {
        fail("logo", logo,
             fmt::format("It answers {}{}.", picture.status, is_picture ? "" : " with something that is no picture"),
             "Look whether the web server passes this path on, and does not answer it by itself.");
    } else if (picture.body.size() >= kTooLarge) {
        fail("logo", logo, "The logo has 60 KB or more.", "select o365.alter_connector(..., logo => ...).");
    }
}

void PreflightRun::look_at_pages(const PlantedSecrets& secrets) {
    look_at_landing_page(page(""));
    look_at_help(page("help"));
    look_at_logo(page("logo"));
    // For the log alone, and whether the path arrives.
    const std::string with_ticket = page("") + "?ticket=" + secrets.ticket;
    is_page_of_ours("landing", page(""), get(with_ticket));
    const std::string action = fmt::format("{}/action/1-1-{}", text("public_url"), secrets.action_token);
    is_page_of_ours("actions", text("public_url") + "/action/...", get(action));
    look_at_action_calls(secrets);
}

// As Microsoft's service presses a button, but with no token that is good: the responder says so, and nobody else does.
void PreflightRun::look_at_action_calls(const PlantedSecrets& secrets) {
    const std::string shown = text("public_url") + "/action";
    HttpRequest request;
    request.url = Secret(fmt::format("{}?token=1-1-{}", shown, secrets.action_token));
    request.method = "POST";
    request.headers = {"Content-Type: application/json"};
    request.body = "{}";
    const PostResult result = fetch_(std::move(request));
    if (!is_reached("actions", shown, result) || !header_of(result, "card-action-status").empty()) return;
    fail("actions", shown,
         fmt::format("A POST is answered with {}, but not by the responder: no button with the target o365:action "
                     "works.",
                     result.status),
         "Look whether the web server passes this path and POST on (deploy/nginx, deploy/apache).");
}

}  // namespace o365
