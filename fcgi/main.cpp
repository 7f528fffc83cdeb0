// o365-connector.fcgi: the pages that connect an Office 365 group, inbox or team. See docs/operator.md.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>

#include "fcgi/cleared_memory.h"
#include "fcgi/routes.h"
#include "fcgi/site.h"
#include "lib/base/command_line.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/database/database_pool.h"
#include "lib/database/schema.h"
#include "lib/fastcgi/fastcgi.h"
#include "lib/fastcgi/listener.h"
#include "lib/findings/finding.h"
#include "lib/json/json_text.h"
#include "lib/pages/pages.h"
#include "lib/settings/settings.h"

namespace {

constexpr const char* kProgram = "o365-connector.fcgi";

// A lock of a transaction that was left open must not hold up all connections: a page that reloads itself is the better
// answer. The server's limits come first; `call` is for a server that does not keep them.
constexpr o365::Patience kPatience{.lock_ms = 2000,
                                   .statement_ms = 10000,
                                   .transaction_ms = 15000,
                                   .connect = std::chrono::seconds(5),
                                   .call = std::chrono::seconds(12)};
// How many COPYs of callbacks may run at once. With more of them, fewer rows would share a COPY.
constexpr int kCallbacksAtOnce = 2;
// How long a call of the database may still take after SIGTERM.
constexpr std::chrono::seconds kLastCalls{2};

o365::Database open_database(const o365::Settings& settings) {
    return {settings.database, settings.responder_role, kProgram, kPatience,
            o365::statements_when(settings.prepared_statements)};
}

// Finds that the database has no key to seal under, or not the key that the configuration names.
void check_sealing_key(o365::Database& database, const std::string& named, o365::Findings& findings) {
    using o365::Severity;
    const Json::Value health = o365::database_json(database.call("SELECT o365_programs.responder_health()").text(0, 0));
    const Json::Value& keys = health["sealing_keys"];
    if (keys.empty()) {
        return findings.add(Severity::error, "the database", "there is no key to seal webhooks under",
                            "run o365-worker keys generate");
    }
    const std::string newest = keys[0].asString();
    if (!named.empty() && std::find(keys.begin(), keys.end(), Json::Value(named)) == keys.end()) {
        findings.add(Severity::error, "the setting sealing_key",
                     fmt::format("sealing_key names {}, the database seals under {}", named, newest),
                     "see which of them o365-worker keys list finds in the key file: correct the setting, or find out "
                     "who changed the keys of the database");
    }
    if (named.empty() && health["one_role"].asBool()) {
        findings.add(
            Severity::warning, "the setting sealing_key",
            "everything belongs to one role, and whoever has its password can exchange the key",
            fmt::format("set sealing_key = {} here, if o365-worker keys list finds it in the key file", newest));
    }
}

void check_database(const o365::Settings& settings, o365::Findings& findings) {
    using o365::Severity;
    o365::Database database = open_database(settings);
    if (const std::string problem = o365::schema_problem(database); !problem.empty()) {
        findings.add(Severity::error, "the database", problem,
                     "see docs/operator.md, Upgrade: the schema first, then the programs");
    }
    const o365::Rows rows = database.call("SELECT o365_programs.responder_connectors() ->> 'public_url'");
    if (rows.text(0, 0).empty()) {
        findings.add(Severity::error, "the installation's setting public_url", "it is empty",
                     "select o365.set('public_url', 'https://...') as an operator");
    }
    check_sealing_key(database, settings.sealing_key, findings);
}

// --check: prints what is wrong and what to do about it. Returns the exit code: 0 when the responder can start.
int check(const o365::Settings& settings) {
    fmt::print("{}", o365::describe(settings));
    o365::Findings findings;
    const std::string next_for_pages =
        "correct that file or setting, or take the file out of the folder that the setting templates names";
    findings.look_at("the pages", next_for_pages, [&] {
        const o365::Pages pages(settings.templates, settings.language);
        for (const std::string& warning : pages.warnings())
            findings.add(o365::Severity::warning, "the pages", warning, next_for_pages);
    });
    findings.look_at("the setting log", "correct it, or give the file to the user that the responder runs as",
                     [&] { o365::log::check(settings.log); });
    findings.look_at("the setting responder_socket",
                     "make its folder writable for the user that the responder runs as (a service's RuntimeDirectory "
                     "is there once it has started), and let that user be in the group that socket_group names",
                     [&] {
                         // Make a socket beside the real one, which may be in use: folder and group are the same.
                         if (settings.responder_socket.empty()) return;
                         const o365::OwnListener probe(
                             std::filesystem::path(settings.responder_socket).replace_filename(".check"),
                             settings.socket_group);
                     });
    findings.look_at("the database",
                     "see that PostgreSQL runs, that the settings database and responder_role are right and that "
                     "sql/install.sql was run",
                     [&] { check_database(settings, findings); });
    // The socket of the running responder, whose group must be the web server's.
    if (const std::string socket = o365::describe_socket(settings.responder_socket); !socket.empty())
        fmt::print("socket {}: {}\n", settings.responder_socket, socket);
    return print(findings, "the responder can start");
}

int run(const o365::Settings& settings) {
    o365::clear_blocks_of_libraries();
    o365::log::open(settings.log, o365::log::parse_level(settings.log_level), kProgram);
    const o365::Pages pages(settings.templates, settings.language);
    for (const std::string& warning : pages.warnings()) o365::log::warn("texts", "what={}", o365::log::quoted(warning));
    o365::ServerOptions options;
    options.socket = settings.responder_socket;
    options.group = settings.socket_group;
    // One thread more than there are connections, for requests that need no database.
    options.threads = settings.threads + 1;
    options.takes_any_request = o365::takes_any_request;
    o365::DatabasePool database([&] { return open_database(settings); }, settings.threads, o365::require_schema);
    o365::GatheredCopy callbacks(database, o365::callback_door(), kCallbacksAtOnce);
    options.stopping = [&] { database.end_by(o365::DatabasePool::Clock::now() + kLastCalls); };
    o365::ActionTokens action_tokens(database);
    const auto make_handler = [&]() -> o365::Handler {
        const auto site = std::make_shared<o365::Site>(database, callbacks, pages, action_tokens, settings.sealing_key,
                                                       settings.threads);
        return [site](const o365::Request& request) { return o365::answer(*site, request); };
    };
    const auto error_page = [&](int status, const std::string& request_id, std::string_view accept_language) {
        return o365::render_message(pages, pages.texts(accept_language), "", status, request_id);
    };
    return o365::serve(options, make_handler, error_page);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CLI::App app{"Answers /connect/, /manage/, /action and /healthz over FastCGI."};
        std::string config = o365::default_settings_path();
        bool only_check = false;
        app.add_option("--config", config, "Configuration file")->capture_default_str();
        app.add_flag("--check", only_check, "Says whether the responder can start with this configuration, and ends");
        app.set_version_flag("--version", std::string(kProgram) + " " + o365::kVersion);
        if (const auto code = o365::parse_command_line(app, argc, argv)) return *code;
        const o365::Settings settings = o365::load_settings(config);
        return only_check ? check(settings) : run(settings);
    } catch (const std::exception& error) {
        // Print it too: the log may not be open yet, and a person may be at the terminal. Under a web server fd 2 is
        // its error log; the text has no secret.
        o365::log::error("stopped", "why={}", o365::log::quoted(error.what()));
        fmt::print(stderr, "{}: {}\n", kProgram, error.what());
        return o365::exit_code::kFailed;
    }
}
