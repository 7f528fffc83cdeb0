#include "lib/http_client/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

namespace o365 {
namespace {

bool is_public(const char* text, bool allow_loopback = false) {
    sockaddr_storage storage{};
    sockaddr_in ipv4{};
    sockaddr_in6 ipv6{};
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
        ipv4.sin_family = AF_INET;
        std::memcpy(&storage, &ipv4, sizeof ipv4);
    } else {
        BOOST_REQUIRE(inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1);
        ipv6.sin6_family = AF_INET6;
        std::memcpy(&storage, &ipv6, sizeof ipv6);
    }
    return is_public_address(reinterpret_cast<const sockaddr&>(storage), allow_loopback);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(address_policy_tests)

BOOST_AUTO_TEST_CASE(special_addresses_are_not_public) {
    for (const char* text : {"127.0.0.1",   "127.8.8.8",        "0.0.0.0",         "10.1.2.3",
                             "172.16.0.1",  "172.31.255.255",   "192.168.1.1",     "169.254.169.254",
                             "100.64.0.1",  "224.0.0.1",        "255.255.255.255", "192.0.2.1",
                             "198.18.0.1",  "198.51.100.1",     "203.0.113.1",     "::1",
                             "::",          "::ffff:127.0.0.1", "::ffff:8.8.8.8",  "fe80::1",
                             "fc00::1",     "fd12::1",          "ff02::1",         "64:ff9b::7f00:1",
                             "2001:db8::1", "2002:7f00:1::",    "2001::1"}) {
        BOOST_TEST(!is_public(text), text);
    }
}

BOOST_AUTO_TEST_CASE(other_addresses_are_public) {
    for (const char* text : {"8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "52.96.0.1",
                             "2603:1026::1", "2001:4860::8888"}) {
        BOOST_TEST(is_public(text), text);
    }
}

BOOST_AUTO_TEST_CASE(loopback_passes_in_development_and_nothing_else_with_it) {
    BOOST_TEST(is_public("127.0.0.1", true));
    BOOST_TEST(is_public("::1", true));
    BOOST_TEST(!is_public("10.0.0.1", true));
    BOOST_TEST(!is_public("::ffff:127.0.0.1", true));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
