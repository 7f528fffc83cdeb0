#include "lib/settings/settings.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "lib/base/c_free.h"
#include "lib/base/text.h"

namespace o365 {
namespace {

using ConnectionOptions = std::unique_ptr<PQconninfoOption, CFree<PQconninfoFree>>;

// Empty when libpq can read `value`, else what is wrong with it. libpq's own message is not used: it quotes the string,
// which may hold a password.
std::string conninfo_problem(std::string_view value) {
    char* message = nullptr;
    const ConnectionOptions options(PQconninfoParse(std::string(value).c_str(), &message));
    const std::unique_ptr<char, CFree<PQfreemem>> owner(message);
    if (options) return {};
    return "database is no libpq connection string: write name=value pairs, a value with blanks in single quotes, or a "
           "postgresql:// URI";
}

// The value of a keyword in a connection string that libpq can read; "" when it does not occur.
std::string conninfo_value(const std::string& conninfo, std::string_view keyword) {
    const ConnectionOptions options(PQconninfoParse(conninfo.c_str(), nullptr));
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        if (option->keyword == keyword && option->val != nullptr) return option->val;
    }
    return {};
}

// Who besides its owner may read the file, for an error; "" when nobody may. The rule is libpq's for private keys: a
// file that belongs to root may be readable by its group, because that is how root lends it to a service.
std::string readers(const struct stat& status) {
    if ((status.st_mode & S_IRWXO) != 0) return "everybody on this machine";
    if ((status.st_mode & S_IRWXG) != 0 && status.st_uid != 0) return "its group";
    return {};
}

// `path` is the configuration file. libpq itself ignores a passfile that others may read, and says so on stderr only.
void refuse_open_files(const Settings& settings, const std::string& path) {
    struct stat status {};
    const bool holds_password =
        !conninfo_value(settings.database, "password").empty() || settings.proxy.find('@') != std::string::npos;
    if (holds_password && ::stat(path.c_str(), &status) == 0 && !readers(status).empty()) {
        throw SettingsError(
            fmt::format("{}: holds a password and may be read by {}: chmod 600 '{}'", path, readers(status), path));
    }
    const std::string passfile = conninfo_value(settings.database, "passfile");
    if (passfile.empty() || ::stat(passfile.c_str(), &status) != 0) return;
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw SettingsError(fmt::format(
            "{}: libpq takes no passfile that others than its owner may read: chmod 600 '{}'", path, passfile));
    }
}

std::string key_id_problem(std::string_view value) {
    const bool is_key_id = value.size() == 16 && value.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
    if (value.empty() || is_key_id) return {};
    return "sealing_key must be the 16 hex digits, in capitals, that `o365-worker keys list` shows";
}

std::string socket_problem(std::string_view value) {
    constexpr std::size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
    if (value.size() <= kLongest) return {};
    return fmt::format("the path of a Unix socket has at most {} bytes, and this one has {}: name a shorter one",
                       kLongest, value.size());
}

std::string log_level_problem(std::string_view value) {
    if (value == "debug" || value == "info" || value == "warn" || value == "error") return {};
    return "log_level must be debug, info, warn or error";
}

// How the value of a setting is read, and shown by describe().
struct Access {
    // Empty when `value` fits, else what is wrong with it.
    std::string (*read)(Settings& settings, const Setting& setting, std::string_view value);
    std::string (*show)(const Settings& settings);
};

std::string wrong(const Setting& setting) { return fmt::format("{} must be {}", setting.name, setting.form); }

std::string no_problem(std::string_view /*value*/) { return {}; }

// A text. `problem`: what is wrong with a value of it; empty when nothing is. One that has a default is not empty,
// unless its form says that it may be.
template <std::string Settings::*member, std::string (*problem)(std::string_view) = no_problem>
constexpr Access text() {
    return {
        [](Settings& settings, const Setting& setting, std::string_view value) -> std::string {
            if (std::string found = problem(value); !found.empty()) return found;
            if (value.empty() && !setting.default_value.empty() && setting.form.find("empty") == std::string_view::npos)
                return wrong(setting) + ", not empty";
            settings.*member = std::string(value);
            return {};
        },
        [](const Settings& settings) { return settings.*member; }};
}

enum class Words { yes_no, on_off };

template <bool Settings::*member, Words words>
constexpr Access flag() {
    constexpr bool kIsSwitch = words == Words::on_off;
    return {[](Settings& settings, const Setting& setting, std::string_view value) -> std::string {
                if (value != (kIsSwitch ? "on" : "yes") && value != (kIsSwitch ? "off" : "no")) return wrong(setting);
                settings.*member = value == "on" || value == "yes";
                return {};
            },
            [](const Settings& settings) -> std::string {
                if (kIsSwitch) return settings.*member ? "on" : "off";
                return settings.*member ? "yes" : "no";
            }};
}

template <int Settings::*member, int most>
constexpr Access number() {
    return {[](Settings& settings, const Setting& setting, std::string_view value) -> std::string {
                int parsed = 0;
                const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
                if (error != std::errc{} || end != value.data() + value.size() || parsed < 1 || parsed > most)
                    return wrong(setting);
                settings.*member = parsed;
                return {};
            },
            [](const Settings& settings) { return std::to_string(settings.*member); }};
}

struct Row {
    Setting setting;
    Access access;
};

constexpr std::array kRows = {
    Row{Setting{"allow_loopback", "no", "yes or no", "worker", false,
                "Lets the worker post to webhooks on loopback addresses; only where environment is development."},
        flag<&Settings::allow_loopback, Words::yes_no>()},
    Row{Setting{
            "ca_file", "", "path", "worker", false,
            "A PEM file of certificate authorities to trust for webhooks besides the system's: that of a proxy which "
            "opens TLS, or the sandbox's."},
        text<&Settings::ca_file>()},
    Row{Setting{"database", "dbname=o365", "libpq connection string", "all", true,
                "Where PostgreSQL is. Several hosts and target_session_attrs are understood; a password belongs in a "
                "passfile."},
        text<&Settings::database, conninfo_problem>()},
    Row{Setting{"environment", "production", "text", "worker", false,
                "What this host is. Cards leave only where the database's setting environment says the same."},
        text<&Settings::environment>()},
    Row{Setting{"key_file", "/etc/o365-connector/keys", "path", "worker", false,
                "The file that opens sealed webhooks, made by `o365-worker keys generate`, mode 0600."},
        text<&Settings::key_file>()},
    Row{Setting{"language", "en", "language tag", "responder", false,
                "The language of the pages for readers whose browser asks for no language that the pages have."},
        text<&Settings::language>()},
    Row{Setting{"log", "syslog", "syslog, stderr or path", "all", false, "Where log lines go."},
        text<&Settings::log>()},
    Row{Setting{"log_level", "info", "debug, info, warn or error", "all", false, "The least level that is logged."},
        text<&Settings::log_level, log_level_problem>()},
    Row{Setting{"max_transfers", "256", "1..4096", "worker", false,
                "How many webhooks are posted to at the same time."},
        number<&Settings::max_transfers, 4096>()},
    Row{Setting{"prepared_statements", "on", "on or off", "all", false,
                "Whether statements are prepared; off behind a connection pooler that pools transactions and keeps "
                "none, such "
                "as PgBouncer before 1.21."},
        flag<&Settings::prepared_statements, Words::on_off>()},
    Row{Setting{
            "proxy", "", "URL", "worker", true,
            "An HTTP proxy for webhooks. The proxy then decides which addresses are reached. Proxy variables of the "
            "environment are ignored."},
        text<&Settings::proxy>()},
    Row{Setting{"responder_role", "o365_responder", "role name or empty", "responder", false,
                "The database role of the responder; empty: the one of the connection string."},
        text<&Settings::responder_role>()},
    Row{Setting{
            "responder_socket", "", "path or empty", "responder", false,
            "The Unix socket the web server talks to, made with mode 0660; empty: the listener that the web server or "
            "systemd hands over."},
        text<&Settings::responder_socket, socket_problem>()},
    Row{Setting{"sandbox_role", "o365_sandbox", "role name or empty", "sandbox", false,
                "The database role of the sandbox; empty: the one of the connection string."},
        text<&Settings::sandbox_role>()},
    Row{Setting{"sandbox_socket", "", "path or empty", "sandbox", false, "Like responder_socket, for the sandbox."},
        text<&Settings::sandbox_socket, socket_problem>()},
    Row{Setting{"sealing_key", "", "key id or empty", "responder", false,
                "The only key that webhooks may be sealed under, as `o365-worker keys list` names it; empty: the "
                "newest that "
                "the database has."},
        text<&Settings::sealing_key, key_id_problem>()},
    Row{Setting{"socket_group", "", "group name or empty", "responder, sandbox", false,
                "The group that may connect to the socket: the web server's."},
        text<&Settings::socket_group>()},
    Row{Setting{
            "templates", "", "path or empty", "responder, sandbox", false,
            "A folder whose files take the place of the built-in templates, strings and static files of the same name; "
            "strings of another language add it."},
        text<&Settings::templates>()},
    Row{Setting{
            "threads", "8", "1..256", "responder, sandbox", false,
            "How many requests work with the database at the same time, one connection each. One thread more serves "
            "what needs no database."},
        number<&Settings::threads, 256>()},
    Row{Setting{"worker_name", "", "text", "worker", false,
                "How this worker is called in o365.health(); empty: host name and process id."},
        text<&Settings::worker_name>()},
    Row{Setting{"worker_role", "o365_worker", "role name or empty", "worker", false,
                "The database role of the worker; empty: the one of the connection string."},
        text<&Settings::worker_role>()},
};

// What the programs know of their settings.
constexpr auto kSettings = [] {
    std::array<Setting, kRows.size()> settings{};
    std::ranges::transform(kRows, settings.begin(), &Row::setting);
    return settings;
}();

}  // namespace

std::span<const Setting> settings_table() { return kSettings; }

Settings parse_settings(std::string_view text, const std::string& path) {
    Settings settings;
    for (const auto& [setting, access] : kRows) access.read(settings, setting, setting.default_value);
    std::set<std::string_view> seen;
    int line_number = 0;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++line_number;
        if (line.empty() || line.front() == '#') continue;
        const auto refuse = [&](const std::string& why) {
            throw SettingsError(fmt::format("{}:{}: {}", path, line_number, why));
        };
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) refuse("expected `name = value`, or # before a comment");
        const std::string_view name = trimmed(line.substr(0, equals));
        const auto* row = std::ranges::find(kRows, name, [](const Row& one) { return one.setting.name; });
        if (row == kRows.end())
            refuse(fmt::format("there is no setting '{}', docs/operator.md and --check list them all", name));
        if (!seen.insert(row->setting.name).second)
            refuse(fmt::format("{} stands here for the second time, leave one", name));
        const std::string problem = row->access.read(settings, row->setting, trimmed(line.substr(equals + 1)));
        if (!problem.empty()) refuse(problem);
    }
    return settings;
}

Settings load_settings(const std::string& path) {
    std::error_code error;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, error))
        throw SettingsError(
            fmt::format("{}: could not be read; name the configuration file with --config, or put it into a "
                        "folder o365-connector above the program's",
                        path));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    Settings settings = parse_settings(text, path);
    refuse_open_files(settings, path);
    return settings;
}

std::string settings_above(const std::string& folder) {
    for (std::filesystem::path above = folder; above.has_relative_path();) {
        above = above.parent_path();
        std::string candidate = (above / "o365-connector" / "o365.conf").string();
        struct stat status {};
        // Folders above may belong to other users: skip files of theirs.
        if (::stat(candidate.c_str(), &status) == 0 && (status.st_uid == 0 || status.st_uid == ::geteuid()))
            return candidate;
    }
    return {};
}

std::string default_settings_path() {
    if (const char* named = std::getenv("O365_CONFIG"); named != nullptr && *named != '\0') return named;
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    std::string found = error ? std::string() : settings_above(folder.string());
    if (!found.empty()) return found;
    return "/etc/o365-connector/o365.conf";
}

std::string describe(const Settings& settings) {
    std::string text;
    for (const auto& [setting, access] : kRows)
        text += fmt::format("{} = {}\n", setting.name, setting.secret ? "***" : access.show(settings));
    return text;
}

}  // namespace o365
