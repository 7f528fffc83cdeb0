#include "lib/base/crypto.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace o365 {

BOOST_AUTO_TEST_SUITE(crypto_tests)

BOOST_AUTO_TEST_CASE(sha256_of_known_text_is_the_published_digest) {
    // FIPS 180-2, appendix B.1.
    BOOST_TEST(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(base64_follows_rfc_4648) {
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        BOOST_TEST(base64(plain) == encoded);
        BOOST_TEST(base64_decode(encoded) == plain);
    }
}

BOOST_AUTO_TEST_CASE(base64_keeps_zero_bytes_at_the_end) {
    const std::string bytes("\0\0", 2);
    BOOST_TEST(base64_decode(base64(bytes)) == bytes);
}

BOOST_AUTO_TEST_CASE(what_is_no_base64_is_refused) {
    for (const std::string_view text : {"Zg=", "Z", "Zg==Zg==", "Zm 9", "Zm9v\n", "=Zg=", "Zm-_"}) {
        BOOST_CHECK_THROW(base64_decode(text), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(base64url_is_read_in_its_one_form) {
    for (const char* text : {"", "f", "fo", "foo", "foob", "\xfb\xff\xfe"}) {
        const auto bytes = o365::base64url_decode(base64url(text));
        BOOST_REQUIRE(bytes.has_value());
        BOOST_TEST(*bytes == text);
    }
    for (const char* text : {"A", "AAAAA", "Zh", "Zm9=", "Zg==", "Zm8=", "Zm9v ", " Zm9v", "Zm9v\n", "Zm+v", "Zm/v",
                             "Zm\xff", "Zm9", "Zg.", "Z"})
        BOOST_TEST(!o365::base64url_decode(text).has_value(), text);
    BOOST_TEST((o365::base64url_decode("AA") == std::string(1, '\0')));
}

BOOST_AUTO_TEST_CASE(base64url_needs_no_escaping_in_a_url) {
    BOOST_TEST(base64url("\xfb\xff\xfe") == "-__-");
    BOOST_TEST(base64url("f") == "Zg");
}

BOOST_AUTO_TEST_CASE(tokens_have_256_bits_and_never_repeat) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string token = random_token();
        BOOST_TEST(token.size() == 43U);
        BOOST_TEST(seen.insert(token).second);
    }
}

BOOST_AUTO_TEST_CASE(random_bytes_fill_any_length) {
    for (const std::size_t count : {0U, 1U, 256U, 257U, 1000U}) {
        const std::string bytes = random_bytes(count);
        BOOST_TEST(bytes.size() == count);
        // 16 zero bytes in a row are what a place that was never filled looks like.
        BOOST_TEST(bytes.find(std::string(16, '\0')) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_request_id_has_the_form_that_pages_accept) {
    const std::string id = random_request_id();
    BOOST_TEST(id.size() == 14U);
    BOOST_TEST(id.substr(0, 2) == "r-");
    BOOST_TEST(id.find_first_not_of("0123456789abcdef", 2) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_pem_certificate_is_one) {
    BOOST_TEST(!holds_certificate(""));
    BOOST_TEST(!holds_certificate("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
    std::ifstream file("/etc/ssl/certs/ca-certificates.crt", std::ios::binary);
    const std::string bundle{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    BOOST_TEST(holds_certificate(bundle));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
