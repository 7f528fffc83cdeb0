// o365-sandbox.fcgi: Microsoft's side of Office 365 connectors, for development on one machine. See docs/sandbox.md.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "lib/base/command_line.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/database/database.h"
#include "lib/database/schema.h"
#include "lib/fastcgi/fastcgi.h"
#include "lib/findings/finding.h"
#include "lib/http/url.h"
#include "lib/json/json_text.h"
#include "lib/pages/pages.h"
#include "lib/settings/settings.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhooks/slow_line.h"

namespace {

constexpr const char* kProgram = "o365-sandbox.fcgi";
// Large enough for pictures of any camera, so that they are refused at their field, with the rest of the form kept. The
// web server reports larger bodies at /too-large (client_max_body_size in deploy/nginx/sandbox-site.conf).
constexpr std::size_t kMaxBody = 16 << 20;

o365::Database open_database(const o365::Settings& settings) {
    return {settings.database, settings.sandbox_role, kProgram, o365::Patience{},
            o365::statements_when(settings.prepared_statements)};
}

// The installation's settings. Throws on a public installation, because the sandbox gives webhooks to everybody.
Json::Value ask_settings(const o365::Settings& settings) {
    o365::Database database = open_database(settings);
    const o365::Rows rows = database.call("select o365_programs.sandbox_settings()");
    Json::Value answer = o365::database_json(rows.text(0, 0));
    if (!answer.isMember("schema"))
        throw std::runtime_error(
            "the sandbox's functions are of an older version than this program: run sql/sandbox.sql of this version");
    const std::string problem = o365::schema_problem(answer["schema"].asInt(), answer["oldest_program"].asInt());
    if (!problem.empty()) throw std::runtime_error(problem);
    const auto url = o365::parse_url(answer["public_url"].asString());
    if (!url || !o365::is_loopback_host(url->host)) {
        throw std::runtime_error(
            "the setting public_url is not on loopback, and the sandbox runs nowhere else: it is for development on "
            "one machine");
    }
    return answer;
}

// Null when the setting slow_origin is empty.
std::unique_ptr<o365::SlowLine> open_slow_line(const Json::Value& settings) {
    const auto at = o365::parse_url(settings["slow_origin"].asString());
    const auto to = o365::parse_url(settings["webhook_origin"].asString());
    return at && to ? std::make_unique<o365::SlowLine>(at->port, to->port) : nullptr;
}

// --check: prints what is wrong and what to do about it. Returns the exit code: 0 when the sandbox can start.
int check(const o365::Settings& settings) {
    fmt::print("{}", o365::describe(settings));
    o365::Findings findings;
    findings.look_at("the pages", "correct that file, or take it out of the folder that the setting templates names",
                     [&] { const o365::Pages pages(settings.templates); });
    findings.look_at("the database",
                     "see docs/sandbox.md: that PostgreSQL runs, that the settings database and sandbox_role are right "
                     "and that sql/sandbox.sql was run",
                     [&] { ask_settings(settings); });
    return print(findings, "the sandbox can start");
}

int run(const o365::Settings& settings) {
    o365::log::open(settings.log, o365::log::parse_level(settings.log_level), kProgram);
    o365::start_http_client();
    const o365::Pages pages(settings.templates);
    const o365::TokenIssuer tokens;
    o365::HttpClientOptions http;
    http.ca_file = settings.ca_file;
    http.only_loopback = true;
    const Json::Value ours = ask_settings(settings);
    const std::unique_ptr<o365::SlowLine> line = open_slow_line(ours);
    const o365::SandboxParts parts{pages, tokens, http, ours, line.get()};
    o365::ServerOptions options;
    options.socket = settings.sandbox_socket;
    options.group = settings.socket_group;
    options.threads = settings.threads;
    options.max_body = kMaxBody;
    options.takes_any_request = o365::is_webhook;
    const auto make_handler = [&]() -> o365::Handler {
        const auto sandbox = std::make_shared<o365::Sandbox>(open_database(settings), parts);
        return [sandbox](const o365::Request& request) { return o365::answer(*sandbox, request); };
    };
    const auto error_page = [](int status, const std::string& request_id, std::string_view /*accept_language*/) {
        // Refused requests are logged only at level debug.
        return o365::Response::text(
            status, status < 500
                        ? "The sandbox cannot read that: a parameter twice, over 8 KB, more than 64 of them or "
                          "none in UTF-8, or a method that it does not know.\n"
                        : "The sandbox could not answer that. Its log has " + request_id + ".\n");
    };
    return o365::serve(options, make_handler, error_page);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CLI::App app{"Plays Microsoft's side of Office 365 connectors, on this machine only."};
        std::string config = o365::default_settings_path();
        bool only_check = false;
        app.add_option("--config", config, "Configuration file")->capture_default_str();
        app.add_flag("--check", only_check, "Says whether the sandbox can start with this configuration, and ends");
        app.set_version_flag("--version", std::string(kProgram) + " " + o365::kVersion);
        if (const auto code = o365::parse_command_line(app, argc, argv)) return *code;
        const o365::Settings settings = o365::load_settings(config);
        return only_check ? check(settings) : run(settings);
    } catch (const std::exception& error) {
        o365::log::error("stopped", "why={}", o365::log::quoted(error.what()));
        fmt::print(stderr, "{}: {}\n", kProgram, error.what());
        return o365::exit_code::kFailed;
    }
}
