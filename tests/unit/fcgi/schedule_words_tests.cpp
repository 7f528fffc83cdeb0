#include "fcgi/schedule_words.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/http/http.h"
#include "lib/json/json_text.h"

using namespace o365;

namespace {

Texts words() {
    return {"en", database_json(R"({"schedules": {"immediate": "at once", "hourly": "every hour",
        "daily": "at {at}", "daily_zone": "at {at} in {zone}", "weekly": "{day} at {at}",
        "weekly_zone": "{day} at {at} in {zone}",
        "days": {"monday": "Mon", "friday": "Fri"}}})")};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule_words_tests)

BOOST_AUTO_TEST_CASE(a_schedule_has_its_parts) {
    const Schedule weekly = read_schedule("weekly on friday at 17:30");
    BOOST_TEST(weekly.every == "weekly");
    BOOST_TEST(weekly.day == "friday");
    BOOST_TEST(weekly.at == "17:30");
    BOOST_TEST(read_schedule("hourly").every == "hourly");
    BOOST_TEST(read_schedule("hourly").at == "08:00");
    BOOST_TEST(read_schedule("").every.empty());
}

BOOST_AUTO_TEST_CASE(a_schedule_in_words_names_its_zone_where_it_has_a_time) {
    BOOST_TEST(schedule_in_words(words(), "daily at 07:05") == "at 07:05");
    BOOST_TEST(schedule_in_words(words(), "weekly on friday at 17:30", "Asia/Kathmandu") ==
               "Fri at 17:30 in Asia/Kathmandu");
    BOOST_TEST(schedule_in_words(words(), "hourly", "Asia/Kathmandu") == "every hour");
    BOOST_TEST(schedule_in_words(words(), "").empty());
}

BOOST_AUTO_TEST_CASE(the_usual_schedule_is_among_the_choices_as_it_is) {
    const Json::Value choices = schedule_choices(words(), "daily at 07:05", "");
    BOOST_REQUIRE(choices.size() == 4U);
    BOOST_TEST(choices[2]["value"].asString() == "daily at 07:05");
    BOOST_TEST(choices[2]["text"].asString() == "at 07:05");
    BOOST_TEST(choices[2]["chosen"].asBool());
    BOOST_TEST(choices[3]["value"].asString() == "weekly");
    BOOST_TEST(choices[3]["text"].asString() == "Mon at 08:00");
    BOOST_TEST(!choices[3]["chosen"].asBool());
}

BOOST_AUTO_TEST_CASE(a_form_that_is_shown_again_keeps_the_choice) {
    const Json::Value choices = schedule_choices(words(), "immediate", "weekly");
    BOOST_TEST(choices[3]["chosen"].asBool());
    BOOST_TEST(!choices[0]["chosen"].asBool());
}

BOOST_AUTO_TEST_CASE(what_no_form_sends_is_refused) {
    BOOST_TEST(read_schedule_choice("") == "");
    BOOST_TEST(read_schedule_choice("weekly") == "weekly");
    BOOST_TEST(read_schedule_choice("daily at 07:05") == "daily at 07:05");
    BOOST_CHECK_THROW(read_schedule_choice("monthly"), BadRequest);
    BOOST_CHECK_THROW(read_schedule_choice("daily" + std::string(100, ' ')), BadRequest);
}

BOOST_AUTO_TEST_SUITE_END()
