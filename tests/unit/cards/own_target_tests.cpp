#include "lib/cards/own_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "lib/cards/card_body.h"

using namespace o365;

namespace {

std::string address(int number) { return fmt::format("https://app.example.org/action?token={}", number); }

}  // namespace

BOOST_AUTO_TEST_SUITE(own_target_tests)

BOOST_AUTO_TEST_CASE(each_target_of_ours_becomes_the_address_of_its_number) {
    const std::string card =
        R"({"sections": [{"text": "x"}, {"potentialAction": [{"@type": "ActionCard", "actions": [)"
        R"({"@type": "OpenUri"}, {"@type": "HttpPOST", "target": "o365:action"}]}]}], "potentialAction": [)"
        R"({"@type": "OpenUri"}, {"target": "o365:action", "@type": "HttpPOST", "body": "{\"a\": 0.1}"}, )"
        R"({"@type": "HttpPOST", "target": "https://app.example.org/own"}]})";
    BOOST_TEST(
        with_own_targets(card, address) ==
        R"({"sections": [{"text": "x"}, {"potentialAction": [{"@type": "ActionCard", "actions": [)"
        R"({"@type": "OpenUri"}, {"@type": "HttpPOST", "target": "https://app.example.org/action?token=200020"}]}]}], )"
        R"("potentialAction": [{"@type": "OpenUri"}, {"target": "https://app.example.org/action?token=1", )"
        R"("@type": "HttpPOST", "body": "{\"a\": 0.1}"}, )"
        R"({"@type": "HttpPOST", "target": "https://app.example.org/own"}]})");
}

BOOST_AUTO_TEST_CASE(no_two_buttons_have_the_address_of_one) {
    const std::string button = R"({"@type": "HttpPOST", "target": "o365:action"})";
    const auto buttons = [&button](int count) {
        std::string list = button;
        for (int i = 1; i < count; ++i) list += ", " + button;
        return list;
    };
    const std::string card =
        fmt::format(R"({{"potentialAction": [{}, {{"@type": "ActionCard", "actions": [{}]}}], )"
                    R"("sections": [{{"potentialAction": [{{"@type": "ActionCard", "actions": [{}]}}]}}]}})",
                    buttons(11), button, buttons(100));
    std::vector<int> numbers;
    with_own_targets(card, [&numbers](int number) {
        numbers.push_back(number);
        return address(number);
    });
    std::ranges::sort(numbers);
    // Those that have none of their own have one that names no button.
    BOOST_TEST(std::ranges::count(numbers, 99999) == 3);
    BOOST_TEST(std::ranges::count(numbers, 99999 + 100000) == 1);
    BOOST_TEST(numbers.size() == 112U);
    BOOST_TEST(numbers.back() < 10000000);
    std::erase(numbers, 99999);
    BOOST_TEST((std::ranges::adjacent_find(numbers) == numbers.end()));
}

BOOST_AUTO_TEST_CASE(the_word_anywhere_else_stays_as_it_is) {
    for (const std::string& card : std::vector<std::string>{
             R"({"title": "o365:action", "target": "o365:action"})",
             R"({"potentialAction": [{"@type": "HttpPOST", "name": "o365:action", "target": "o365:action?x"}]})",
             R"({"potentialAction": [{"@type": "OpenUri", "target": "o365:action"}]})",
             R"({"potentialAction": [{"@type": "ActionCard", "target": "o365:action", "actions": "o365:action"}]})",
             R"({"potentialAction": {"@type": "HttpPOST", "target": "o365:action"}})",
             R"({"text": "\"target\": \"o365:action\""})", R"({"a": "o365:action")", "\"o365:action\"", ""})
        BOOST_TEST(with_own_targets(card, address) == card);
}

BOOST_AUTO_TEST_CASE(what_stands_around_it_keeps_each_byte) {
    const std::string before = R"({"text": "ü \u00fc 1e5", "number": 0.1000, "big": 12345678901234567890.5, )";
    const std::string after = R"("potentialAction": [{"@type": "HttpPOST", "target": )";
    BOOST_TEST(with_own_targets(before + after + R"("o365:action"}]})", address) ==
               before + after + R"("https://app.example.org/action?token=0"}]})");
}

BOOST_AUTO_TEST_CASE(without_addresses_the_card_leaves_as_it_is) {
    const std::string card = R"({"potentialAction": [{"@type": "HttpPOST", "target": "o365:action"}]})";
    BOOST_TEST(with_own_targets(card, {}) == card);
    BOOST_TEST(card_body(card, "connector").text == card);
}

BOOST_AUTO_TEST_CASE(it_is_filled_in_for_connectors_also_beside_the_name_of_another_kind_of_card) {
    const std::string card = R"({"title": "AdaptiveCard", "text": "\"AdaptiveCard\"", "summary": "AdaptiveCard", )"
                             R"("potentialAction": [{"@type": "HttpPOST", "target": "o365:action"}]})";
    BOOST_TEST(card_body(card, "connector", address).text.find("token=0") != std::string::npos);
    BOOST_TEST(card_body(card, "workflow", address).text.find("o365:action") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
