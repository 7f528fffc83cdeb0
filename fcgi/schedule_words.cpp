#include "fcgi/schedule_words.h"

#include <algorithm>
#include <array>

#include "lib/http/http.h"

namespace o365 {
namespace {

constexpr std::array<const char*, 4> kKinds = {"immediate", "hourly", "daily", "weekly"};
constexpr std::size_t kMaxChoice = 40;  // bytes

// What stands between `begin` and the next blank.
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

Json::Value schedule_choices(const Texts& texts, const std::string& usual, const std::string& chosen) {
    const std::string shown = read_schedule(chosen.empty() ? usual : chosen).every;
    Json::Value choices(Json::arrayValue);
    for (const char* kind : kKinds) {
        Json::Value choice(Json::objectValue);
        const bool is_usual = read_schedule(usual).every == kind;
        choice["value"] = is_usual ? usual : kind;
        choice["text"] = schedule_in_words(texts, is_usual ? usual : kind);
        choice["chosen"] = shown == kind;
        choices.append(std::move(choice));
    }
    return choices;
}

std::string read_schedule_choice(const std::string& value) {
    const std::string every = read_schedule(value).every;
    const bool known = std::find(kKinds.begin(), kKinds.end(), every) != kKinds.end();
    if (!value.empty() && (!known || value.size() > kMaxChoice))
        throw BadRequest(400, "schedule is none of the choices");
    return value;
}

}  // namespace o365
