#include "worker/commands/preflight.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>

#include "lib/base/exit_code.h"
#include "lib/base/process.h"
#include "lib/database/database.h"
#include "lib/http_client/http_client.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"
#include "lib/preflight/preflight.h"
#include "worker/commands/failure.h"

namespace o365 {
namespace {

constexpr std::chrono::milliseconds kRequestTimeout{10000};

// Blocks signals while secrets are planted, so that these are cleared. Requests have deadlines, so it does not take
// long.
class HeldSignals {
  public:
    HeldSignals() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
        pthread_sigmask(SIG_BLOCK, &signals, &before_);
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

// Sends requests by the rules for webhooks: TLS verified, no redirects, public addresses.
Fetch fetch_by(HttpClient& client) {
    return [&client](HttpRequest request) {
        try {
            return fetch(client, std::move(request)).value();
        } catch (const std::exception& error) {
            PostResult failed;
            failed.problem = error.what();
            return failed;
        }
    };
}

std::string_view title_of(std::string_view item) {
    for (const PreflightItem& one : preflight_items()) {
        if (one.name == item) return one.title;
    }
    return item;
}

std::string lines_of(const std::string& connector, const std::vector<PreflightFinding>& findings) {
    std::string lines;
    for (const PreflightFinding& one : findings) {
        lines += fmt::format("{}  {}: {}\n", one.verdict, one.item, title_of(one.item));
        if (!one.problem.empty()) lines += fmt::format("      {}: {}\n", one.object, one.problem);
        if (!one.next_step.empty()) lines += fmt::format("      next: {}\n", one.next_step);
    }
    return lines + fmt::format("preflight: {}: {} passed, {} failed, {} to look at\n", connector,
                               count_of(findings, "pass"), count_of(findings, "fail"), count_of(findings, "look"));
}

std::string json_of(const std::string& connector, const std::vector<PreflightFinding>& findings) {
    Json::Value all;
    all["connector"] = connector;
    all["passed"] = count_of(findings, "pass");
    all["failed"] = count_of(findings, "fail");
    all["to_look_at"] = count_of(findings, "look");
    for (const PreflightFinding& one : findings) {
        Json::Value row;
        row["item"] = one.item;
        row["title"] = std::string(title_of(one.item));
        row["verdict"] = one.verdict;
        row["severity"] = one.verdict == "fail" ? "error" : one.verdict == "look" ? "warning" : "info";
        row["object"] = one.object;
        row["problem"] = one.problem;
        row["next_step"] = one.next_step;
        all["findings"].append(row);
    }
    return compact_json(all) + "\n";
}

std::vector<PreflightFinding> look(const Settings& settings, Database& database, const Json::Value& site,
                                   const PreflightOptions& options) {
    HttpClientOptions http;
    http.ca_file = settings.ca_file;
    http.proxy = settings.proxy;
    http.allow_loopback = settings.allow_loopback && settings.environment == "development";
    http.timeout = kRequestTimeout;
    start_http_client();
    HttpClient client(http);
    std::vector<LogWatch> logs;
    logs.reserve(options.logs.size());
    for (const std::string& path : options.logs) logs.emplace_back(path);
    const HeldSignals held;
    return preflight(site,
                     preflight_database("worker", options.connector,
                                        [&](const std::string& statement, const std::vector<Value>& parameters) {
                                            return database.call(statement, parameters);
                                        }),
                     fetch_by(client), logs);
}

}  // namespace

int preflight_connector(const Settings& settings, const PreflightOptions& options) {
    hide_memory();  // for a moment it holds the link to a connection's page
    std::signal(SIGPIPE, SIG_IGN);
    try {
        Database database(settings.database, settings.worker_role, "o365-worker preflight", Patience{},
                          statements_when(settings.prepared_statements));
        require_schema_of_program(database);
        const Rows rows = database.call("SELECT o365_programs.worker_preflight($1)", {options.connector});
        if (rows.is_null(0, 0)) {
            return fail(exit_code::kUsage, fmt::format("there is no connector '{}'. An operator lists them: select "
                                                       "slug from o365.connectors",
                                                       options.connector));
        }
        const std::vector<PreflightFinding> findings =
            look(settings, database, database_json(rows.text(0, 0)), options);
        const std::string text =
            options.json ? json_of(options.connector, findings) : lines_of(options.connector, findings);
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
            return fail(exit_code::kCannotWrite, "could not write to standard output");
        return count_of(findings, "fail") == 0 ? exit_code::kDone : exit_code::kBadData;
    } catch (const DatabaseError& error) {
        return fail(exit_code_of(error), error.what());
    }
}

}  // namespace o365
