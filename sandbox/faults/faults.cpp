// The page of faults: the answers that webhooks give instead of the regular one, the throttle, and the log of requests.
// Forms in a browser; programs send the same fields and read the same as JSON (docs/sandbox.md).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/http/url.h"
#include "lib/json/json_text.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhooks/answers.h"

namespace o365 {
namespace {

constexpr int kShown = 200;
constexpr int kMaxJson = 5000;
constexpr std::size_t kMaxPattern = 100;
// Bytes a second at which 60 seconds, the web server's timeout for handshake and head, are enough for 5 KB of them.
constexpr int kSlowestReading = 100;

// "ok ok 503" or "ok,ok,503", the names of answers; empty when one is unknown.
std::vector<std::string> pattern(const std::string& text) {
    std::vector<std::string> names;
    std::size_t from = 0;
    while ((from = text.find_first_not_of(" ,\r\n\t", from)) != std::string::npos) {
        const auto to = std::min(text.find_first_of(" ,\r\n\t", from), text.size());
        const std::string name = text.substr(from, to - from);
        if (!is_answer(name)) return {};
        names.push_back(name);
        from = to;
    }
    return names.size() <= kMaxPattern ? names : std::vector<std::string>();
}

Value number_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

bool is_empty_or_number(const std::string& text) { return text.empty() || is_number(text, 6); }

Response no_such_target(const Sandbox& sandbox) {
    return sandbox.message(404, "Nothing here",
                           "There is no such group, team or inbox: target is its number, as in its feed's address. A "
                           "webhook's number is in the log and in the answer of /tenant/webhooks.");
}

Response set_fault(Sandbox& sandbox, const Request& request) {
    const Parameters& form = request.form;
    const std::string target = form.get_or("target", "0");
    const std::string webhook = form.get_or("webhook", "0");
    const std::string several = form.get_or("pattern", "");
    const std::vector<std::string> names = pattern(several.empty() ? form.get_or("answer", "") : several);
    const std::string count = form.get_or("count", "");
    const std::string rate = form.get_or("rate", "");
    const std::string retry_after = form.get_or("retry_after", "");
    const bool fits = is_number(target) && is_number(webhook) && is_empty_or_number(count) &&
                      is_empty_or_number(retry_after) &&
                      (rate.empty() || (is_number(rate, 3) && std::stoi(rate) <= 100));
    if (names.empty() || !fits) {
        return sandbox.message(400, "That is no fault",
                               "target is a number (0: all), webhook one too or left out, answer one of the list or "
                               "pattern several of them, rate a "
                               "percentage, count and retry_after numbers or empty.");
    }
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_set_fault($1, $2, $3, $4, $5, $6)",
                                              {target, array_literal(names), number_or_null(count),
                                               number_or_null(rate), number_or_null(retry_after), webhook});
    if (!rows.boolean(0, 0)) return no_such_target(sandbox);
    return sandbox.redirect("/faults");
}

Json::Value targets_of(Sandbox& sandbox) {
    Json::Value targets(Json::arrayValue);
    const Rows rows =
        sandbox.database().call("select target_id, person, name from o365_programs.sandbox_targets(NULL)");
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["target_id"] = std::string(rows.text(i, 0));
        row["place"] = std::string(rows.text(i, 2)) + " of " + std::string(rows.text(i, 1));
        targets.append(row);
    }
    return targets;
}

Json::Value throttles(Sandbox& sandbox) {
    Json::Value list(Json::arrayValue);
    const Rows rows =
        sandbox.database().call("select target_id, place, is_on, windows from o365_programs.sandbox_throttles()");
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["target"] = static_cast<Json::Int64>(rows.integer(i, 0));
        if (!rows.is_null(i, 1)) row["place"] = std::string(rows.text(i, 1));
        row["on"] = rows.is_null(i, 2) ? Json::Value() : Json::Value(rows.boolean(i, 2));
        row["windows"] = rows.is_null(i, 3) ? Json::Value(Json::arrayValue) : database_json(rows.text(i, 3));
        list.append(row);
    }
    return list;
}

Json::Value fault_list(Sandbox& sandbox) {
    Json::Value list(Json::arrayValue);
    const Rows rows = sandbox.database().call(
        "select target_id, place, array_to_string(answers, ' '), remaining, rate, retry_after, webhook_id from "
        "o365_programs.sandbox_faults()");
    const auto number = [&](int i, int column) {
        return rows.is_null(i, column) ? Json::Value() : Json::Value(static_cast<Json::Int64>(rows.integer(i, column)));
    };
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value row;
        row["target"] = number(i, 0);
        row["webhook"] = number(i, 6);
        if (!rows.is_null(i, 1)) row["place"] = std::string(rows.text(i, 1));
        row["answer"] = std::string(rows.text(i, 2));
        row["count"] = number(i, 3);
        row["rate"] = number(i, 4);
        row["retry_after"] = number(i, 5);
        list.append(row);
    }
    return list;
}

// "handshake" (seconds), "reading" (bytes a second), "count" and "origin"; null: there is no such line.
Json::Value line_state(const Sandbox& sandbox) {
    if (sandbox.line() == nullptr) return {};
    const SlowLine::Pace pace = sandbox.line()->pace();
    Json::Value state;
    state["origin"] = sandbox.setting("slow_origin");
    state["handshake"] = pace.handshake;
    state["reading"] = pace.reading;
    state["count"] = pace.count == 0 ? Json::Value() : Json::Value(pace.count);
    return state;
}

Json::Value fault_row(const Json::Value& fault) {
    Json::Value row;
    row["target_id"] = fault["target"].asString();
    std::string where = fault["place"].isNull() ? "All webhooks" : fault["place"].asString();
    if (!fault["webhook"].isNull()) {
        row["webhook_id"] = fault["webhook"].asString();
        where += ", webhook " + fault["webhook"].asString();
    }
    row["where"] = where;
    row["answer"] = fault["answer"];
    std::string how = fault["rate"].isNull() ? "every post" : fault["rate"].asString() + " % of posts";
    how += fault["count"].isNull() ? ", until switched off" : ", " + fault["count"].asString() + " more";
    if (!fault["retry_after"].isNull()) how += ", Retry-After " + fault["retry_after"].asString() + " s";
    row["how"] = how;
    return row;
}

std::string length_of(int seconds) {
    if (seconds < 60) return std::to_string(seconds) + " s";
    if (seconds < 3600) return std::to_string(seconds / 60) + " min";
    return std::to_string(seconds / 3600) + " h";
}

Json::Value throttle_row(const Json::Value& throttle) {
    Json::Value row;
    row["place"] = throttle["place"];
    row["target_id"] = throttle["target"].asString();
    if (!throttle["on"].isNull()) row["own"] = throttle["on"].asBool() ? "on" : "off";
    for (const Json::Value& window : throttle["windows"]) {
        Json::Value one;
        one["used"] = window["used"].asString();
        one["limit"] = window["limit"].asString();
        one["length"] = length_of(window["seconds"].asInt());
        one["full"] = window["used"].asInt() >= window["limit"].asInt();
        row["windows"].append(one);
    }
    return row;
}

// As a form shows it: no number for a fault that is off.
Json::Value line_row(Json::Value line) {
    if (line.isNull()) return line;
    line["is_slow"] = line["handshake"].asInt() > 0 || line["reading"].asInt() > 0;
    for (const char* name : {"handshake", "reading", "count"}) {
        const int number = line[name].isNull() ? 0 : line[name].asInt();
        line[name] = number == 0 ? "" : std::to_string(number);
    }
    return line;
}

}  // namespace

Response faults(Sandbox& sandbox, const Request& request) {
    if (request.method == "POST") return set_fault(sandbox, request);
    Json::Value values;
    values["title"] = "Faults";
    values["wide"] = true;
    for (const Answer& one : answers()) {
        Json::Value row;
        row["name"] = std::string(one.name);
        row["help"] = std::string(one.help);
        values["answers"].append(row);
    }
    for (const Json::Value& fault : fault_list(sandbox)) values["faults"].append(fault_row(fault));
    values["none"] = values["faults"].empty();
    values["targets"] = targets_of(sandbox);
    values["all_on"] = false;
    for (const Json::Value& throttle : throttles(sandbox)) {
        if (throttle["target"].asInt() == 0) {
            values["all_on"] = throttle["on"].asBool();
        } else if (const Json::Value row = throttle_row(throttle); !row["windows"].empty() || row.isMember("own")) {
            values["throttled"].append(row);
        }
    }
    values["line"] = line_row(line_state(sandbox));
    values["has_counters"] = !values["throttled"].empty();
    return sandbox.page(200, "faults", values);
}

Response faults_json(Sandbox& sandbox, const Request& /*request*/) {
    Json::Value all;
    all["faults"] = fault_list(sandbox);
    all["throttles"] = throttles(sandbox);
    all["slow_line"] = line_state(sandbox);
    for (const Answer& one : answers()) all["answers"].append(std::string(one.name));
    return Response::json(200, json_text(all));
}

Response throttle(Sandbox& sandbox, const Request& request) {
    const std::string target = request.form.get_or("target", "0");
    const std::string wanted = request.form.get_or("throttle", "");
    if (request.method != "POST" || !is_number(target) || (wanted != "on" && wanted != "off" && wanted != "as-all"))
        return sandbox.message(400, "That is no switch", "POST target (0: all) and throttle: on, off or as-all.");
    const Rows rows =
        sandbox.database().call("select o365_programs.sandbox_set_throttle($1, $2)",
                                {target, wanted == "as-all" ? Value() : Value(wanted == "on" ? "true" : "false")});
    if (!rows.boolean(0, 0)) return no_such_target(sandbox);
    return sandbox.redirect("/faults");
}

Response slow_line(Sandbox& sandbox, const Request& request) {
    if (sandbox.line() == nullptr) {
        return sandbox.message(404, "There is no slow line",
                               "The sandbox's setting slow_origin is empty: name an origin of another port and restart "
                               "the sandbox.");
    }
    const Parameters& form = request.form;
    std::array<int, 3> numbers{};
    constexpr std::array kNames = {"handshake", "reading", "count"};
    constexpr std::array kMost = {60, 100'000'000, 1'000'000};
    bool fits = request.method == "POST";
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        const std::string text = form.get_or(kNames.at(i), "");
        fits = fits && (text.empty() || (is_number(text) && std::stoi(text) <= kMost.at(i)));
        if (fits && !text.empty()) numbers.at(i) = std::stoi(text);
    }
    if (!fits || (numbers[1] > 0 && numbers[1] < kSlowestReading)) {
        return sandbox.message(
            400, "That is no pace",
            fmt::format("POST handshake in seconds, at most 60, reading in bytes a second, at least {}, "
                        "because the web server waits 60 seconds for a request's head, and count of "
                        "connections; 0 or empty: not slow, and until it is set again.",
                        kSlowestReading));
    }
    sandbox.line()->set({numbers[0], numbers[1], numbers[2]});
    return sandbox.redirect("/faults");
}

Response request_log(Sandbox& sandbox, const Request& request, bool as_json) {
    if (auto refused = refused_filter(sandbox, request)) return *std::move(refused);
    const Parameters& query = request.query;
    const std::string target = query.get_or("target", "");
    const std::string answered = query.get_or("answered", "");
    std::vector<Value> parameters = filters(sandbox, query, target, !as_json, as_json ? kMaxJson : kShown);
    const std::string flow = query.get_or("flow", "");
    parameters.push_back(answered.empty() ? Value() : Value(answered));
    parameters.push_back(number_or_null(flow));
    const Rows rows = sandbox.database().call(
        "select post_id, target_id, webhook_id, place, received_at, answered, throttled, bytes, note, pace, flow_id "
        "from o365_programs.sandbox_log($1, $2, $3, $4, $5, $6, $7)",
        parameters);
    Json::Value list(Json::arrayValue);
    for (int i = 0; i < rows.size(); ++i) {
        const auto number = [&](int column) {
            return rows.is_null(i, column) ? Json::Value()
                                           : Json::Value(static_cast<Json::Int64>(rows.integer(i, column)));
        };
        Json::Value row;
        row["post_id"] = number(0);
        row["target"] = number(1);
        row["webhook"] = number(2);
        row["flow"] = number(10);
        row["place"] = rows.is_null(i, 3) ? Json::Value() : Json::Value(std::string(rows.text(i, 3)));
        row["received_at"] = std::string(rows.text(i, 4));
        row["answered"] = std::string(rows.text(i, 5));
        row["full_window"] = number(6);
        row["bytes"] = number(7);
        row["note"] = rows.is_null(i, 8) ? Json::Value() : Json::Value(std::string(rows.text(i, 8)));
        row["pace"] = rows.is_null(i, 9) ? Json::Value() : Json::Value(std::string(rows.text(i, 9)));
        list.append(row);
    }
    if (as_json) {
        Response response = Response::json(200, json_text(list));
        say_oldest(sandbox, response);
        return response;
    }
    Json::Value values;
    values["title"] = "Log";
    values["wide"] = true;
    values["none"] = list.empty();
    for (Json::Value& row : list) {
        const std::string at = row["received_at"].asString();
        row["time"] = at.substr(0, 10) + " " + at.substr(11, 12);
        row["good"] = row["answered"].asString() == "ok";
        if (!row["pace"].isNull()) row["answered"] = row["answered"].asString() + ", " + row["pace"].asString();
        if (row["place"].isNull()) row["place"] = "no such webhook";
        values["rows"].append(row);
    }
    values["answered"] = answered;
    values["target"] = target;
    values["flow_filter"] = flow;
    if (rows.size() == kShown) {
        values["older"] = "/log?before=" + list[list.size() - 1]["post_id"].asString() + "&target=" + target +
                          "&answered=" + url_encode(answered) + "&flow=" + flow;
    }
    return sandbox.page(200, "log", values);
}

}  // namespace o365
