#include "fcgi/schedule_words.h"

#include <algorithm>
#include <utility>

#include "lib/http/http.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxChoice = 40;  // bytes

// The word behind `begin`, or `otherwise`.
std::string word_after(std::string_view text, std::string_view begin, const char* otherwise) {
    const std::size_t found = text.find(begin);
    if (found == std::string_view::npos) return otherwise;
    const std::string_view rest = text.substr(found + begin.size());
    return std::string(rest.substr(0, rest.find(' ')));
}

}  // namespace

Schedule read_schedule(std::string_view schedule) {
    return {std::string(schedule.substr(0, schedule.find(' '))), word_after(schedule, " at ", "08:00"),
            word_after(schedule, " on ", "monday")};
}

std::string schedule_in_words(const Texts& texts, std::string_view schedule, const std::string& zone) {
    const Json::Value& words = texts["schedules"];
    const Schedule parts = read_schedule(schedule);
    Json::Value values(Json::objectValue);
    values["at"] = parts.at;
    values["day"] = words["days"][parts.day];
    values["zone"] = zone;
    const std::string with_zone = parts.every + "_zone";
    return texts.fill(words[!zone.empty() && words.isMember(with_zone) ? with_zone : parts.every], values).asString();
}

Json::Value choice(const std::string& value, Json::Value text, bool chosen) {
    Json::Value one(Json::objectValue);
    one["value"] = value;
    one["text"] = std::move(text);
    one["chosen"] = chosen;
    return one;
}

Json::Value schedule_choices(const Texts& texts, const std::string& usual, const std::string& chosen) {
    const std::string shown = read_schedule(chosen.empty() ? usual : chosen).every;
    Json::Value choices(Json::arrayValue);
    for (const std::string every : kScheduleEvery) {
        const std::string& value = read_schedule(usual).every == every ? usual : every;
        choices.append(choice(value, schedule_in_words(texts, value), shown == every));
    }
    return choices;
}

std::string read_schedule_choice(const std::string& value) {
    const std::string every = read_schedule(value).every;
    const bool known = std::find(kScheduleEvery.begin(), kScheduleEvery.end(), every) != kScheduleEvery.end();
    if (!value.empty() && (!known || value.size() > kMaxChoice))
        throw BadRequest(400, "schedule is none of the choices");
    return value;
}

}  // namespace o365
