#include "lib/database/schema.h"

#include <boost/test/unit_test.hpp>

#include "lib/base/version.h"

using o365::kOldestSchema;
using o365::kSchema;
using o365::schema_problem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_tests)

BOOST_AUTO_TEST_CASE(a_program_works_with_its_own_schema) { BOOST_TEST(schema_problem(kSchema, kSchema).empty()); }

BOOST_AUTO_TEST_CASE(a_newer_schema_that_serves_it_is_taken) {
    BOOST_TEST(schema_problem(kSchema + 1, kSchema).empty());
    BOOST_TEST(schema_problem(kSchema + 5, kOldestSchema).empty());
}

BOOST_AUTO_TEST_CASE(the_oldest_schema_that_it_works_with_is_taken) {
    BOOST_TEST(schema_problem(kOldestSchema, kOldestSchema).empty());
}

BOOST_AUTO_TEST_CASE(f51_an_older_schema_is_refused_with_both_numbers) {
    const std::string problem = schema_problem(kOldestSchema - 1, 1);
    BOOST_TEST(has(problem, "schema has version " + std::to_string(kOldestSchema - 1)));
    BOOST_TEST(has(problem, "this program is of version " + std::to_string(kSchema)));
    BOOST_TEST(has(problem, "run sql/install.sql"));
}

BOOST_AUTO_TEST_CASE(f51_a_schema_that_does_not_say_its_number_is_refused) {
    BOOST_TEST(has(schema_problem(0, 0), "this program is of version " + std::to_string(kSchema)));
}

BOOST_AUTO_TEST_CASE(f51_a_newer_schema_that_does_not_serve_it_is_refused_with_both_numbers) {
    const std::string problem = schema_problem(kSchema + 2, kSchema + 1);
    BOOST_TEST(has(problem, "schema has version " + std::to_string(kSchema + 2)));
    BOOST_TEST(has(problem, "this program is of version " + std::to_string(kSchema)));
    BOOST_TEST(has(problem, "upgrade the program"));
}

BOOST_AUTO_TEST_SUITE_END()
