// The logs of the web server: no secret that this run has sent may stand in one.
#include "lib/preflight/preflight_run.h"

#include <fmt/format.h>

#include <chrono>

#include "lib/preflight/log_watch.h"

namespace o365 {
namespace {

constexpr std::chrono::milliseconds kLogPatience{3000};

}  // namespace

void PreflightRun::look_at_logs(std::span<const LogWatch> logs, const PlantedSecrets& secrets) {
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

}  // namespace o365
