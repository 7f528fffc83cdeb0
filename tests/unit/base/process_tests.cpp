#include "lib/base/process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace o365 {

BOOST_AUTO_TEST_SUITE(process_tests)

// In a child, because it cannot be taken back.
BOOST_AUTO_TEST_CASE(memory_is_hidden_but_in_sanitizer_builds) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        const bool open_before = ::prctl(PR_GET_DUMPABLE) == 1;
        hide_memory();
        ::_exit(open_before ? ::prctl(PR_GET_DUMPABLE) : 2);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
#ifdef O365_TRACEABLE
    BOOST_TEST(WEXITSTATUS(status) == 1);
#else
    BOOST_TEST(WEXITSTATUS(status) == 0);
#endif
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
