#include "lib/cards/action_link.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "lib/base/crypto.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(action_link_tests)

BOOST_AUTO_TEST_CASE(a_mac_is_that_of_rfc_4231) {
    BOOST_TEST(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    BOOST_TEST(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

BOOST_AUTO_TEST_CASE(a_link_is_read_back) {
    const Secret key(std::string(32, 'k'));
    const std::string prefix = "https://app.example.org/o365/action/";
    for (const std::int64_t card : {std::int64_t{1}, std::numeric_limits<std::int64_t>::max()}) {
        const std::string link = action_link("https://app.example.org/o365", key, card, 103);
        BOOST_REQUIRE(link.starts_with(prefix));
        const auto token = parse_action_token(link.substr(prefix.size()));
        BOOST_REQUIRE(token.has_value());
        BOOST_TEST(token->card_id == card);
        BOOST_TEST(token->number == 103);
        BOOST_TEST(token->mac.size() == 32U);
    }
}

BOOST_AUTO_TEST_CASE(the_mac_depends_on_key_card_and_number) {
    const Secret key(std::string(32, 'k'));
    const auto mac = [](const std::string& link) { return link.substr(link.size() - 32); };
    const std::string one = mac(action_link("https://a.example", key, 11, 1));
    BOOST_TEST(one == mac(action_link("https://b.example", key, 11, 1)));
    BOOST_TEST(one != mac(action_link("https://a.example", key, 1, 11)));
    BOOST_TEST(one != mac(action_link("https://a.example", key, 11, 2)));
    BOOST_TEST(one != mac(action_link("https://a.example", Secret(std::string(32, 'l')), 11, 1)));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_called_has_a_token_that_opens_no_page) {
    const Secret key(std::string(32, 'k'));
    const std::string prefix = "https://app.example.org/action?token=11-1-";
    const std::string address = action_address("https://app.example.org", key, 11, 1);
    BOOST_TEST(address.starts_with(prefix));
    BOOST_TEST(parse_action_token(address.substr(prefix.size() - 5)).has_value());
    BOOST_TEST(address.substr(prefix.size()) !=
               action_link("https://app.example.org", key, 11, 1).substr(prefix.size() - 6));
}

BOOST_AUTO_TEST_CASE(an_example_has_the_form_of_a_link) {
    const std::string link = example_action_link(12);
    BOOST_TEST(parse_action_token(link.substr(link.rfind('/') + 1)).has_value());
}

BOOST_AUTO_TEST_CASE(whatever_is_no_token_is_refused) {
    const std::string mac(32, 'a');
    BOOST_TEST(parse_action_token("1-0-" + mac).has_value());
    BOOST_TEST(parse_action_token("1-0--_" + mac.substr(2)).has_value());
    for (const std::string& text :
         {std::string(), "1-0-" + mac + "a", "1-0-" + mac.substr(1), "01-0-" + mac, "1-00-" + mac, "+1-0-" + mac,
          "-1-0-" + mac, "1--1-" + mac, " 1-0-" + mac, "1-0-" + mac.substr(1) + "=", "1-0-" + mac.substr(1) + "%",
          "9223372036854775808-0-" + mac, "1-2147483648-" + mac, "1-" + mac, mac, "1-0" + mac, "a-0-" + mac,
          "1-0-" + mac.substr(1) + '\0', "1-0-" + mac + "/"})
        BOOST_TEST(!parse_action_token(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
