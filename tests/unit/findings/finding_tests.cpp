#include "lib/findings/finding.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

using o365::as_lines;
using o365::Findings;
using o365::Severity;

BOOST_AUTO_TEST_CASE(a_finding_names_its_object_its_problem_and_the_next_step) {
    BOOST_TEST(as_lines({Severity::error, "the setting log", "the file cannot be opened", "name another"}) ==
               "error: the setting log: the file cannot be opened\n  next: name another\n");
    BOOST_TEST(as_lines({Severity::warning, "the pages", "a text is missing", "add it"}) ==
               "warning: the pages: a text is missing\n  next: add it\n");
}

BOOST_AUTO_TEST_CASE(what_a_look_throws_is_an_error_and_the_next_look_is_taken_all_the_same) {
    Findings findings;
    BOOST_TEST(!findings.look_at("the database", "start it", [] { throw std::runtime_error("it is down"); }));
    BOOST_TEST(findings.look_at("the pages", "correct them", [] {}));
    BOOST_TEST(findings.all().size() == 1U);
    BOOST_TEST(as_lines(findings.all().front()) == "error: the database: it is down\n  next: start it\n");
    BOOST_TEST(findings.has_errors());
    BOOST_TEST(print(findings, "it can start") == 1);
}

BOOST_AUTO_TEST_CASE(warnings_keep_no_program_from_starting) {
    Findings findings;
    BOOST_TEST(print(findings, "it can start") == 0);
    findings.add(Severity::warning, "the pages", "a text is missing", "add it");
    BOOST_TEST(!findings.has_errors());
    BOOST_TEST(print(findings, "it can start") == 0);
}
