#include "lib/settings.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
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
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
    BOOST_CHECK_THROW(load_settings("/nonexistent/o365.conf"), SettingsError);
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
        if (setting.form.find("..") != std::string_view::npos) other = "17";
        if (setting.name == "log_level") other = "warn";
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
