#include "lib/http/web_address.h"

#include <boost/test/unit_test.hpp>
#include <string>

using o365::is_web_address;

BOOST_AUTO_TEST_SUITE(web_address_tests)

BOOST_AUTO_TEST_CASE(an_address_has_a_scheme_a_host_and_perhaps_a_port) {
    for (const char* address : {"https://a.example", "HTTP://a.example/", "https://a_b.example.:65535/x", "https://-",
                                "https://a.example?q", "https://a.example#f", "http://[::1]", "http://[1:2]:80/",
                                "https://m\u00fcnchen.example/\u00e4", "https://a.example/{{id}}@:[]"})
        BOOST_TEST(is_web_address(address), address);
    for (const char* none : {"", "https:", "https://", "http:/a.example", "ftp://a.example", "//a.example", "/t/1",
                             "mailto:a@b.example", "https:///x", "https://?q", "https://a%20b/", "https://{{host}}/",
                             "https://[", "https://[]", "https://[::1", "https://[g]/", "https://[::1]x"})
        BOOST_TEST(!is_web_address(none), none);
}

BOOST_AUTO_TEST_CASE(a_port_is_from_1_to_65535) {
    for (const char* port : {":", ":0", ":080", ":65536", ":99999999999999999999", ":8o", ":-1", ":+1", ":1:2"})
        BOOST_TEST(!is_web_address(std::string("https://a.example") + port + "/"), port);
}

BOOST_AUTO_TEST_CASE(users_blanks_and_control_characters_are_refused) {
    for (const std::string none : {"https://u@a.example/", "https://u:p@a.example", "https://a.example/a b",
                                   "https://a.example/\n", " https://a.example", "https://a.example/\x7f"})
        BOOST_TEST(!is_web_address(none), none);
}

BOOST_AUTO_TEST_SUITE_END()
