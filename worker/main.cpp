// o365-worker: delivers cards from the outbox. Reads settings and the key file, then makes and runs the worker, or runs
// a command (worker/commands).
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "lib/base/command_line.h"
#include "lib/base/crypto.h"
#include "lib/base/exit_code.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/version.h"
#include "lib/database/schema.h"
#include "lib/findings/finding.h"
#include "lib/http/url.h"
#include "lib/keys/key_ring.h"
#include "worker/commands/card.h"
#include "worker/commands/find_user.h"
#include "worker/commands/import.h"
#include "worker/commands/keys.h"
#include "worker/commands/preflight.h"
#include "worker/delivery/settings_snapshot.h"
#include "worker/worker.h"

namespace {

using o365::Settings;

// Loopback is for the sandbox: a production worker must not post to services of its own machine.
void refuse_development_settings(const Settings& settings, const std::string& path) {
    if (settings.environment == "development" || !settings.allow_loopback) return;
    throw o365::SettingsError(fmt::format("{}: allow_loopback is for environment = development only; this is {}", path,
                                          settings.environment));
}

// "50s", "500ms", "2m" or seconds, at most a day; nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_deadline(std::string_view text) {
    constexpr std::int64_t kMostMs = 86400000;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const std::int64_t factor = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1000 : unit == "m" ? 60000 : 0;
    if (error != std::errc{} || factor == 0 || number < 1 || number > kMostMs / factor) return std::nullopt;
    return std::chrono::milliseconds(number * factor);
}

void check_ca_file(const std::string& path) {
    if (path.empty()) return;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!o365::holds_certificate(text))
        throw o365::SettingsError(fmt::format("'{}' holds no certificate in PEM form, or cannot be read", path));
}

void check_database(const Settings& settings, o365::Findings& findings) {
    using o365::Severity;
    o365::Database database(settings.database, settings.worker_role, "o365-worker --check", o365::Patience{},
                            o365::statements_when(settings.prepared_statements));
    if (const std::string problem = o365::schema_problem(database); !problem.empty()) {
        return findings.add(Severity::error, "the database", problem,
                            "see docs/operator.md, Upgrade: the schema first, then the programs");
    }
    // No worker has the number 0, so this call writes nothing.
    const o365::SettingsSnapshot snapshot = o365::read_settings_snapshot(
        database.call("select o365_programs.worker_heartbeat(0, $1)", {settings.environment}).text(0, 0));
    if (!snapshot.sends) {
        findings.add(Severity::error, "this installation", snapshot.why,
                     "select * from o365.health() as an operator; it says what to do");
    }
    findings.look_at(
        "the setting key_file",
        "see docs/operator.md, Keys: o365-worker keys list shows which keys the file and the database have",
        [&] { o365::keys_check(settings); });
}

// --check: prints what would stop the worker or make it fail at every card, and what to do about it. Returns the exit
// code: 0 when the worker can start.
int check(const Settings& settings, const std::string& path) {
    fmt::print("{}", o365::describe(settings));
    o365::Findings findings;
    findings.look_at("the setting allow_loopback", "set it to no, or environment to development on such a host",
                     [&] { refuse_development_settings(settings, path); });
    findings.look_at("the setting log", "correct it, or give the file to the user that the worker runs as",
                     [&] { o365::log::check(settings.log); });
    findings.look_at("the setting ca_file", "name a file of certificates in PEM form that the worker's user may read",
                     [&] { check_ca_file(settings.ca_file); });
    if (!settings.proxy.empty() && !o365::parse_url(settings.proxy)) {
        findings.add(o365::Severity::error, "the setting proxy", "it is no URL",
                     "write one such as http://proxy.example.org:3128");
    }
    findings.look_at("the database",
                     "see that PostgreSQL runs, that the settings database and worker_role are right and that "
                     "sql/install.sql was run",
                     [&] { check_database(settings, findings); });
    return print(findings, "the worker can start");
}

// Handles SIGTERM, SIGINT and SIGHUP in a thread of its own. The first SIGTERM or SIGINT stops the worker in order, the
// second ends the process at once; SIGHUP opens the log file again.
class SignalWatch {
  public:
    // Blocks the signals until there is a SignalWatch. Call it before any thread is made.
    static sigset_t hold() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        return signals;
    }
    SignalWatch(const sigset_t& signals, o365::Worker& worker) {
        thread_ = std::thread([this, signals, &worker] { watch(signals, worker); });
    }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    ~SignalWatch() {
        ending_ = true;
        pthread_kill(thread_.native_handle(), SIGINT);
        thread_.join();
    }

  private:
    void watch(const sigset_t& signals, o365::Worker& worker) const {
        const int signal = next_signal(signals);
        if (ending_) return;
        o365::log::info("stopping",
                        "signal={} then=\"finishing what is in flight, for post_timeout_seconds at most; a second "
                        "signal ends at once\"",
                        signal);
        worker.stop();
        next_signal(signals);
        if (ending_) return;
        o365::log::warn("stopped", "why=\"second signal\" then=\"leases end by themselves\"");
        std::_Exit(o365::exit_code::kFailed);
    }

    // Waits for SIGTERM or SIGINT.
    static int next_signal(const sigset_t& signals) {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) o365::log::reopen();
        return signal;
    }

    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

int work(const Settings& settings, const std::string& path, bool once, std::chrono::milliseconds deadline) {
    o365::hide_memory();  // the process has keys and webhooks in memory
    const sigset_t held = SignalWatch::hold();
    std::signal(SIGPIPE, SIG_IGN);
    refuse_development_settings(settings, path);
    o365::log::open(settings.log, o365::log::parse_level(settings.log_level), "o365-worker");
    const std::string libraries = o365::start_http_client();
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    o365::log::info("started", "version={} libraries={} environment={} max_transfers={} open_files={}", o365::kVersion,
                    o365::log::quoted(libraries), settings.environment, settings.max_transfers, files.rlim_cur);
    o365::Worker worker(settings, o365::KeyRing(o365::read_key_file(settings.key_file), settings.key_file));
    const SignalWatch signals(held, worker);
    int code = 0;
    if (once) {
        code = static_cast<int>(worker.run_once(deadline));
    } else {
        worker.run();
    }
    o365::log::info("ended", "code={}", code);
    return code;
}

// The command line: options of the worker itself, then a command.
struct CommandLine {
    std::string path = o365::default_settings_path();
    std::string deadline = "50s";
    bool once = false;
    bool checks = false;
    bool replaces = false;  // --replace of keys generate and keys add
    o365::ImportOptions imports;
    std::string backup;
    o365::CardFile card_file;
    o365::PreflightOptions preflights;

    CLI::App app{
        "Delivers cards from PostgreSQL to Office 365 and Teams webhooks. Without a command it works until it is "
        "stopped."};
    CLI::App* generate = nullptr;
    CLI::App* list = nullptr;
    CLI::App* check_keys = nullptr;
    CLI::App* add = nullptr;
    CLI::App* back_up = nullptr;
    CLI::App* check_card = nullptr;
    CLI::App* convert_card = nullptr;
    CLI::App* preview_card = nullptr;
    CLI::App* import_file = nullptr;
    CLI::App* find_user = nullptr;
    CLI::App* preflight = nullptr;

    CommandLine() {
        app.add_option("--config", path, "configuration file")->capture_default_str();
        app.set_version_flag("--version", std::string("o365-worker ") + o365::kVersion);
        app.add_flag("--check", checks, "check configuration, keys and database, and say what is wrong");
        app.add_flag("--once", once,
                     "deliver what is due, then end: 0 drained, 75 something waits, 69 something fails");
        app.add_option("--deadline", deadline,
                       "with --once: no POST starts after this time; those in flight are finished")
            ->capture_default_str()
            ->check([](const std::string& text) {
                return parse_deadline(text) ? std::string()
                                            : std::string("write a time such as 50s, 500ms or 2m, at most a day");
            });
        add_keys();
        add_card();
        add_import();
        add_preflight();
        find_user = app.add_subcommand(
            "find-user",
            "list the connections of a directory object id that is read from standard input: 0 done, 65 no id, 69 no "
            "database");
    }

  private:
    void add_keys() {
        CLI::App* keys = app.add_subcommand("keys", "the key file that opens webhooks");
        keys->require_subcommand(1);
        generate = keys->add_subcommand("generate", "make the key file and make its keys known to the database");
        generate->add_flag("--replace", replaces,
                           "the key file that webhooks are sealed under is lost: make a new one and list the "
                           "connections that nothing opens any more");
        list = keys->add_subcommand("list", "list the keys, and how many webhooks are sealed under each");
        check_keys = keys->add_subcommand("check", "seal a probe through the database and open it");
        add = keys->add_subcommand("add", "make the keys of the key file known to the database, as generate does");
        add->add_flag("--replace", replaces,
                      "seal new webhooks under this file's key although another one is in use; what that one sealed "
                      "stays as it is");
        back_up = keys->add_subcommand("backup", "copy the key file and note that it was backed up");
        back_up->add_option("file", backup, "where to; - is standard output, for a pipe to another machine")
            ->required();
    }

    void add_card() {
        CLI::App* card = app.add_subcommand("card", "judge, convert or look at a card in a file, before it is sent");
        card->require_subcommand(1);
        check_card = card->add_subcommand(
            "check",
            "what o365.check_card says, by line: 0 it may be sent, 65 it would be refused, 66 no file, 69 no database");
        convert_card =
            card->add_subcommand("convert", "print what the webhook gets; what is lost goes to standard error");
        preview_card =
            card->add_subcommand("preview", "write a page that shows the card as it is sent and as it arrives");
        for (CLI::App* one : {check_card, convert_card, preview_card}) {
            one->add_option("file", card_file.file, "file with the card's JSON, or - for standard input")->required();
            one->add_option("--dialect", card_file.dialect, "kind of webhook")
                ->check(CLI::IsMember({"connector", "workflow"}))
                ->capture_default_str();
        }
        check_card->add_option("--connector", card_file.connector, "whose registered target URLs hold");
        preview_card->add_option("--output", card_file.output, "where the page goes")->capture_default_str();
    }

    void add_preflight() {
        preflight = app.add_subcommand(
            "preflight",
            "hold a connector of this installation against the store's checklist: 0 nothing fails, 64 no such "
            "connector, 65 something fails, 69 no database");
        preflight->add_option("connector", preflights.connector, "slug of the connector")->required();
        preflight
            ->add_option("--log", preflights.logs,
                         "a log of the web server, in which nothing secret may stand; may be repeated")
            ->allow_extra_args(false);
        preflight->add_flag("--json", preflights.json, "print one object of JSON");
    }

    void add_import() {
        import_file = app.add_subcommand(
            "import", "take webhooks from a CSV file: 0 all, 65 some lines were refused, 66 no file, 69 no database");
        import_file
            ->add_option("file", imports.file,
                         "CSV with a first line that names its columns, app_user, webhook_url and perhaps group_name "
                         "and label; - for standard input")
            ->required();
        import_file->add_option("--connector", imports.connector, "slug of the connector that they are for")
            ->required()
            ->check([](const std::string& slug) {
                return slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos
                           ? std::string()
                           : std::string("a slug has small letters, digits and hyphens");
            });
        CLI::Option* proves = import_file->add_flag("--prove")->description(
            "each webhook waits until its user has typed the code of a test card; the links for that go to standard "
            "output (this is the default)");
        import_file->add_flag("--active", imports.active, "use them at once, without a proof")->excludes(proves);
        import_file->add_flag("--dry-run", imports.dry_run, "say what would be done, and change nothing");
    }
};

int run(const CommandLine& line) {
    if (line.convert_card->parsed()) return o365::card_convert(line.card_file);
    if (line.preview_card->parsed()) return o365::card_preview(line.card_file);
    const Settings settings = o365::load_settings(line.path);
    if (line.check_card->parsed()) return o365::card_check(settings, line.card_file);
    if (line.import_file->parsed()) return o365::import_webhooks(settings, line.imports);
    if (line.find_user->parsed()) return o365::find_user(settings);
    if (line.preflight->parsed()) return o365::preflight_connector(settings, line.preflights);
    if (line.generate->parsed()) return o365::keys_generate(settings, line.replaces);
    if (line.add->parsed()) return o365::keys_add(settings, line.replaces);
    if (line.list->parsed()) return o365::keys_list(settings);
    if (line.check_keys->parsed()) return o365::keys_check(settings);
    if (line.back_up->parsed()) return o365::keys_backup(settings, line.backup);
    refuse_development_settings(settings, line.path);
    if (line.checks) return check(settings, line.path);
    return work(settings, line.path, line.once, parse_deadline(line.deadline).value());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CommandLine line;
        if (const auto code = o365::parse_command_line(line.app, argc, argv)) return *code;
        return run(line);
    } catch (const std::exception& error) {
        o365::log::error("failed", "problem={}", o365::log::quoted(error.what()));
        fmt::print(stderr, "o365-worker: {}\n", error.what());
        return o365::exit_code::kFailed;
    }
}
