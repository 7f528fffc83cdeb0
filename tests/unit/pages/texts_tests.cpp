#include "lib/pages/texts.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "lib/pages/pages.h"

using namespace o365;

namespace {

const Texts& texts(const std::string& language) {
    static const Pages pages("");
    return *pages.find_texts(language);
}

Json::Value plural(const std::string& one, const std::string& other) {
    Json::Value text;
    text["count"] = "cards";
    text["one"] = one;
    text["other"] = other;
    return text;
}

std::string counted(const std::string& language, const Json::Value& cards) {
    Json::Value values;
    values["cards"] = cards;
    return texts(language).fill(plural("{cards} card", "{cards} cards"), values).asString();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(texts_tests)

BOOST_AUTO_TEST_CASE(placeholders_are_filled_and_what_has_no_value_is_left_out) {
    Json::Value values;
    values["name"] = "Desk {slug}";
    values["flag"] = true;
    values["none"] = Json::nullValue;
    const auto filled = [&](const char* text) { return texts("en").fill(text, values).asString(); };
    BOOST_TEST(filled("About {name}.") == "About Desk {slug}.");
    BOOST_TEST(filled("{name}{name}") == "Desk {slug}Desk {slug}");
    BOOST_TEST(filled("a{flag}b{none}c{absent}d{}e") == "abcde");
    BOOST_TEST(filled("open {name") == "open {name");
    BOOST_TEST(filled("") == "");
    BOOST_TEST(texts("en").fill(Json::Value(), values).isNull());
    Json::Value section;
    section["a"]["b"] = "{name}!";
    BOOST_TEST(texts("en").fill(section, values)["a"]["b"].asString() == "Desk {slug}!");
}

BOOST_AUTO_TEST_CASE(in_html_text_and_values_are_escaped_and_only_the_text_says_what_is_marked_up) {
    Json::Value values;
    values["account"] = "<b>ann</b> & {id:strong}";
    const auto html = [&](const char* text) { return texts("en").fill_html(text, values).asString(); };
    BOOST_TEST(html("a < {account:strong}.") ==
               "a &lt; <strong><bdi>&lt;b&gt;ann&lt;/b&gt; &amp; {id:strong}</bdi></strong>.");
    BOOST_TEST(html("{account:code}") == "<code>&lt;b&gt;ann&lt;/b&gt; &amp; {id:strong}</code>");
    BOOST_TEST(html("<i>{account}</i>") == "&lt;i&gt;&lt;b&gt;ann&lt;/b&gt; &amp; {id:strong}&lt;/i&gt;");
    BOOST_TEST(texts("en").fill("{account:strong}", values).asString() == "<b>ann</b> & {id:strong}");
}

BOOST_AUTO_TEST_CASE(every_language_counts_by_its_own_rule) {
    for (const char* language : {"en", "de", "es", "en-GB", "DE", "it", "xx"}) {
        BOOST_TEST(plural_form(language, 0) == "other", language);
        BOOST_TEST(plural_form(language, 1) == "one", language);
        BOOST_TEST(plural_form(language, 2) == "other", language);
        BOOST_TEST(plural_form(language, 21) == "other", language);
    }
    BOOST_TEST(plural_form("fr", 0) == "one");
    BOOST_TEST(plural_form("fr-CA", 1) == "one");
    BOOST_TEST(plural_form("fr", 2) == "other");
    BOOST_TEST(plural_form("ja", 1) == "other");
    BOOST_TEST(plural_form("cs", 4) == "few");
    BOOST_TEST(plural_form("cs", 5) == "other");
    BOOST_TEST(plural_form("pl", 1) == "one");
    BOOST_TEST(plural_form("pl", 22) == "few");
    BOOST_TEST(plural_form("pl", 12) == "many");
    BOOST_TEST(plural_form("pl", 21) == "many");
    BOOST_TEST(plural_form("ru", 21) == "one");
    BOOST_TEST(plural_form("ru", 11) == "many");
    BOOST_TEST(plural_form("ru", 113) == "many");
    BOOST_TEST(plural_form("ru", 3) == "few");
}

BOOST_AUTO_TEST_CASE(the_form_for_the_number_is_chosen) {
    BOOST_TEST(counted("en", 0) == "0 cards");
    BOOST_TEST(counted("en", 1) == "1 card");
    BOOST_TEST(counted("en", 2) == "2 cards");
    BOOST_TEST(counted("fr", 0) == "0 card");
    // As a setting of the database is a text, and as nothing at all.
    BOOST_TEST(counted("en", "1") == "1 card");
    BOOST_TEST(counted("en", "60") == "60 cards");
    BOOST_TEST(counted("en", Json::Value()) == " cards");
    Json::Value without_few = plural("{cards} a", "{cards} b");
    Json::Value values;
    values["cards"] = 3;
    BOOST_TEST(Texts("pl", Json::Value(Json::objectValue)).fill(without_few, values).asString() == "3 b");
}

BOOST_AUTO_TEST_CASE(dates_are_words_of_the_language_and_name_their_zone) {
    const char* const time = "2026-11-29T05:46:16.123456+00:00";
    BOOST_TEST(texts("en").date(time) == "29 November 2026");
    BOOST_TEST(texts("en").date_time(time) == "29 November 2026, 05:46 (UTC)");
    BOOST_TEST(texts("de").date_time(time) == "29. November 2026, 05:46 Uhr (UTC)");
    BOOST_TEST(texts("fr").date_time(time) == "29 novembre 2026 à 05:46 (UTC)");
    BOOST_TEST(texts("es").date_time(time) == "29 de noviembre de 2026, 05:46 (UTC)");
    BOOST_TEST(texts("fr").date("2026-08-01") == "1er août 2026");
    BOOST_TEST(texts("de").date("2026-03-01") == "1. März 2026");
    BOOST_TEST(texts("es").date("2026-01-01") == "1 de enero de 2026");
    BOOST_TEST(texts("de").date_time("2026-03-01") == "1. März 2026");
}

BOOST_AUTO_TEST_CASE(a_time_is_shown_in_the_offset_that_it_is_written_in) {
    for (const auto& [offset, zone] : {std::pair("+00:00", "UTC"),
                                       {"Z", "UTC"},
                                       {"", "UTC"},
                                       {"-00", "UTC"},
                                       {"+01:00", "UTC+1"},
                                       {"+02", "UTC+2"},
                                       {"-0330", "UTC-3:30"},
                                       {"+05:30", "UTC+5:30"},
                                       {"+14:00", "UTC+14"}}) {
        const std::string expected = "29 November 2026, 23:59 (" + std::string(zone) + ")";
        BOOST_TEST(texts("en").date_time("2026-11-29T23:59:59" + std::string(offset)) == expected);
        BOOST_TEST(texts("en").date_time("2026-11-29 23:59" + std::string(offset)) == expected);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_shown_as_it_is) {
    for (const char* text : {"", "infinity", "never", "2026", "2026-11", "2026-13-01", "2026-00-10", "2026-11-32",
                             "29.11.2026", "2026-11-29T", "2026-11-29T5", "2026-11-29T05:46:16 PST",
                             "2026-11-29T05:46:16+1", "20260-11-29", "-026-11-29", "2026-11-29x"}) {
        BOOST_TEST(texts("en").date(text) == text);
        BOOST_TEST(texts("en").date_time(text) == text);
    }
}

BOOST_AUTO_TEST_CASE(a_sentence_says_how_its_dates_are_shown) {
    Json::Value values;
    values["since"] = "2026-12-01T08:05:00+00:00";
    const auto filled = [&](const char* text) { return texts("fr").fill(text, values).asString(); };
    BOOST_TEST(filled("Depuis le {since:date}.") == "Depuis le 1er décembre 2026.");
    BOOST_TEST(filled("Le {since:date_time}.") == "Le 1er décembre 2026 à 08:05 (UTC).");
    BOOST_TEST(filled("{since}") == "2026-12-01T08:05:00+00:00");
}

BOOST_AUTO_TEST_CASE(numbers_have_the_separators_of_the_language_from_five_digits_on) {
    const auto number = [](const char* language, std::int64_t value) { return texts(language).number(value); };
    BOOST_TEST(number("en", 0) == "0");
    BOOST_TEST(number("en", 9999) == "9999");
    BOOST_TEST(number("en", 10000) == "10,000");
    BOOST_TEST(number("en", -1234567) == "-1,234,567");
    BOOST_TEST(number("en", -100000) == "-100,000");
    BOOST_TEST(number("de", 1234567) == "1.234.567");
    BOOST_TEST(number("fr", 12345) == "12\u202f345");
    BOOST_TEST(number("es", 12345) == "12.345");
    BOOST_TEST(number("en", std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
    BOOST_TEST(counted("de", 12345) == "12.345 cards");
}

BOOST_AUTO_TEST_SUITE_END()
