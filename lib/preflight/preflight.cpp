#include "lib/preflight/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/attempt_cookie_name.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/preflight/callback_answer.h"
#include "lib/preflight/html_page.h"

namespace o365 {
namespace {

constexpr std::array kItems = {
    PreflightItem{"registration", "The registration is as the developer portal took it"},
    PreflightItem{"name", "The name infringes no trademark"},
    PreflightItem{"logo", "The logo is a jpg, jpeg, png or gif under 60 KB, and is served"},
    PreflightItem{"descriptions", "Short and long description say what it brings"},
    PreflightItem{"website", "The company's website answers over TLS"},
    PreflightItem{"https", "Pages and redirect URL are HTTPS on a public host"},
    PreflightItem{"landing", "The landing page is reached and leads straight to the button"},
    PreflightItem{"callback", "The redirect URL answers as documented, with and without a webhook"},
    PreflightItem{"headers", "Pages keep addresses and content from other sites"},
    PreflightItem{"log", "No secret is in the web server's log"},
    PreflightItem{"pause", "Users can pause a connection and remove it"},
    PreflightItem{"documentation", "There is documentation for users"},
    PreflightItem{"markdown", "Cards hold Markdown, no HTML"},
    PreflightItem{"few", "Few notifications, and each is worth reading"},
    PreflightItem{"digest", "Reports come as a digest, whose time and frequency users choose"},
    PreflightItem{"actions", "Cards have actions that are meaningful, rarely fail and answer fast"},
    PreflightItem{"targets", "Target URLs of actions answer over TLS"},
    PreflightItem{"looks", "Cards look right on a phone"},
    PreflightItem{"delivery", "Cards arrive, and the installation is well"},
    PreflightItem{"clients", "It works in each client"},
    PreflightItem{"reviewer", "The reviewer has a test account and instructions"},
};

constexpr std::size_t kMaxTargets = 20;
constexpr std::chrono::milliseconds kLogPatience{3000};

// "preflight-" and random characters of base64url, `length` together.
std::string planted(std::size_t length) {
    constexpr std::string_view kBegin = "preflight-";
    return std::string(kBegin) + base64url(random_bytes(length)).substr(0, length - kBegin.size());
}

std::string hashes(const std::string& first, const std::string& second) {
    return array_literal(std::vector<std::string>{"\\x" + hex(sha256(first)), "\\x" + hex(sha256(second))});
}

bool is_answered(const PostResult& result) { return result.transport == TransportStatus::answered; }
bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Names that nobody can have on the internet (RFC 2606). What is on this machine is asked, where that is allowed.
bool is_reserved(std::string_view host) {
    constexpr std::array<std::string_view, 3> kReserved = {"example", "test", "invalid"};
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&](std::string_view domain) { return is_at_or_below(host, domain); });
}

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

class Run {
  public:
    Run(const Json::Value& site, const Fetch& fetch) : site_(site), fetch_(fetch) {
        for (const Json::Value& one : list_in(site, "findings"))
            findings_.push_back({text_in(one, "item"), text_in(one, "verdict"), text_in(one, "object"),
                                 text_in(one, "problem"), text_in(one, "next_step")});
    }

    void look_at_addresses();
    // While the secrets are planted, and nothing else.
    void look_at_callback(const PlantedSecrets& secrets);
    void look_at_manage_page(const PlantedSecrets& secrets, bool is_connected);
    void judge_outcomes(const Json::Value& outcomes);
    const std::vector<std::string>& request_ids() const noexcept { return request_ids_; }
    void look_at_pages(const PlantedSecrets& secrets);
    void look_at_logs(std::span<const LogWatch> logs, const PlantedSecrets& secrets);
    void add_what_people_look_at();
    std::vector<PreflightFinding> take();

  private:
    void add(std::string_view item, std::string_view verdict, std::string_view object, std::string problem,
             std::string next_step) {
        findings_.push_back(
            {std::string(item), std::string(verdict), std::string(object), std::move(problem), std::move(next_step)});
    }
    void fail(std::string_view item, std::string_view object, std::string problem, std::string next_step) {
        add(item, "fail", object, std::move(problem), std::move(next_step));
    }
    bool has_failed(std::string_view item) const {
        return std::any_of(findings_.begin(), findings_.end(),
                           [&](const PreflightFinding& one) { return one.item == item && one.verdict == "fail"; });
    }

    PostResult get(const std::string& url, std::string cookie = {}) const;
    bool is_reached(std::string_view item, const std::string& url, const PostResult& result);
    bool is_page_of_ours(std::string_view item, const std::string& shown, const PostResult& result);
    void look_at_headers(const std::string& shown, const PostResult& result);
    void look_at_answer(std::string_view when, const PostResult& result, const std::vector<std::string>& secrets);
    void look_at_site(std::string_view item, const std::string& url, std::string_view what);
    void look_at_landing_page(const std::string& landing);
    void look_at_help(const std::string& help);
    void look_at_logo(const std::string& logo);
    void look_at_action_calls(const PlantedSecrets& secrets);

    void note_request_id(const PostResult& result) {
        if (std::string id = request_id_in(result.body); !id.empty()) request_ids_.push_back(std::move(id));
    }
    std::string text(const char* name) const { return text_in(site_, name); }
    std::string connector() const { return "connector " + text("slug"); }
    std::string page(std::string_view path) const {
        return fmt::format("{}/connect/{}/{}", text("public_url"), text("slug"), path);
    }
    bool is_development() const { return text("environment") == "development"; }
    bool is_own_callback() const { return text("callback_url").starts_with(text("public_url") + "/connect/"); }

    const Json::Value& site_;
    const Fetch& fetch_;
    std::vector<PreflightFinding> findings_;
    std::vector<std::string> request_ids_;  // that pages of callbacks showed
};

}  // namespace

std::span<const PreflightItem> preflight_items() { return kItems; }

PlantedSecrets random_secrets() {
    constexpr std::size_t kToken = 43;
    constexpr std::size_t kManage = 32;
    PlantedSecrets secrets;
    secrets.denied_state = planted(kToken);
    secrets.denied_cookie = planted(kToken);
    secrets.allowed_state = planted(kToken);
    secrets.allowed_cookie = planted(kToken);
    secrets.webhook = "https://preflight.invalid/webhookb2/" + planted(kToken);
    secrets.object_id = planted(kToken);
    secrets.ticket = planted(kToken);
    secrets.manage_token = planted(kManage);
    secrets.action_token = planted(kManage);
    return secrets;
}

namespace {

PostResult Run::get(const std::string& url, std::string cookie) const {
    HttpRequest request;
    request.url = Secret(url);
    request.headers = {"Accept: text/html,*/*;q=0.8", "Accept-Language: en"};
    if (!cookie.empty()) request.headers.push_back("Cookie: " + std::move(cookie));
    return fetch_(std::move(request));
}

// `url` is said: it holds no secret.
bool Run::is_reached(std::string_view item, const std::string& url, const PostResult& result) {
    if (is_answered(result)) return true;
    fail(item, url, fmt::format("It could not be reached: {}.", result.problem),
         fmt::format("Run curl -v {} on this machine: name, port, certificate and web server.", url));
    return false;
}

// What the responder answers has a policy that no other page of the site has.
bool Run::is_page_of_ours(std::string_view item, const std::string& shown, const PostResult& result) {
    if (!is_reached(item, shown, result)) return false;
    if (!header_of(result, "content-security-policy").empty()) return true;
    fail(item, shown, fmt::format("It answers {}, but not by the responder.", result.status),
         "Look whether the web server passes this path on (deploy/nginx, deploy/apache), and whether o365-responder "
         "runs.");
    return false;
}

void Run::look_at_headers(const std::string& shown, const PostResult& result) {
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

// A site of the application's own; any answer will do.
void Run::look_at_site(std::string_view item, const std::string& url, std::string_view what) {
    const auto parsed = parse_url(url);
    if (!parsed) return;  // the registration says so
    if (is_reserved(parsed->host)) {
        add(item, is_development() ? "look" : "fail", url,
            fmt::format("{} is at a name that is reserved for examples and tests: nobody answers there.", what),
            "Right for development. Before real users come register the real one: select o365.alter_connector(...).");
        return;
    }
    if (parsed->scheme != "https") {
        add(item, is_development() ? "look" : "fail", url, fmt::format("{} has no https.", what),
            "Register its https address: select o365.alter_connector(...).");
        return;
    }
    const PostResult result = get(url);
    if (!is_reached(item, url, result)) return;
    if (item == "website" && result.status >= 400)
        fail(item, url, fmt::format("It answers {}.", result.status), "Register an address that shows the company.");
}

void Run::look_at_addresses() {
    look_at_site("website", text("website"), "The website");
    std::size_t count = 0;
    for (const Json::Value& target : list_in(site_, "target_urls")) {
        if (++count > kMaxTargets) {
            add("targets", "look", connector(), fmt::format("Only the first {} were asked.", kMaxTargets),
                "Ask the others by yourself: curl -v <url>.");
            break;
        }
        look_at_site("targets", target.asString(), "This target");
    }
}

void Run::look_at_answer(std::string_view when, const PostResult& result, const std::vector<std::string>& secrets) {
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

void Run::look_at_callback(const PlantedSecrets& secrets) {
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

void Run::judge_outcomes(const Json::Value& outcomes) {
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

void Run::look_at_manage_page(const PlantedSecrets& secrets, bool is_connected) {
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

void Run::look_at_landing_page(const std::string& landing) {
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

void Run::look_at_help(const std::string& help) {
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

void Run::look_at_logo(const std::string& logo) {
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

void Run::look_at_pages(const PlantedSecrets& secrets) {
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
void Run::look_at_action_calls(const PlantedSecrets& secrets) {
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

void Run::look_at_logs(std::span<const LogWatch> logs, const PlantedSecrets& secrets) {
    constexpr const char* kFormat =
        "Give the site the log format nq, and /connect/, /action/ and /manage/ no error log (docs/operator.md, \"What "
        "the web server's own logs may hold\").";
    if (logs.empty()) {
        add("log", "look", text("public_url"), "No log was named.",
            "Run this with --log for each log of the web server, or search them yourself, rotated ones too: no line "
            "may hold preflight- and random characters behind it.");
        return;
    }
    const std::vector<std::pair<const char*, std::string>> kinds = {
        {"a webhook", secrets.webhook.substr(secrets.webhook.rfind('/') + 1)},
        {"a state", secrets.denied_state},
        {"a state", secrets.allowed_state},
        {"a cookie", secrets.denied_cookie},
        {"a cookie", secrets.allowed_cookie},
        {"an object id", secrets.object_id},
        {"a ticket", secrets.ticket},
        {"the link to a connection's page", secrets.manage_token},
        {"the link to a card's action", secrets.action_token}};
    wait_for_lines(logs, kLogPatience);
    for (const LogWatch& log : logs) {
        const std::string written = log.written();
        std::string found;
        for (const auto& [kind, value] : kinds) {
            if (holds(written, value) && !holds(found, kind)) found += (found.empty() ? "" : ", ") + std::string(kind);
        }
        if (!log.problem().empty()) {
            add("log", "look", log.path(), fmt::format("It cannot be read: {}.", log.problem()),
                "Run this as somebody who may read it, as root or a member of adm.");
        } else if (!found.empty()) {
            fail("log", log.path(), fmt::format("Secrets stand in it: {}.", found), kFormat);
        } else if (written.empty()) {
            add("log", "look", log.path(), "Nothing was written to it while this ran.",
                "Right for an error log. An access log that gets nothing is another site's, or is buffered.");
        }
    }
}

void Run::add_what_people_look_at() {
    add("clients", "look", connector(), "Only a person sees how it works in each client.",
        "Connect a channel, send a card of each kind, press its buttons: in Outlook on the web, Outlook 2016 or later, "
        "Teams, and on a phone.");
    add("reviewer", "look", connector(), "Nobody here knows what the reviewer was given.",
        "Write down a test account of your product, and step by step how to connect and to make it send each card.");
}

std::vector<PreflightFinding> Run::take() {
    std::vector<PreflightFinding> sorted;
    for (const PreflightItem& item : kItems) {
        const std::size_t before = sorted.size();
        // What fails stands first, and once.
        for (const char* verdict : {"fail", "look"}) {
            for (const PreflightFinding& one : findings_) {
                if (one.item != item.name || one.verdict != verdict) continue;
                const bool repeated = std::any_of(sorted.begin(), sorted.end(), [&](const PreflightFinding& other) {
                    return other.item == one.item && other.object == one.object && other.problem == one.problem;
                });
                if (!repeated) sorted.push_back(one);
            }
        }
        if (sorted.size() == before) sorted.push_back({std::string(item.name), "pass", connector(), "", ""});
    }
    return sorted;
}

}  // namespace

PreflightDatabase preflight_database(const std::string& program, const std::string& slug, const DatabaseCall& call) {
    return {.plant =
                [=](const PlantedSecrets& secrets) {
                    return call(fmt::format("SELECT o365_programs.{}_plant_preflight($1, $2::bytea[], $3::bytea[], $4)",
                                            program),
                                {slug, hashes(secrets.denied_state, secrets.allowed_state),
                                 hashes(secrets.denied_cookie, secrets.allowed_cookie),
                                 Value::bytes(sha256(secrets.manage_token))})
                        .boolean(0, 0);
                },
            .clear =
                [=](const PlantedSecrets& secrets, const std::vector<std::string>& request_ids) {
                    const Rows outcomes = call(
                        fmt::format("SELECT o365_programs.{}_clear_preflight($1::bytea[], $2, $3::text[])", program),
                        {hashes(secrets.denied_state, secrets.allowed_state),
                         Value::bytes(sha256(secrets.manage_token)), array_literal(request_ids)});
                    return database_json(outcomes.text(0, 0));
                }};
}

std::vector<PreflightFinding> preflight(const Json::Value& site, const PreflightDatabase& database, const Fetch& fetch,
                                        std::span<const LogWatch> logs) {
    Run run(site, fetch);
    run.add_what_people_look_at();
    if (text_in(site, "public_url").empty()) return run.take();
    run.look_at_addresses();
    const PlantedSecrets secrets = random_secrets();
    const bool is_connected = database.plant(secrets);
    try {
        run.look_at_callback(secrets);
        run.look_at_manage_page(secrets, is_connected);
    } catch (...) {
        database.clear(secrets, run.request_ids());
        throw;
    }
    run.judge_outcomes(database.clear(secrets, run.request_ids()));
    run.look_at_pages(secrets);
    run.look_at_logs(logs, secrets);
    return run.take();
}

int count_of(std::span<const PreflightFinding> findings, std::string_view verdict) {
    return static_cast<int>(std::count_if(findings.begin(), findings.end(),
                                          [&](const PreflightFinding& one) { return one.verdict == verdict; }));
}

}  // namespace o365
