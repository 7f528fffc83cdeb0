#include "lib/json/json_text.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/base/text.h"
#include "lib/http/http.h"

using o365::json_flaw;
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

BOOST_AUTO_TEST_CASE(a_number_is_written_as_rfc_8259_has_it) {
    const auto is_taken = [](const std::string& number) {
        const bool taken = parse_json("[" + number + "]").has_value();
        for (const std::string& text : {"{\"a\": " + number + "}", "[1," + number + ",2]", "[ " + number + "\n]"})
            BOOST_TEST(parse_json(text).has_value() == taken, text);
        return taken;
    };
    for (const char* number : {"0", "-0", "10", "0.0", "-0.50", "1e5", "1E+05", "0e-0", "12.5e-3", "1e-999",
                               "123456789012345678901234567890"})
        BOOST_TEST(is_taken(number), number);
    for (const char* number :
         {"01",   "-01", "00",    "0123", "+1",  "-",     "+",      "--1",  "1-",       "1.",        "-1.",
          ".5",   "-.5", ".",     "1.e5", "1e",  "1e+",   "1E-",    "1ee5", "1e5.5",    "1..2",      "1.2.3",
          "0x10", "1f",  "1_000", "1 2",  "- 1", "1e999", "-1e999", "NaN",  "Infinity", "-Infinity", "inf"})
        BOOST_TEST(!is_taken(number), number);
}

BOOST_AUTO_TEST_CASE(a_control_character_stands_in_no_string_and_only_blanks_between_values) {
    for (char c = 0; c < 0x20; ++c) {
        const bool is_blank = c == '\t' || c == '\n' || c == '\r';
        BOOST_TEST(!parse_json(std::string("{\"a\": \"x") + c + "y\"}").has_value(), int{c});
        BOOST_TEST(!parse_json(std::string("{\"a") + c + "\": 1}").has_value(), int{c});
        BOOST_TEST(parse_json(std::string("{") + c + "\"a\": 1}").has_value() == is_blank, int{c});
        BOOST_TEST(parse_json(std::string("{}") + c).has_value() == is_blank, int{c});
        BOOST_TEST(parse_json(c + std::string("{}")).has_value() == is_blank, int{c});
    }
    BOOST_TEST(!parse_json("{\"a\": \"\\\n\"}").has_value(), "a backslash makes no line end");
    for (const char* text : {"{\"a\": \"x\x7fy\"}", "{\"a\": \"\u2028\u0085\"}", R"({"a": "\u0000\u001f\n\r\t\b\f"})"})
        BOOST_TEST(parse_json(text).has_value(), text);
    for (const char* text : {"[\u00a01]", "[\v1]", "[1]\u00a0"}) BOOST_TEST(!parse_json(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(an_escape_is_one_of_those_that_json_has) {
    BOOST_TEST((*parse_json(R"(["\" \\ \/ \u0041\u00E4"])"))[0].asString() == "\" \\ / A\u00e4");
    for (const char* escape :
         {"\\x41", "\\a", "\\'", "\\0", "\\U0041", "\\u", "\\u12", "\\u12g4", "\\u+123", "\\u-123", "\\u 123"})
        BOOST_TEST(!parse_json(std::string("[\"") + escape + "\"]").has_value(), escape);
    for (const char* text : {R"(["\"])", R"(["\)", R"(["a)", R"(["a'])", R"(['a'])", R"(["a"b"])"})
        BOOST_TEST(!parse_json(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(no_byte_order_mark_is_taken) {
    for (const char* text : {"\ufeff{}", "\ufeff[]", "{}\ufeff", "[\ufeff]", " \ufeff{}"})
        BOOST_TEST(!parse_json(text).has_value(), text);
    BOOST_TEST(parse_json("[\"\ufeff\"]").has_value());
}

BOOST_AUTO_TEST_CASE(commas_stand_between_values_and_a_name_stands_once) {
    for (const char* text : {"{,}",
                             "[,]",
                             "[1,]",
                             "[,1]",
                             "[1,,2]",
                             "[1 2]",
                             R"({"a":1,})",
                             R"({,"a":1})",
                             R"({"a":1,,"b":2})",
                             R"({"a":1 "b":2})",
                             R"({"a":1;"b":2})",
                             R"({"a"=1})",
                             R"({"a" 1})",
                             R"({"a":})",
                             "{a:1}",
                             "{1:1}",
                             "[}",
                             "{]",
                             "[[1]",
                             "[]]",
                             "{}{}",
                             "[]1",
                             "[tru]",
                             "[True]",
                             "[nulll]",
                             "[truefalse]"})
        BOOST_TEST(!parse_json(text).has_value(), text);
    for (const char* text : {R"({"a":1,"a":2})", R"({"a":1,"\u0061":1})", R"([{"x":{"a":null,"a":null}}])"})
        BOOST_TEST(!parse_json(text).has_value(), text);
    BOOST_TEST(parse_json(R"({"":1,"a":{"a":1},"A":[{"a":1},{"a":1}]})").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_nested_deeper_than_1000_is_refused) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    BOOST_TEST(parse_json(nested(1000)).has_value());
    BOOST_TEST(!parse_json(nested(1001)).has_value());
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
    BOOST_TEST(json_flaw(R"({"a": "\ud83d\ude00\udc00"})")->offset == 19U);
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
