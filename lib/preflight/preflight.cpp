#include "lib/preflight/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/crypto.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/preflight/preflight_run.h"

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

// "preflight-" and random characters of base64url, `length` together.
std::string planted(std::size_t length) {
    constexpr std::string_view kBegin = "preflight-";
    return std::string(kBegin) + base64url(random_bytes(length)).substr(0, length - kBegin.size());
}

std::string hashes(const std::string& first, const std::string& second) {
    return array_literal(std::vector<std::string>{"\\x" + hex(sha256(first)), "\\x" + hex(sha256(second))});
}

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

void PreflightRun::add_what_people_look_at() {
    add("clients", "look", connector(), "Only a person sees how it works in each client.",
        "Connect a channel, send a card of each kind, press its buttons: in Outlook on the web, Outlook 2016 or later, "
        "Teams, and on a phone.");
    add("reviewer", "look", connector(), "Nobody here knows what the reviewer was given.",
        "Write down a test account of your product, and step by step how to connect and to make it send each card.");
}

std::vector<PreflightFinding> PreflightRun::take() {
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
    PreflightRun run(site, fetch);
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
