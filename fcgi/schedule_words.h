// Schedules as people read them: "every day at 08:00 (Europe/Berlin)". What the database keeps is "daily at 08:00",
// o365_internal.schedule_of. Safe from any thread.
#pragma once

#include <json/json.h>

#include <array>
#include <string>
#include <string_view>

#include "lib/pages/texts.h"

namespace o365 {

// The parts of "weekly on monday at 08:00"; at and day are 08:00 and monday where the schedule has none.
struct Schedule {
    std::string every;  // immediate, hourly, daily or weekly; "" for no schedule
    std::string at;
    std::string day;
};
Schedule read_schedule(std::string_view schedule);

// A schedule in words of the reader, with the time zone where it is not "" and the schedule has a time.
std::string schedule_in_words(const Texts& texts, std::string_view schedule, const std::string& zone = {});

// What a list offers to choose: {value, text, chosen}.
Json::Value choice(const std::string& value, Json::Value text, bool chosen);

// How often a schedule may run, in the order in which lists have it.
inline constexpr std::array<const char*, 4> kScheduleEvery = {"immediate", "hourly", "daily", "weekly"};

// The schedules that somebody who connects may choose, a choice() each. `usual` is what they get without a
// choice, and is among them as it is; `chosen` the one that the list shows, "" for the usual one.
Json::Value schedule_choices(const Texts& texts, const std::string& usual, const std::string& chosen);

// The value of the form field "schedule", for the database; "" for none. Throws BadRequest for what no form of ours
// sends.
std::string read_schedule_choice(const std::string& value);

}  // namespace o365
