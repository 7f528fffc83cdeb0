// What a case needs of the machine or the user, as a decorator: *boost::unit_test::precondition(...). A case whose need
// is not met is reported as skipped, and says so on standard error; it does not count as one that passed.
#pragma once

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace o365 {

inline boost::test_tools::assertion_result is_met(bool met, const char* need) {
    boost::test_tools::assertion_result result(met);
    result.message() << need;
    if (!met) std::fprintf(stderr, "skipped: %s\n", need);
    return result;
}

inline boost::test_tools::assertion_result is_root(boost::unit_test::test_unit_id /*unit*/) {
    return is_met(::geteuid() == 0, "only root may do what this case does");
}

inline boost::test_tools::assertion_result may_make_time_namespace(boost::unit_test::test_unit_id /*unit*/) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::unshare(CLONE_NEWTIME) == 0 ? 0 : 1);
    int status = 1;
    ::waitpid(child, &status, 0);
    return is_met(status == 0, "this user may make no time namespace");
}

}  // namespace o365
