#include "lib/pages/accept_language.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace o365;

namespace {

const std::vector<std::string> kOffered{"de", "en", "es", "fr"};

std::string negotiated(std::string_view header, const std::vector<std::string>& offered = kOffered) {
    const std::string* const found = negotiate_language(header, offered);
    return found == nullptr ? "none" : *found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(accept_language_tests)

BOOST_AUTO_TEST_CASE(the_language_with_the_highest_quality_is_chosen) {
    BOOST_TEST(negotiated("de") == "de");
    BOOST_TEST(negotiated("en;q=0.8, de;q=0.9") == "de");
    BOOST_TEST(negotiated("en;q=0.8, de") == "de");
    BOOST_TEST(negotiated("fr;q=0.001, es;q=0.002") == "es");
    BOOST_TEST(negotiated("es, fr") == "es");
    BOOST_TEST(negotiated("DE;Q=1.000") == "de");
    BOOST_TEST(negotiated("\tfr ; q=0.5 ,\tes;q=0.4") == "fr");
}

BOOST_AUTO_TEST_CASE(a_region_is_served_by_its_language) {
    BOOST_TEST(negotiated("de-AT") == "de");
    BOOST_TEST(negotiated("de-CH-1996, en") == "de");
    BOOST_TEST(negotiated("zh-Hant-TW, fr-CA;q=0.5") == "fr");
    const std::vector<std::string> more{"en", "pt-BR", "de", "de-CH"};
    BOOST_TEST(negotiated("de-ch", more) == "de-CH");
    BOOST_TEST(negotiated("de-CH-1996", more) == "de-CH");
    BOOST_TEST(negotiated("de-AT", more) == "de");
    BOOST_TEST(negotiated("pt", more) == "pt-BR");
    BOOST_TEST(negotiated("pt-PT", more) == "pt-BR");
    // "den" is another language (Slave), no region of German.
    BOOST_TEST(negotiated("den") == "none");
}

BOOST_AUTO_TEST_CASE(what_nobody_offers_or_the_reader_refuses_is_none) {
    BOOST_TEST(negotiated("") == "none");
    BOOST_TEST(negotiated("zh") == "none");
    BOOST_TEST(negotiated("*") == "none");
    BOOST_TEST(negotiated("zh, *;q=0.5, de;q=0.1") == "none");
    BOOST_TEST(negotiated("de;q=0") == "none");
    BOOST_TEST(negotiated("de-AT, de;q=0, fr;q=0.3") == "fr");
    BOOST_TEST(negotiated("de", {}) == "none");
}

BOOST_AUTO_TEST_CASE(broken_elements_are_ignored_and_the_others_count) {
    for (const char* broken : {"fr;q=x", "fr;q=2", "fr;q=1.001",   "fr;q=0.1234", "fr;q=-1",    "fr;q",   "fr;x=1",
                               "fr;q=",  "f r",    "fr_FR",        "fr-",         "-fr",        "fr--FR", "abcdefghi",
                               "1fr",    "*-fr",   "fr;q=0.5;q=1", "<fr>",        "fr\xc3\xa9", ";;;",    ",,,"}) {
        BOOST_TEST(negotiated(broken) == "none", broken);
        BOOST_TEST(negotiated(std::string(broken) + ", de;q=0.1") == "de", broken);
        BOOST_TEST(negotiated("de;q=0.1," + std::string(broken)) == "de", broken);
    }
}

BOOST_AUTO_TEST_CASE(a_header_that_is_too_long_is_ignored) {
    const std::string most = "de" + std::string(998, ',');
    BOOST_TEST(negotiated(most) == "de");
    BOOST_TEST(negotiated(most + ",") == "none");
}

BOOST_AUTO_TEST_CASE(tags_have_letters_first_and_short_parts) {
    for (const char* tag : {"de", "pt-BR", "zh-Hant", "de-CH-1996", "es-419", "x-own"})
        BOOST_TEST(is_language_tag(tag), tag);
    for (const char* tag : {"", "*", "-", "de-", "d e", "de/..", "../de", "123", "de_AT", "abcdefghi"})
        BOOST_TEST(!is_language_tag(tag), tag);
}

BOOST_AUTO_TEST_SUITE_END()
