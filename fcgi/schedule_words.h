// Schedules as sentences and as choices of a form: "daily at 08:00" of the database (o365_internal.schedule_of) is
// "every day at 08:00 (Europe/Berlin)" on a page. Safe from any thread.
#pragma once

#include <json/json.h>

#include <array>
#include <string>
#include <string_view>

#include "lib/pages/texts.h"

namespace o365 {

// The parts of a schedule such as "weekly on monday at 08:00".
struct Schedule {
    std::string every;  // immediate, hourly, daily or weekly; "" for no schedule
    std::string at;     // "08:00" when the schedule has none
    std::string day;    // "monday" when the schedule has none
};
Schedule read_schedule(std::string_view schedule);

// A schedule as a sentence in the language of `texts`. `zone`: the time zone to name, if the schedule has a time; ""
// for none.
std::string schedule_in_words(const Texts& texts, std::string_view schedule, const std::string& zone = {});

// An entry of a list to choose from: {value, text, chosen}.
Json::Value choice(const std::string& value, Json::Value text, bool chosen);

// How often a schedule may run, in the order of lists.
inline constexpr std::array<const char*, 4> kScheduleEvery = {"immediate", "hourly", "daily", "weekly"};

// The schedules that a user who connects may choose, a choice() each. `usual`: the connector's schedule, which stands
// in the list as it is. `chosen`: the one that the list shows as chosen; "" for the usual one.
Json::Value schedule_choices(const Texts& texts, const std::string& usual, const std::string& chosen);

// Checks the value of the form field "schedule" and returns it, for the database; "" for none. Throws BadRequest(400)
// when it does not begin with one of kScheduleEvery, or has more than 40 bytes.
std::string read_schedule_choice(const std::string& value);

}  // namespace o365
