#include "lib/base/boot_clock.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>

#include "tests/support/needs.h"

namespace o365 {
namespace {

// Seconds since the machine started, the time that it was suspended included.
double uptime() {
    double seconds = 0;
    std::ifstream("/proc/uptime") >> seconds;
    return seconds;
}

bool is_uptime() {
    return std::abs(std::chrono::duration<double>(BootClock::now().time_since_epoch()).count() - uptime()) < 60;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(boot_clock_tests)

BOOST_AUTO_TEST_CASE(it_counts_from_the_start_of_the_machine) { BOOST_TEST(is_uptime()); }

// As after a day of suspension: a time namespace in which only CLOCK_BOOTTIME is a day ahead.
BOOST_AUTO_TEST_CASE(it_goes_on_while_the_machine_is_suspended,
                     *boost::unit_test::precondition(may_make_time_namespace)) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWTIME) != 0) ::_exit(2);
        std::ofstream("/proc/self/timens_offsets") << "boottime 86400 0\n";
        const pid_t inside = ::fork();
        if (inside == 0) ::_exit(is_uptime() && uptime() > 86400 ? 0 : 1);
        int status = 0;
        ::waitpid(inside, &status, 0);
        ::_exit(WEXITSTATUS(status));
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
