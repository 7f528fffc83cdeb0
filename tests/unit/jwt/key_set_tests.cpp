#include "lib/jwt/key_set.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(key_set_tests)

BOOST_AUTO_TEST_CASE(an_empty_key_set_verifies_nothing) {
    const o365::KeySet keys;
    BOOST_TEST(keys.empty());
    BOOST_TEST(!keys.verifies("k", "text", "signature"));
}

BOOST_AUTO_TEST_SUITE_END()
