// The configuration file that all programs share, and the one table of what may stand in it.
// The table feeds the parser, --check and docs/operator.md (a test compares them). What an installation decides at run
// time (public_url, connect_url, quotas, retries) is not here but in the database, in o365.settings.
//
// File: `name = value` lines, `#` comments, UTF-8. A value runs to the end of the line; blanks around it are dropped.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace o365 {

struct Setting {
    std::string_view name;
    std::string_view default_value;
    std::string_view
        form;  // what a value looks like, for errors and docs: "text", "yes or no", "on or off", "1..256", ...
    std::string_view programs;  // who reads it: "all", "responder", "worker", "sandbox", "responder, sandbox"
    bool secret;                // never printed
    std::string_view help;      // one sentence, ends with a full stop
};

class SettingsError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// All settings in alphabetical order.
std::span<const Setting> settings_table();

// What a program runs with. One member a setting, same name.
struct Settings {
    bool allow_loopback = false;
    std::string ca_file;
    std::string database;  // libpq connection string, secret
    std::string environment;
    std::string key_file;
    std::string language;
    std::string log;
    std::string log_level;
    int max_transfers = 0;
    bool prepared_statements = true;
    std::string proxy;
    std::string responder_role;
    std::string responder_socket;
    std::string sandbox_role;
    std::string sandbox_socket;
    std::string sealing_key;
    std::string socket_group;
    std::string templates;
    int threads = 0;
    std::string worker_name;
    std::string worker_role;
};

// Reads `path`. Throws SettingsError (what(): "<path>:<line>: <what is wrong>, <what to write instead>") on an unknown
// or repeated name, a value out of its form, or a file that cannot be read; and when somebody else may read a password:
// the file's own, or that of the passfile it names. Modes as libpq asks for of a key: 0600, or 0640 when root owns it.
Settings load_settings(const std::string& path);

// The same from text; `path` only names it in errors.
Settings parse_settings(std::string_view text, const std::string& path);

// The file to read when --config names none: $O365_CONFIG; the nearest o365-connector/o365.conf in a folder above the
// running binary's (a program in ~/public_html/o365/ finds ~/o365-connector/o365.conf, which no web server shows), if
// it belongs to this user or root; else /etc/o365-connector/o365.conf, whether it exists or not.
std::string default_settings_path();

// The same for a program in `folder`, without the environment; "" when there is none above it.
std::string settings_above(const std::string& folder);

// One "name = value" line a setting, secrets as ***: what --check prints and the log says at start.
std::string describe(const Settings& settings);

}  // namespace o365
