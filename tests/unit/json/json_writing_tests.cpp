#include "lib/json/json_writing.h"

#include <boost/test/unit_test.hpp>

#include "lib/json/json_text.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(json_writing_tests)

BOOST_AUTO_TEST_CASE(json_is_written_without_blanks_and_in_utf8) {
    BOOST_TEST(compact_json(*parse_json("{ \"a\" : [ 1, \"\\u00e4 b\\n\", null ] }")) ==
               "{\"a\":[1,\"\u00e4 b\\n\",null]}");
    BOOST_TEST(compact_json(Json::Value()) == "null");
}

BOOST_AUTO_TEST_CASE(only_blanks_between_values_are_removed) {
    BOOST_TEST(without_blanks("{ \"a b\" :\t[ 1.0,\r\n \"c \\\" d \\\\\" , 0.10 ] }") ==
               R"({"a b":[1.0,"c \" d \\",0.10]})");
    BOOST_TEST(without_blanks("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
