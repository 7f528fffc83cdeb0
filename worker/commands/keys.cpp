#include "worker/commands/keys.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "lib/base/crypto.h"
#include "lib/database/database.h"
#include "lib/keys/key_ring.h"
#include "worker/commands/failure.h"

namespace o365 {
namespace {

Database connect(const Settings& settings) {
    Database database(settings.database, settings.worker_role, "o365-worker keys", Patience{},
                      statements_when(settings.prepared_statements));
    require_schema_of_program(database);
    return database;
}

// Adds the keys of the file to the database; known keys stay as they are. The database refuses when it seals under
// another key, unless `replaces`.
void add_keys(Database& database, const KeyRing& keys, bool replaces) {
    database.call("select o365_programs.worker_add_key($1, 'public', $2, $3)",
                  {keys.rsa().key_id, Value::bytes(keys.rsa().public_key), replaces ? "t" : "f"});
    for (const SymmetricKey& key : keys.symmetric())
        database.call("select o365_programs.worker_add_key($1, 'symmetric', null)", {key.key_id});
}

bool is_copy(const std::string& file, const Secret& text) {
    std::error_code error;
    return std::filesystem::exists(file, error) && read_key_file(file).reveal() == text.reveal();
}

// Prints the setting that makes a responder seal under no other key.
void print_pin(const KeyRing& keys) {
    fmt::print("\nFor the responder's configuration: sealing_key = {}\n", keys.rsa().key_id);
}

// Prints the connections that the keys of the file do not open, one a line.
void print_lost(Database& database, const KeyRing& keys) {
    std::vector<std::string> key_ids{keys.rsa().key_id};
    for (const SymmetricKey& key : keys.symmetric()) key_ids.push_back(key.key_id);
    const Rows rows = database.call(
        "select subscription_id, connector, app_user, group_name from o365_programs.worker_unopenable($1)",
        {array_literal(key_ids)});
    if (rows.size() == 0) {
        fmt::print("\nNo connection is lost.\n");
        return;
    }
    fmt::print(
        "\nThese connections are lost. Their cards wait until their users connect again; who connects the same "
        "webhook\n"
        "keeps the connection and the cards. To end one: select o365.remove(its number).\n\n{:<13} {:<20} {:<30} {}\n",
        "subscription", "connector", "account", "place");
    for (int i = 0; i < rows.size(); ++i)
        fmt::print("{:<13} {:<20} {:<30} {}\n", rows.text(i, 0), rows.text(i, 1), rows.text(i, 2), rows.text(i, 3));
    fmt::print("\n{} connection{} lost.\n", rows.size(), rows.size() == 1 ? "" : "s");
}

// Waits until what reads from the pipe on standard output has taken all of it. False: it has ended before that, or has
// not begun within the time in which somebody types a password. True for what is no pipe.
bool pipe_is_read() {
    constexpr std::chrono::minutes kLongest{10};
    struct stat about {};
    if (::fstat(STDOUT_FILENO, &about) != 0 || !S_ISFIFO(about.st_mode)) return true;
    const auto until = std::chrono::steady_clock::now() + kLongest;
    while (std::chrono::steady_clock::now() < until) {
        pollfd end{STDOUT_FILENO, 0, 0};
        ::poll(&end, 1, 50);
        int left = 0;
        // Looked at after the other end: what has ended takes nothing any more.
        if (::ioctl(STDOUT_FILENO, FIONREAD, &left) == 0 && left == 0) return true;
        if ((end.revents & POLLERR) != 0) return false;
    }
    return false;
}

// Writes the file's text to standard output. Throws KeyError when that is a terminal or does not take all of it.
void write_to_standard_output(const Secret& text) {
    if (::isatty(STDOUT_FILENO) != 0) {
        throw KeyError(
            "keys backup - writes the key file to standard output, and that is a terminal: send it through a pipe, for "
            "example to ssh backup.example.org 'umask 077; cat > o365-keys.backup'");
    }
    const std::string_view bytes = text.reveal();
    // A pipe takes a key file before anybody reads it: ssh may not even be able to connect.
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() || std::fflush(stdout) != 0 ||
        !pipe_is_read())
        throw KeyError(
            "could not write the key file to standard output: what is behind it has ended, or has not read it, so "
            "there "
            "is no backup");
}

}  // namespace

int keys_generate(const Settings& settings, bool replaces) {
    Database database = connect(settings);
    // Ask the database first: do not write a key file that it would refuse.
    const Rows rows = database.call("select key_id from o365_programs.worker_keys() where kind = 'public' and active");
    if (rows.size() > 0 && !replaces) {
        throw KeyError(fmt::format(
            "webhooks are sealed under key {} already: copy the key file that holds it to '{}' and run o365-worker "
            "keys check. A new key here would open none of them. If no copy of that file is left: o365-worker keys "
            "generate --replace",
            rows.text(0, 0), settings.key_file));
    }
    fmt::print("Making an RSA-3072 key pair and a symmetric key ...\n");
    write_key_file(settings.key_file, new_key_file());
    const KeyRing keys(read_key_file(settings.key_file), settings.key_file);
    add_keys(database, keys, replaces);
    fmt::print(
        "Wrote {0} (mode 0600) and made its keys known to the database: {1} seals, {2} is for adopted webhooks.\n\n"
        "Losing this file loses every connection: nothing else opens what the database holds. Copy it to another\n"
        "machine now:\n"
        "    o365-worker keys backup - | ssh backup.example.org 'umask 077; cat > o365-keys.backup'\n"
        "Every host that runs a worker needs the same file.\n",
        settings.key_file, keys.rsa().key_id, keys.symmetric().back().key_id);
    print_pin(keys);
    if (replaces) print_lost(database, keys);
    return 0;
}

int keys_add(const Settings& settings, bool replaces) {
    const KeyRing keys(read_key_file(settings.key_file), settings.key_file);
    Database database = connect(settings);
    add_keys(database, keys, replaces);
    fmt::print("Made the keys of {} known to the database; new webhooks are sealed under {}.\n", settings.key_file,
               keys.rsa().key_id);
    return 0;
}

int keys_list(const Settings& settings) {
    const KeyRing keys(read_key_file(settings.key_file), settings.key_file);
    Database database = connect(settings);
    const Rows rows = database.call(
        "select key_id, kind, active, created_at::date, backed_up_at::date, sealed_rows from "
        "o365_programs.worker_keys()");
    fmt::print("{:<18} {:<10} {:<7} {:<11} {:<11} {:>9}  in file\n", "key", "kind", "active", "made", "backed up",
               "webhooks");
    int missing = 0;
    for (int i = 0; i < rows.size(); ++i) {
        const std::string id(rows.text(i, 0));
        const bool in_file = keys.has(id);
        if (!in_file && rows.integer(i, 5) > 0) ++missing;
        fmt::print("{:<18} {:<10} {:<7} {:<11} {:<11} {:>9}  {}\n", id, rows.text(i, 1),
                   rows.boolean(i, 2) ? "yes" : "no", rows.text(i, 3), rows.is_null(i, 4) ? "never" : rows.text(i, 4),
                   rows.integer(i, 5) < 1000 ? rows.text(i, 5) : "1000+", in_file ? "yes" : "NO");
    }
    print_pin(keys);
    if (keys.rsa().expires) {
        const std::time_t day = std::chrono::system_clock::to_time_t(*keys.rsa().expires);
        fmt::print(
            "Key {} expires on {:%Y-%m-%d}. PostgreSQL and this program go on with it; gpg does not encrypt to it.\n",
            keys.rsa().key_id, fmt::gmtime(day));
    }
    if (missing == 0) return 0;
    fmt::print("Webhooks are sealed under keys that {} does not hold: restore the backup that does.\n",
               settings.key_file);
    return 1;
}

// Changes nothing: else the keys of a wrong file would become those under which new webhooks are sealed.
int keys_check(const Settings& settings) {
    KeyRing keys(read_key_file(settings.key_file), settings.key_file);
    Database database = connect(settings);
    const std::string probe = "probe " + random_token();
    const Rows rows = database.call("select key_id, sealed from o365_programs.worker_seal_probe($1)", {probe});
    const std::string key_id(rows.text(0, 0));
    if (!keys.has(key_id)) {
        throw KeyError(fmt::format(
            "the database seals under key {}, which '{}' does not hold: it is another installation's file, or an "
            "old one. Restore the backup that has it",
            key_id, settings.key_file));
    }
    if (keys.open(key_id, rows.bytes(0, 1)).reveal() != probe)
        throw KeyError(fmt::format("key {} opened another text than was sealed", key_id));
    const Rows known = database.call("select key_id from o365_programs.worker_keys()");
    for (const SymmetricKey& key : keys.symmetric()) {
        bool found = false;
        for (int i = 0; i < known.size(); ++i) found = found || known.text(i, 0) == key.key_id;
        if (!found)
            throw KeyError(fmt::format("the database does not know key {} of '{}': o365-worker keys add", key.key_id,
                                       settings.key_file));
    }
    const SealedMessage adopted = keys.seal(Secret(probe));
    if (keys.open(adopted.key_id, adopted.sealed).reveal() != probe)
        throw KeyError(fmt::format("key {} opened another text than was sealed", adopted.key_id));
    if (!settings.sealing_key.empty() && settings.sealing_key != keys.rsa().key_id) {
        throw KeyError(
            fmt::format("the setting sealing_key names {}, the key of '{}' is {}: the responder asks for a key "
                        "that nothing here opens",
                        settings.sealing_key, settings.key_file, keys.rsa().key_id));
    }
    fmt::print("keys: ok, sealed through the database under {} and opened with {}\n", key_id, settings.key_file);
    return 0;
}

int keys_backup(const Settings& settings, const std::string& file) {
    const Secret text = read_key_file(settings.key_file);
    const KeyRing keys(text, settings.key_file);
    std::vector<std::string> key_ids{keys.rsa().key_id};
    for (const SymmetricKey& key : keys.symmetric()) key_ids.push_back(key.key_id);
    Database database = connect(settings);
    const Rows known = database.call("select key_id from o365_programs.worker_keys()");
    for (const std::string& key_id : key_ids) {
        bool found = false;
        for (int i = 0; i < known.size(); ++i) found = found || known.text(i, 0) == key_id;
        if (!found) {
            throw KeyError(
                fmt::format("the database does not know key {} of '{}': is it this installation's file? "
                            "If so, o365-worker keys add",
                            key_id, settings.key_file));
        }
    }
    const bool to_pipe = file == "-";
    if (to_pipe) {
        write_to_standard_output(text);
    } else if (!is_copy(file, text)) {  // an earlier run may have written the copy and not reached the database
        write_key_file(file, text);
    }
    for (const std::string& key_id : key_ids) database.call("select o365_programs.worker_key_backed_up($1)", {key_id});
    if (to_pipe) {
        fmt::print(stderr, "Copied {} to standard output. Look whether it has arrived.\n", settings.key_file);
    } else {
        fmt::print("Copied {} to {} (mode 0600). Keep it on another machine.\n", settings.key_file, file);
    }
    return 0;
}

}  // namespace o365
