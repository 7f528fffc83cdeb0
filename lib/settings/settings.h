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
    // What a value looks like, for errors and docs: "text", "yes or no", "on or off", "1..256" ... "empty" in it says
    // that the value may be empty.
    std::string_view form;
    std::string_view programs;  // which read it: "all", "responder", "worker", "sandbox", "responder, sandbox"
    bool secret;                // never printed
    std::string_view help;      // sentences for docs/operator.md
};

// what() is for the person who starts the program.
class SettingsError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// All settings in alphabetical order.
std::span<const Setting> settings_table();

// The values that a program runs with: a member for each setting, of the same name.
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

// Reads `path`. Throws SettingsError (what(): "<path>:<line>: <what is wrong>, <what to write instead>") for an unknown
// or repeated name, a value that does not have its form, and a file that cannot be read; also when other users may read
// a password, in this file or in the passfile that it names. This file may have mode 0600, or 0640 when root owns it; a
// passfile 0600.
Settings load_settings(const std::string& path);

// The same from text, without a look at file modes. `path` is for errors only.
Settings parse_settings(std::string_view text, const std::string& path);

// The file to read when --config names none: $O365_CONFIG, else settings_above() the folder of the running program,
// else /etc/o365-connector/o365.conf, whether it exists or not.
std::string default_settings_path();

// The nearest o365-connector/o365.conf in a folder above `folder` that belongs to this user or root, so that a program
// in ~/public_html/o365/ finds ~/o365-connector/o365.conf, which no web server serves; "" when there is none.
std::string settings_above(const std::string& folder);

// A line "name = value" for each setting, secrets as ***: what --check prints.
std::string describe(const Settings& settings);

}  // namespace o365
