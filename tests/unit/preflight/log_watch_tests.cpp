#include "lib/preflight/log_watch.h"

#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

using namespace o365;

namespace {

// A file that goes with the test.
class File {
  public:
    File() {
        std::string name = "/tmp/o365-log-watch.XXXXXX";
        const Fd fd(::mkstemp(name.data()));
        path_ = name;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::unlink(path_.c_str()); }
    const std::string& path() const { return path_; }
    void append(std::string_view text) const { std::ofstream(path_, std::ios::app) << text << std::flush; }

  private:
    std::string path_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_stood_in_the_log_before_is_not_read) {
    const File file;
    file.append("before\n");
    const LogWatch log(file.path());
    BOOST_TEST(log.problem() == "");
    BOOST_TEST(log.written() == "");
    file.append("GET /connect/desk/callback 302\n");
    BOOST_TEST(log.written() == "GET /connect/desk/callback 302\n");
}

BOOST_AUTO_TEST_CASE(a_log_that_is_rotated_meanwhile_is_read_on) {
    const File file;
    const LogWatch log(file.path());
    const std::string old = file.path() + ".1";
    BOOST_TEST_REQUIRE(std::rename(file.path().c_str(), old.c_str()) == 0);
    std::ofstream(old, std::ios::app) << "a line\n" << std::flush;
    file.append("of the next file\n");
    BOOST_TEST(log.written() == "a line\n");
    ::unlink(old.c_str());
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_read_says_why) {
    BOOST_TEST(LogWatch("/nowhere/access.log").problem() == "No such file or directory");
    BOOST_TEST(LogWatch("/tmp").problem() == "it is no file");
    BOOST_TEST(LogWatch("/nowhere/access.log").written() == "");
}

BOOST_AUTO_TEST_CASE(waiting_ends_when_one_of_the_logs_has_grown) {
    const File quiet;
    const File busy;
    std::array<LogWatch, 2> logs = {LogWatch(quiet.path()), LogWatch(busy.path())};
    busy.append("a line\n");
    const auto begun = std::chrono::steady_clock::now();
    wait_for_lines(logs, std::chrono::minutes(5));
    BOOST_TEST((std::chrono::steady_clock::now() - begun < std::chrono::minutes(5)));
    BOOST_TEST(logs[1].written() == "a line\n");
}

BOOST_AUTO_TEST_CASE(waiting_ends_when_nothing_comes) {
    const File quiet;
    std::array<LogWatch, 1> logs = {LogWatch(quiet.path())};
    wait_for_lines(logs, std::chrono::milliseconds(1));
    BOOST_TEST(logs[0].written() == "");
}
