#include "lib/json/json_text.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/base/text.h"
#include "lib/http/http.h"

using o365::lone_surrogate;
using o365::parse_json;

BOOST_AUTO_TEST_SUITE(json_text_tests)

BOOST_AUTO_TEST_CASE(objects_and_arrays_are_taken_and_nothing_behind_them) {
    for (const char* text : {"{}", "[]", " {\"a\": [1, null, \"x\"]} \n"})
        BOOST_TEST(parse_json(text).has_value(), text);
    for (const char* text : {"", "1", "\"x\"", "null", "{} x", "{,}", "{\"a\": 1e999}", "// x\n{}", "{'a': 1}"})
        BOOST_TEST(!parse_json(text).has_value(), text);
    BOOST_TEST(!parse_json(std::string(100'000, '[')).has_value());
}

BOOST_AUTO_TEST_CASE(a_comment_is_no_json_wherever_it_stands) {
    for (const char* text : {"/* x */ {}", "{/* x */}", "{/* x */ \"a\": 1}", "{\"a\": /* x */ 1}", "[1, // x\n 2]",
                             "{\"a\\\"\": 1 /**/}", "{} // x"})
        BOOST_TEST(!parse_json(text).has_value(), text);
    for (const char* text : {R"({"a": "https://x.example/*"})", R"(["\\", "\"// x"])", R"({"//": "/*"})"})
        BOOST_TEST(parse_json(text).has_value(), text);
}

// A thread keeps its reader.
BOOST_AUTO_TEST_CASE(a_text_that_was_refused_leaves_nothing_for_the_next) {
    for (const std::string& text :
         {std::string(100'000, '['), std::string(R"({"a": [1, {"b": )"), std::string(R"({"a": tru})"),
          std::string(R"({"a": "\uZZZZ"})"), std::string(R"({"a": 1} x)")}) {
        BOOST_TEST(!parse_json(text).has_value());
        const auto value = parse_json(R"({"c": [2]})");
        BOOST_REQUIRE(value.has_value());
        BOOST_TEST(value->size() == 1U);
        BOOST_TEST((*value)["c"][0].asInt() == 2);
    }
}

// Each would be written again as bytes that no reader of UTF-8 takes.
BOOST_AUTO_TEST_CASE(half_a_character_is_refused) {
    for (const char* text :
         {R"({"a": "\udc00"})", R"({"a": "\ud800"})", R"({"a": "\uD83D x"})", R"({"a": "\ud83d\u0041"})",
          R"({"a": "\ud83d\n\ude00"})", R"({"a": "\ude00\ud83d"})", R"({"\udc00": 1})", R"({"a": "\\\udc00"})",
          R"({"a": "\ud83d\ud83d\ude00"})", "{\"a\": \"\xff\"}", "{\"a\": \"\xed\xb0\x80\"}"}) {
        BOOST_TEST(!parse_json(text).has_value(), text);
    }
    BOOST_TEST(*lone_surrogate(R"({"a": "\ud83d\ude00\udc00"})") == 19U);
}

BOOST_AUTO_TEST_CASE(whole_characters_are_taken_however_they_are_written) {
    for (const char* text : {R"({"a": "\ud83d\ude00"})", R"({"a": "\uD83D\uDE00\uD83D\uDE00"})", R"({"a": "\\udc00"})",
                             R"({"a": "\\\\ud800"})", R"({"a": "\u00fc \" \/ \ud7ff\ue000"})", "{\"a\": \"😀 ü\"}"}) {
        const auto value = parse_json(text);
        BOOST_REQUIRE(value.has_value());
        BOOST_TEST(o365::is_utf8((*value)["a"].asString()), text);
    }
    BOOST_TEST((*parse_json(R"({"a": "\ud83d\ude00"})"))["a"].asString() == "\xf0\x9f\x98\x80");
    BOOST_TEST((*parse_json(R"({"a": "x\u0000y"})"))["a"].asString() == std::string("x\0y", 3));
}

BOOST_AUTO_TEST_SUITE_END()
