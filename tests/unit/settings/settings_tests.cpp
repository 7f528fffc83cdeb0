#include "lib/settings/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace o365 {
namespace {

std::string error_of(std::string_view text) {
    try {
        parse_settings(text, "o365.conf");
    } catch (const SettingsError& error) {
        return error.what();
    }
    return {};
}

std::string load_error(const std::string& path) {
    try {
        load_settings(path);
    } catch (const SettingsError& error) {
        return error.what();
    }
    return {};
}

// A folder of its own, gone with it.
struct TempFolder {
    std::string path = "/tmp/o365-settings.XXXXXX";
    TempFolder() { BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name, const std::string& text, mode_t mode) const {
        std::string file = path + "/" + name;
        std::ofstream(file) << text;
        ::chmod(file.c_str(), mode);
        return file;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_tests)

BOOST_AUTO_TEST_CASE(an_empty_file_gives_the_defaults) {
    const Settings settings = parse_settings("", "o365.conf");
    BOOST_TEST(settings.database == "dbname=o365");
    BOOST_TEST(settings.environment == "production");
    BOOST_TEST(settings.threads == 8);
    BOOST_TEST(!settings.allow_loopback);
}

BOOST_AUTO_TEST_CASE(comments_blanks_and_equal_signs_in_values_are_understood) {
    const Settings settings =
        parse_settings("# a comment\r\n\n  database =  host=/run/x dbname=y  \r\nthreads=3", "o365.conf");
    BOOST_TEST(settings.database == "host=/run/x dbname=y");
    BOOST_TEST(settings.threads == 3);
}

BOOST_AUTO_TEST_CASE(a_file_from_windows_is_understood) {
    const Settings settings = parse_settings("\xEF\xBB\xBFlog = stderr\r\nthreads = 4\r\n", "o365.conf");
    BOOST_TEST(settings.log == "stderr");
    BOOST_TEST(settings.threads == 4);
}

BOOST_AUTO_TEST_CASE(an_error_names_file_line_and_what_to_write) {
    BOOST_TEST(error_of("threads = 8\nthread = 8") ==
               "o365.conf:2: there is no setting 'thread', docs/operator.md and --check list them all");
    BOOST_TEST(error_of("threads = 0") == "o365.conf:1: threads must be 1..256");
    BOOST_TEST(error_of("threads = 8 ") == "");
    BOOST_TEST(error_of("threads = eight") == "o365.conf:1: threads must be 1..256");
    BOOST_TEST(error_of("max_transfers = 4097") == "o365.conf:1: max_transfers must be 1..4096");
    BOOST_TEST(error_of("allow_loopback = true") == "o365.conf:1: allow_loopback must be yes or no");
    BOOST_TEST(error_of("log_level = loud") == "o365.conf:1: log_level must be debug, info, warn or error");
    BOOST_TEST(error_of("threads") == "o365.conf:1: expected `name = value`, or # before a comment");
    BOOST_TEST(error_of("threads=1\nthreads=2") == "o365.conf:2: threads stands here for the second time, leave one");
    BOOST_TEST(error_of("environment =") == "o365.conf:1: environment must be text, not empty");
    BOOST_TEST(error_of("responder_role =") == "");
    for (const std::string name : {"responder_socket", "sandbox_socket"}) {
        BOOST_TEST(error_of(name + " = /" + std::string(106, 's')) == "");
        BOOST_TEST(error_of(name + " = /" + std::string(107, 's')) ==
                   "o365.conf:1: the path of a Unix socket has at most 107 bytes, and this one has 108: name a shorter "
                   "one");
    }
    BOOST_TEST(error_of("sealing_key = 0x10ff825991ecbcbf") ==
               "o365.conf:1: sealing_key must be the 16 hex digits, in capitals, that `o365-worker keys list` shows");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
    BOOST_CHECK_THROW(load_settings("/nonexistent/o365.conf"), SettingsError);
}

BOOST_AUTO_TEST_CASE(a_file_with_a_password_that_others_may_read_is_refused) {
    const TempFolder folder;
    const std::string path = folder.file("o365.conf", "database = host=db password=hunter2\n", 0600);
    BOOST_TEST(load_error(path) == "");
    ::chmod(path.c_str(), 0604);
    BOOST_TEST(load_error(path) ==
               path + ": holds a password and may be read by everybody on this machine: chmod 600 '" + path + "'");
    const std::string plain = folder.file("plain.conf", "database = host=db\n", 0644);
    BOOST_TEST(load_error(plain) == "");
    const std::string proxy = folder.file("proxy.conf", "proxy = http://me:hunter2@proxy:3128\n", 0644);
    BOOST_TEST(load_error(proxy).find("may be read by everybody") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_group_may_read_a_password_only_where_root_lends_it) {
    const TempFolder folder;
    const std::string path = folder.file("o365.conf", "database = host=db password=hunter2\n", 0640);
    // Both owners can be tried by root alone.
    const bool root = ::geteuid() == 0;
    if (root) BOOST_TEST(load_error(path) == "");
    if (root) BOOST_REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    BOOST_TEST(load_error(path) == path + ": holds a password and may be read by its group: chmod 600 '" + path + "'");
}

BOOST_AUTO_TEST_CASE(a_passfile_that_libpq_would_not_take_is_refused) {
    const TempFolder folder;
    const std::string passfile = folder.file("passfile", "*:*:*:*:hunter2\n", 0600);
    const std::string path = folder.file("o365.conf", "database = host=db passfile=" + passfile + "\n", 0644);
    BOOST_TEST(load_error(path) == "");
    ::chmod(passfile.c_str(), 0640);
    BOOST_TEST(load_error(path) ==
               path + ": libpq takes no passfile that others than its owner may read: chmod 600 '" + passfile + "'");
    ::unlink(passfile.c_str());
    BOOST_TEST(load_error(path) == "");  // the connection will say what is missing
}

BOOST_AUTO_TEST_CASE(the_configuration_is_looked_for_in_the_folders_above) {
    const TempFolder home;
    const std::string web = home.path + "/public_html/o365";
    std::filesystem::create_directories(web);
    BOOST_TEST(settings_above(web).find(home.path) == std::string::npos);
    // Not beside the program, where the web server might show it.
    home.file("public_html/o365/o365.conf", "", 0600);
    std::filesystem::create_directory(web + "/o365-connector");
    home.file("public_html/o365/o365-connector/o365.conf", "", 0600);
    BOOST_TEST(settings_above(web).find(home.path) == std::string::npos);
    std::filesystem::create_directory(home.path + "/o365-connector");
    const std::string path = home.file("o365-connector/o365.conf", "", 0600);
    BOOST_TEST(settings_above(web) == path);
    BOOST_TEST(settings_above(home.path + "/public_html") == path);
    if (::geteuid() != 0) return;
    // Somebody else's is none.
    BOOST_REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    BOOST_TEST(settings_above(web).find(home.path) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_table_is_alphabetical_and_complete) {
    const auto table = settings_table();
    BOOST_TEST(
        std::is_sorted(table.begin(), table.end(), [](const Setting& a, const Setting& b) { return a.name < b.name; }));
    for (const Setting& setting : table) {
        BOOST_TEST(setting.help.back() == '.');
        BOOST_TEST(!setting.programs.empty());
    }
}

BOOST_AUTO_TEST_CASE(every_setting_can_be_written_and_is_described) {
    // Each row of the table reaches its own member: set one, and only its line of the description changes.
    const std::string defaults = describe(parse_settings("", "o365.conf"));
    for (const Setting& setting : settings_table()) {
        if (setting.secret) continue;
        std::string other = "something";
        if (setting.form == "yes or no") other = "yes";
        if (setting.form == "on or off") other = "off";
        if (setting.form.find("..") != std::string_view::npos) other = "17";
        if (setting.name == "log_level") other = "warn";
        if (setting.name == "sealing_key") other = "10FF825991ECBCBF";
        const std::string text = std::string(setting.name) + " = " + other;
        const std::string described = describe(parse_settings(text, "o365.conf"));
        BOOST_TEST(described.find(text + "\n") != std::string::npos, text);
        BOOST_TEST(described.size() - other.size() == defaults.size() - setting.default_value.size(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_secret_setting_is_never_described) {
    const std::string described = describe(parse_settings("database = host=db password=hunter2", "o365.conf"));
    BOOST_TEST(described.find("hunter2") == std::string::npos);
    BOOST_TEST(described.find("database = ***\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_operators_manual_has_every_setting_as_it_is) {
    std::ifstream file(O365_SOURCE_DIR "/docs/operator.md");
    const std::string manual{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    for (const Setting& setting : settings_table()) {
        const std::string row =
            "| `" + std::string(setting.name) + "` | " +
            (setting.default_value.empty() ? std::string("empty") : "`" + std::string(setting.default_value) + "`") +
            " | " + std::string(setting.form) + " | " + std::string(setting.programs) + " | " +
            std::string(setting.help) + " |";
        BOOST_TEST(manual.find(row) != std::string::npos, "docs/operator.md lacks the row: " << row);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
