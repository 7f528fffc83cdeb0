#include "lib/cards/action_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/cards/message_card.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_writing.h"

namespace o365 {
namespace {

constexpr int kMaxCharacters = 2000;  // of one input: with four bytes each they fit into a value of Parameters
constexpr std::size_t kMaxBody = 64UL * 1024;
constexpr std::size_t kTokenCharacters = 43;

std::string field_name(std::size_t input) { return fmt::format("i{}", input); }
std::string field_name(std::size_t input, std::size_t choice) { return fmt::format("i{}-{}", input, choice); }

enum class Kind { line, area, date, time, select, radio, boxes };

Kind kind_of(const Json::Value& input) {
    const std::string type = text_in(input, "@type");
    if (type == "DateInput") return flag_in(input, "includeTime") ? Kind::time : Kind::date;
    if (type != "MultichoiceInput") return flag_in(input, "isMultiline") ? Kind::area : Kind::line;
    if (flag_in(input, "isMultiSelect")) return Kind::boxes;
    return text_in(input, "style") == "expanded" ? Kind::radio : Kind::select;
}

int max_characters(const Json::Value& input) {
    const Json::Value& most = input.isObject() ? input["maxLength"] : Json::Value::nullSingleton();
    return most.isInt() && most.asInt() > 0 ? std::min(most.asInt(), kMaxCharacters) : kMaxCharacters;
}

std::optional<int> number_in(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text != std::to_string(number)) return std::nullopt;
    return number;
}

// "2026-02-28", or with `time` "2026-02-28T09:30": what a browser sends of its own date fields.
bool is_date(std::string_view text, bool time) {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd";
    if (text.size() != (time ? kForm.size() : 10)) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
    }
    const auto part = [&](std::size_t from, std::size_t size) {
        unsigned number = 0;
        std::from_chars(text.data() + from, text.data() + from + size, number);
        return number;
    };
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(part(0, 4))),
                                          std::chrono::month(part(5, 2)), std::chrono::day(part(8, 2))};
    return day.ok() && part(0, 4) > 0 && (!time || (part(11, 2) < 24 && part(14, 2) < 60));
}

// Browsers send the breaks of a text area as CR LF and count each as one character.
std::string with_plain_breaks(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        plain += text[i] == '\r' ? '\n' : text[i];
    }
    return plain;
}

// The values that a form sends for one input, and the problem with them, "" for none.
struct ReadInput {
    std::vector<std::string> values;
    std::string problem;
};

// An input with a box for each choice: the values of those that are ticked.
ReadInput read_boxes(const Json::Value& input, std::size_t place, const Parameters& form,
                     std::set<std::string>& known) {
    ReadInput read;
    const Json::Value& choices = list_in(input, "choices");
    for (Json::ArrayIndex i = 0; i < choices.size(); ++i) {
        const std::string name = field_name(place, i);
        known.insert(name);
        const auto sent = form.get(name);
        if (!sent) continue;
        if (*sent != "1") throw BadRequest(400, "a check box of the form has an unknown value");
        read.values.push_back(text_in(choices[i], "value"));
    }
    if (flag_in(input, "isRequired") && read.values.empty()) read.problem = "required";
    return read;
}

// The value of the choice whose number was sent.
ReadInput read_choice(const Json::Value& input, const std::string& sent) {
    if (sent.empty()) return {{""}, flag_in(input, "isRequired") ? "required" : ""};
    const Json::Value& choices = list_in(input, "choices");
    const auto number = number_in(sent);
    if (!number || *number < 0 || *number >= static_cast<int>(choices.size())) return {{""}, "choice"};
    return {{text_in(choices[static_cast<Json::ArrayIndex>(*number)], "value")}, ""};
}

// The problem with a text that was typed or a date that was picked.
std::string problem_of(const Json::Value& input, Kind kind, const std::string& sent) {
    const bool required = flag_in(input, "isRequired");
    if (kind == Kind::date || kind == Kind::time) {
        if (sent.empty()) return required ? "required" : "";
        return is_date(sent, kind == Kind::time) ? "" : "date";
    }
    if (required && only_blanks(sent)) return "required";
    if (utf8_length(sent) > static_cast<std::size_t>(max_characters(input))) return "too_long";
    return kind == Kind::line && sent.find('\n') != std::string::npos ? "one_line" : "";
}

// Reads one input. `known` takes the names of its fields.
ReadInput read_input(const Json::Value& input, std::size_t place, const Parameters& form,
                     std::set<std::string>& known) {
    const Kind kind = kind_of(input);
    if (kind == Kind::boxes) return read_boxes(input, place, form, known);
    const std::string name = field_name(place);
    known.insert(name);
    const std::string sent = with_plain_breaks(form.get_or(name, ""));
    if (kind == Kind::select || kind == Kind::radio) return read_choice(input, sent);
    return {{sent}, problem_of(input, kind, sent)};
}

const Json::Value& inputs_of(const Json::Value& action) {
    return list_in(text_in(action, "@type") == "ActionCard" ? action : Json::Value::nullSingleton(), "inputs");
}

// The HttpPOST behind a button; nullptr when there is none.
const Json::Value* pressed(const Json::Value& action, int step) {
    if (text_in(action, "@type") == "HttpPOST") return step == 0 ? &action : nullptr;
    const Json::Value& steps = list_in(action, "actions");
    if (step < 0 || step >= static_cast<int>(steps.size())) return nullptr;
    const Json::Value& one = steps[static_cast<Json::ArrayIndex>(step)];
    return text_in(one, "@type") == "HttpPOST" ? &one : nullptr;
}

std::string name_of(const Json::Value& action) {
    const std::string name = text_in(action, "name");
    return only_blanks(name) ? "OK" : name;
}

// What a field shows before anybody has typed into it.
std::string initial(const Json::Value& input, Kind kind) {
    std::string value = text_in(input, "value");
    if (kind != Kind::date && kind != Kind::time) return value;
    const std::string begin = value.substr(0, kind == Kind::time ? 16 : 10);
    return is_date(begin, kind == Kind::time) ? begin : "";
}

Json::Value field_view(const Json::Value& input, std::size_t place, const Parameters* form) {
    const Kind kind = kind_of(input);
    Json::Value shown;
    shown["field"] = field_name(place);
    shown["label"] = text_in(input, "title").empty() ? text_in(input, "id") : text_in(input, "title");
    shown["required"] = flag_in(input, "isRequired");
    shown["max"] = std::to_string(max_characters(input));
    shown["is_line"] = kind == Kind::line;
    shown["is_area"] = kind == Kind::area;
    shown["is_date"] = kind == Kind::date || kind == Kind::time;
    shown["date_type"] = kind == Kind::time ? "datetime-local" : "date";
    shown["is_select"] = kind == Kind::select;
    shown["is_radio"] = kind == Kind::radio;
    shown["is_boxes"] = kind == Kind::boxes;
    shown["is_group"] = kind == Kind::radio || kind == Kind::boxes;
    const std::string typed = form != nullptr ? form->get_or(field_name(place), "") : initial(input, kind);
    shown["typed"] = typed;
    shown["choices"] = Json::Value(Json::arrayValue);
    const Json::Value& choices = list_in(input, "choices");
    for (Json::ArrayIndex i = 0; i < choices.size(); ++i) {
        const std::string value = text_in(choices[i], "value");
        Json::Value choice;
        choice["choice"] = std::to_string(i);
        choice["choice_label"] = text_in(choices[i], "display").empty() ? value : text_in(choices[i], "display");
        if (form == nullptr) {
            choice["chosen"] = value == typed && !value.empty();
        } else {
            choice["chosen"] = kind == Kind::boxes ? form->get(field_name(place, i)).has_value()
                                                   : typed == choice["choice"].asString();
        }
        shown["choices"].append(std::move(choice));
    }
    return shown;
}

}  // namespace

std::string fill_in(std::string_view body, const InputValues& values, std::string_view content_type, std::size_t most) {
    constexpr std::string_view kOpen = "{{";
    constexpr std::string_view kClose = ".value}}";
    const bool form = is_form(content_type);
    std::string result;
    // One pass: a value is not searched for placeholders.
    while (!body.empty() && result.size() <= most) {
        const auto open = body.find(kOpen);
        const auto close = open == std::string_view::npos ? open : body.find(kClose, open);
        if (close == std::string_view::npos) break;
        const auto found = values.find(body.substr(open + kOpen.size(), close - open - kOpen.size()));
        const std::size_t taken = found == values.end() ? open + kOpen.size() : open;
        result += body.substr(0, taken);
        body.remove_prefix(taken);
        if (found == values.end()) continue;
        std::string written = form ? url_encode(found->second) : compact_json(Json::Value(found->second));
        if (!form) written = written.substr(1, written.size() - 2);  // the body has the quotation marks
        result += written;
        body.remove_prefix(close + kClose.size() - open);
    }
    result += body;
    return result;
}

std::string body_content_type(const Json::Value& http_post) {
    if (std::string type = text_in(http_post, "bodyContentType"); !type.empty()) return type;
    for (const Json::Value& header : list_in(http_post, "headers")) {
        if (same_name(text_in(header, "name"), "content-type") && !text_in(header, "value").empty())
            return text_in(header, "value");
    }
    return "application/json";
}

ActionAnswer read_action_form(const Json::Value& action, const Parameters& form) {
    ActionAnswer answer;
    const auto step = number_in(form.get_or("press", ""));
    const Json::Value* const post = step ? pressed(action, *step) : nullptr;
    if (post == nullptr) throw BadRequest(400, "the form names no button of the card");
    answer.step = *step;
    answer.form = form.get_or("form", "");
    if (answer.form.size() != kTokenCharacters) throw BadRequest(400, "the form's token is missing or malformed");
    InputValues values;
    std::set<std::string> known = {"press", "form"};
    const Json::Value& inputs = inputs_of(action);
    for (Json::ArrayIndex i = 0; i < inputs.size(); ++i) {
        auto [chosen, problem] = read_input(inputs[i], i, form, known);
        if (!problem.empty()) answer.problems[i] = problem;
        const std::string id = text_in(inputs[i], "id");
        values[id] = fmt::format("{}", fmt::join(chosen, ","));
        if (kind_of(inputs[i]) == Kind::boxes) {
            answer.inputs[id] = Json::Value(Json::arrayValue);
            for (const std::string& one : chosen) answer.inputs[id].append(one);
        } else {
            answer.inputs[id] = values[id];
        }
    }
    const auto& sent = form.all();
    if (!std::ranges::all_of(sent, [&](const auto& one) { return known.contains(one.first); }))
        throw BadRequest(400, "the form has a field that is not on its page");
    if (!answer.problems.empty()) return answer;
    answer.content_type = body_content_type(*post);
    answer.body = fill_in(text_in(*post, "body"), values, answer.content_type, kMaxBody);
    if (answer.body.size() > kMaxBody) throw BadRequest(413, "the values make a body of more than 64 KiB");
    return answer;
}

Json::Value action_view(const Json::Value& action, const Json::Value& texts, const Parameters* form,
                        const std::map<std::size_t, std::string>& problems) {
    Json::Value shown;
    shown["action_name"] = name_of(action);
    for (const char* name : {"fields", "buttons", "links"}) shown[name] = Json::Value(Json::arrayValue);
    const auto add_button = [&](const Json::Value& post, std::size_t step) {
        Json::Value button;
        button["step"] = std::to_string(step);
        button["button_name"] = name_of(post);
        button["quiet"] = !shown["buttons"].empty();
        shown["buttons"].append(std::move(button));
    };
    if (text_in(action, "@type") == "HttpPOST") add_button(action, 0);
    const Json::Value& steps = list_in(action, "actions");
    for (Json::ArrayIndex i = 0; i < steps.size(); ++i) {
        if (pressed(action, static_cast<int>(i)) == &steps[i]) {
            add_button(steps[i], i);
        } else if (const std::string uri = web_address_of(read_card_action(steps[i]));
                   text_in(steps[i], "@type") == "OpenUri" && !uri.empty()) {
            Json::Value link;
            link["uri"] = uri;
            link["link_name"] = name_of(steps[i]);
            shown["links"].append(std::move(link));
        }
    }
    shown["can_press"] = !shown["buttons"].empty();
    shown["has_links"] = !shown["links"].empty();
    shown["has_problems"] = !problems.empty();
    const Json::Value& inputs = inputs_of(action);
    for (Json::ArrayIndex i = 0; i < inputs.size() && !shown["buttons"].empty(); ++i) {
        Json::Value field = field_view(inputs[i], i, form);
        const auto problem = problems.find(i);
        std::string words = problem == problems.end() ? std::string() : text_in(texts, problem->second.c_str());
        if (const auto at = words.find("{max}"); at != std::string::npos) words.replace(at, 5, field["max"].asString());
        field["error"] = words;
        shown["fields"].append(std::move(field));
    }
    return shown;
}

}  // namespace o365
