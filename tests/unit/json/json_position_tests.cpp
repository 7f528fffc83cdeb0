#include "lib/json/json_position.h"

#include <boost/test/unit_test.hpp>

using o365::json_fault;
using o365::json_position;
using o365::JsonPosition;

BOOST_AUTO_TEST_SUITE(json_position_tests)

namespace {
constexpr const char* kCard = R"({
  "@type": "MessageCard",
  "sections": [
    {"facts": [{"name": "a", "value": "b"},
               {"name": "c"}]}
  ],
  "a.b [0]\"": {"ä": 1}
})";

JsonPosition at(std::string_view path) {
    const auto position = json_position(kCard, path);
    BOOST_REQUIRE(position.has_value());
    return *position;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_value_is_found_by_its_path) {
    BOOST_TEST((at("$") == JsonPosition{1, 1}));
    BOOST_TEST((at("$.\"@type\"") == JsonPosition{2, 12}));
    BOOST_TEST((at("$.sections[0].facts[1].name") == JsonPosition{5, 25}));
    BOOST_TEST((at("$.\"a.b [0]\\\"\".\"\\u00e4\"") == JsonPosition{7, 23}));
}

BOOST_AUTO_TEST_CASE(of_what_is_not_there_the_innermost_value_around_it_is) {
    BOOST_TEST((at("$.sections[0].facts[1].value") == JsonPosition{5, 16}));
    BOOST_TEST((at("$.sections[7].facts") == JsonPosition{3, 15}));
    BOOST_TEST((at("$.title") == JsonPosition{1, 1}));
    for (const char* path : {"", "$.", "$[", "$[x]", "$.\"", "$..", "nonsense", "$.sections[99999999999999999999]"})
        BOOST_TEST(json_position(kCard, path).has_value(), path);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_card_is_told_where_it_ends_to_be_one) {
    BOOST_TEST(!json_fault(kCard).has_value());
    const auto comma = json_fault("{\n  \"a\": 1\n  \"b\": 2\n}");
    BOOST_REQUIRE(comma.has_value());
    BOOST_TEST(comma->position.line == 3);
    BOOST_TEST(comma->words == "Missing ',' or '}' in object declaration.");
    BOOST_TEST(json_fault("[]")->words == "It is not an object: a card stands in { }.");
    for (const char* text : {"", " ", "{", "{\"a\"", "nul", "{\"a\": tru}", "{} x", "\"x"}) {
        const auto fault = json_fault(text);
        BOOST_TEST(fault.has_value(), text);
        if (fault) BOOST_TEST(!fault->words.empty(), text);
    }
    const auto null = json_fault("{\n  \"a\": \"\\\\u0000\", \"b\": \"\\u0000\"\n}");
    BOOST_REQUIRE(null.has_value());
    BOOST_TEST((null->position == JsonPosition{2, 25}));
    const auto latin = json_fault("{\n\"a\": \"\xe4\"}");
    BOOST_REQUIRE(latin.has_value());
    BOOST_TEST(latin->position.line == 2);
    const auto comment = json_fault("{\n\"text\": /* x */ \"a\"}");
    BOOST_REQUIRE(comment.has_value());
    BOOST_TEST((comment->position == JsonPosition{2, 9}));
    const auto half = json_fault("{\n\"text\": \"a \\udc00 b\"}");
    BOOST_REQUIRE(half.has_value());
    BOOST_TEST((half->position == JsonPosition{2, 12}));
    const auto line_end = json_fault("{\n\"text\": \"a\nb\"}");
    BOOST_REQUIRE(line_end.has_value());
    BOOST_TEST((line_end->position == JsonPosition{2, 11}));
    BOOST_TEST(line_end->words == "This is a control character in a string: write it as an escape, a line end as \\n.");
    const auto number = json_fault("{\"n\": [1, -01]}");
    BOOST_REQUIRE(number.has_value());
    BOOST_TEST((number->position == JsonPosition{1, 11}));
    BOOST_TEST(json_fault("\ufeff{}")->words == "It begins with a byte order mark: save it as UTF-8 without one.");
    BOOST_TEST(json_fault(std::string("{}\0", 3)).has_value());
    BOOST_TEST(json_fault("{\"text\": \"\xff\"}").has_value());
    BOOST_TEST(json_fault(std::string(100'000, '[')).has_value());
    BOOST_TEST(!json_position("{", "$").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
