#include "lib/base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "lib/base/secret.h"

namespace o365 {
namespace {

struct LogFile {
    LogFile() : path(std::filesystem::temp_directory_path() / ("o365-log-tests-" + std::to_string(::getpid()))) {}
    ~LogFile() { std::filesystem::remove(path); }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;
    std::string text() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    std::filesystem::path path;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_tests)

BOOST_FIXTURE_TEST_CASE(a_line_has_time_level_event_and_pairs, LogFile) {
    log::open(path.string(), log::Level::info, "test");
    log::warn("delivery_failed", "card={} http={}", 42, 503);
    const std::string line = text();
    BOOST_TEST(line.substr(10, 1) == "T");
    BOOST_TEST(line.substr(23, 2) == "Z ");
    BOOST_TEST(line.substr(25) == "level=warn event=delivery_failed card=42 http=503\n");
}

BOOST_FIXTURE_TEST_CASE(a_secret_in_a_line_is_stars, LogFile) {
    log::open(path.string(), log::Level::info, "test");
    log::info("opened", "webhook={}", Secret("https://contoso.webhook.office.com/webhookb2/1"));
    BOOST_TEST(text().find("contoso") == std::string::npos);
    BOOST_TEST(text().find("webhook=***") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(lines_below_the_level_are_dropped, LogFile) {
    log::open(path.string(), log::Level::warn, "test");
    log::info("quiet", "");
    log::error("loud", "");
    BOOST_TEST(text().find("quiet") == std::string::npos);
    BOOST_TEST(text().find("loud") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_new_log_file_is_private, LogFile) {
    log::open(path.string(), log::Level::info, "test");
    struct stat status {};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_named) {
    BOOST_CHECK_EXCEPTION(log::open("/nonexistent/x.log", log::Level::info, "test"), std::runtime_error,
                          [](const std::runtime_error& error) {
                              return std::string_view(error.what()) ==
                                     "could not open the log file '/nonexistent/x.log': No such file or directory";
                          });
}

BOOST_AUTO_TEST_CASE(a_value_cannot_forge_a_line) {
    BOOST_TEST(log::quoted("a\nlevel=error") == "\"a\\nlevel=error\"");
    BOOST_TEST(log::quoted("plain") == "plain");
    BOOST_TEST(log::quoted("") == "\"\"");
    BOOST_TEST(log::quoted("say \"hi\"") == "\"say \\\"hi\\\"\"");
}

BOOST_AUTO_TEST_CASE(levels_are_read_by_name) {
    BOOST_TEST((log::parse_level("debug") == log::Level::debug));
    BOOST_CHECK_THROW(log::parse_level("verbose"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_found_without_making_any) {
    BOOST_CHECK_NO_THROW(log::check("syslog"));
    BOOST_CHECK_THROW(log::check("/nowhere/at/all/o365.log"), std::runtime_error);
    BOOST_CHECK_THROW(log::check("/tmp"), std::runtime_error);
    const std::filesystem::path fresh =
        std::filesystem::temp_directory_path() / fmt::format("o365-log-check-{}", ::getpid());
    BOOST_CHECK_NO_THROW(log::check(fresh.string()));
    BOOST_TEST(!std::filesystem::exists(fresh));
}

// F56
BOOST_FIXTURE_TEST_CASE(a_file_that_was_moved_away_is_made_again_at_reopen, LogFile) {
    log::open(path.string(), log::Level::info, "test");
    log::info("before", "");
    const std::filesystem::path moved = path.string() + ".1";
    std::filesystem::rename(path, moved);
    log::info("still_there", "");
    log::reopen();
    log::info("after", "");
    BOOST_TEST(text().find("event=log_reopened") != std::string::npos);
    BOOST_TEST(text().find("event=after") != std::string::npos);
    BOOST_TEST(text().find("event=still_there") == std::string::npos);
    struct stat status {};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
    std::filesystem::rename(moved, path);
    BOOST_TEST(text().find("event=still_there") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_cannot_be_opened_again_is_written_on, LogFile) {
    log::open(path.string(), log::Level::info, "test");
    const std::filesystem::path moved = path.string() + ".1";
    std::filesystem::rename(path, moved);
    std::filesystem::create_directory(path);
    log::reopen();
    std::filesystem::remove(path);
    std::filesystem::rename(moved, path);
    BOOST_TEST(text().find("event=log_not_reopened") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_full_disk_writes_nothing_to_standard_error) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe2(ends.data(), O_NONBLOCK) == 0);
    const int before = ::dup(2);
    ::dup2(ends[1], 2);
    log::open("/dev/full", log::Level::info, "test");
    log::error("lost", "");
    log::open("stderr", log::Level::error, "test");
    ::dup2(before, 2);
    std::array<char, 100> written{};
    BOOST_TEST(::read(ends[0], written.data(), written.size()) == -1);
    for (const int fd : {before, ends[0], ends[1]}) ::close(fd);
}

BOOST_AUTO_TEST_CASE(what_repeats_is_due_once_a_minute_with_its_count) {
    using namespace std::chrono_literals;
    log::Repeated repeated;
    const log::Repeated::Clock::time_point from{};
    BOOST_TEST(repeated.due("down", from).value_or(0) == 1);
    for (int second = 1; second < 60; ++second) BOOST_TEST(!repeated.due("down", from + 1s * second).has_value());
    BOOST_TEST(repeated.due("full", from + 1s).value_or(0) == 1);
    BOOST_TEST(repeated.due("down", from + 60s).value_or(0) == 60);
    // Texts that are always other ones do not make it flood.
    int lines = 0;
    for (int i = 0; i < 100; ++i) lines += repeated.due("text " + std::to_string(i), from + 61s) ? 1 : 0;
    BOOST_TEST(lines <= static_cast<int>(log::Repeated::kMostTexts));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
