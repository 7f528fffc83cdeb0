// GET /manage/<token> - the page on which users manage a connection: its status, what was posted, what waits and why.
// POST pauses, resumes, chooses events or a schedule, sends a test card, leads to the form for a new webhook, and
// removes the connection, after a question (?ask=remove). The token alone is the right to do so; it occurs in no other
// URL.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "fcgi/connect/proof_card.h"
#include "fcgi/manage/manage_token.h"
#include "fcgi/routes.h"
#include "fcgi/schedule_words.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_writing.h"

namespace o365 {
namespace {

constexpr std::array<std::string_view, 7> kButtons = {"pause", "resume", "events", "schedule",
                                                      "test",  "renew",  "remove"};
constexpr std::array<std::string_view, 4> kPauses = {"", "hour", "tomorrow", "monday"};  // o365_internal.pause_end
constexpr std::array<std::string_view, 5> kNotDone = {"too_many", "too_many_presses", "not_now", "no_schedule",
                                                      "no_zone"};
constexpr std::size_t kMaxChoice = 100;  // bytes of a field
constexpr const char* kLookAgain = "3";  // seconds, while a test card is on its way

// One page for all links that do not work: unknown and revoked ones.
Response no_such_link(const Site& site, const Request& request) {
    Json::Value values(Json::objectValue);
    values["texts"] = site.texts(request)["messages"]["404_manage"];
    return site.page(request, 404, "message", std::move(values));
}

Response removed(const Site& site, const Request& request, Json::Value page) {
    page["texts"] = site.texts(request, page)["messages"]["removed"];
    return site.page(request, 200, "message", std::move(page));
}

const Json::Value& either(const Json::Value& texts, const std::string& name, const char* otherwise) {
    return texts.isMember(name) ? texts[name] : texts[otherwise];
}

// Why nothing is sent any more, for the owner of the workflow.
Json::Value stopped_text(const Texts& texts, const Json::Value& page) {
    const std::string status = text_in(page, "status");
    if (status != "suspended" && status != "gone" && status != "retired") return {};
    const Json::Value& manage = texts["manage"];
    if (text_in(page, "dialect") == "connector") return texts.fill(manage["stopped_connector"], page);
    const Json::Value& stopped = manage["stopped"];
    return texts.fill(either(stopped, text_in(page, "rule_id"), "otherwise"), page);
}

Json::Value ends_in_words(const Texts& texts, const Json::Value& ends) {
    const Json::Value& manage = texts["manage"];
    Json::Value rows(Json::arrayValue);
    for (Json::Value row : ends) {
        const std::string event = text_in(row, "event");
        const char* card = event.empty()      ? "card_any"
                           : event == "proof" ? "card_proof"
                           : event == "test"  ? "card_test"
                                              : "card_event";
        row["card"] = texts.fill(manage[card], row);
        row["text"] = texts.fill(either(manage["ends_as"], text_in(row, "outcome"), "otherwise"), row);
        row["when"] = texts.date_time(text_in(row, "at"));
        rows.append(std::move(row));
    }
    return rows;
}

void show_waiting(const Texts& texts, Json::Value& page) {
    const Json::Value& manage = texts["manage"];
    page["has_waiting"] = page["waiting"].asInt() > 0;
    if (!page["has_waiting"].asBool()) return;
    const std::string why = text_in(page, "why");
    const char* when = why == "paused" ? "paused_until" : "next_at";
    const bool has_time = !text_in(page, when).empty() && manage["why"].isMember(why + "_until");
    page["why_text"] = texts.fill(manage["why"][has_time ? why + "_until" : why], page);
}

void show_schedule(const Texts& texts, Json::Value& page) {
    constexpr std::array<const char*, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                  "friday", "saturday", "sunday"};
    const Json::Value& manage = texts["manage"];
    const std::string schedule = text_in(page, "schedule");
    const Schedule parts = read_schedule(schedule);
    page["arrives"] = schedule_in_words(texts, schedule, text_in(page, "time_zone"));
    page["at"] = parts.at;
    for (const std::string every : kScheduleEvery)
        page["every"].append(choice(every, manage["every_" + every], parts.every == every));
    for (const char* day : kDays) page["days"].append(choice(day, texts["schedules"]["days"][day], parts.day == day));
}

Response ask_to_remove(const Site& site, const Request& request, Json::Value page, const std::string& token) {
    page["token"] = manage_form_token(token);
    page["has_waiting"] = page["waiting"].asInt() > 0;
    return site.page(request, 200, "remove", std::move(page));
}

Response show(const Site& site, const Request& request, Json::Value page, const std::string& token) {
    const Texts& texts = site.texts(request, page);
    const Json::Value& manage = texts["manage"];
    const std::string status = text_in(page, "status");
    const std::string did = request.query.fault("did") == nullptr ? request.query.get_or("did", "") : "";
    const bool has_end = did == "pause" && !text_in(page, "paused_until").empty();
    if (manage["did"].isMember(did)) page["did_text"] = texts.fill(manage["did"][has_end ? "pause_until" : did], page);
    page["did_good"] = std::find(kNotDone.begin(), kNotDone.end(), did) == kNotDone.end();
    page["status_text"] = texts.fill(manage["status"][status], page);
    page["is_warn"] = status == "pending" || status == "paused";
    page["is_bad"] = status != "active" && !page["is_warn"].asBool();
    page["stopped"] = stopped_text(texts, page);
    page["connected_on"] = texts.date(text_in(page, "connected_at"));
    page["proved_on"] = texts.date(text_in(page, "proved_at"));
    page["paused_to"] = texts.date_time(text_in(page, "paused_until"));
    show_waiting(texts, page);
    show_schedule(texts, page);
    page["rows"] = ends_in_words(texts, page["ends"]);
    page["has_rows"] = !page["rows"].empty();
    page["resume_text"] = texts.fill(manage[status == "suspended" ? "try_again" : "resume"], page);
    page["is_owner"] = text_in(page, "kind") == "owner";
    page["token"] = manage_form_token(token);
    page["about"] = !text_in(page, "website").empty();
    const bool looks_again = did == "test" && page["test_waits"].asBool();
    Response response = site.page(request, 200, "manage", std::move(page));
    if (looks_again) response.set("Refresh", kLookAgain);
    return response;
}

// The choices that belong to the pressed button, as JSON for the database.
std::string choice_of(const Request& request, std::string_view what) {
    Json::Value choice(Json::objectValue);
    if (what == "pause") {
        const std::string until = request.form.get_or("until", "");
        if (std::find(kPauses.begin(), kPauses.end(), until) == kPauses.end())
            throw BadRequest(400, "until names no end of a pause");
        choice["until"] = until;
    } else if (what == "schedule") {
        for (const char* field : {"every", "at", "on", "zone"}) {
            const std::string value = request.form.get_or(field, "");
            if (value.size() > kMaxChoice) throw BadRequest(400, "a field of the schedule is too long");
            choice[field] = value;
        }
    } else if (what == "events") {
        constexpr std::string_view kEvent = "event_";
        choice["events_version"] = request.form.get_or("events_version", "");
        choice["wanted"] = Json::Value(Json::arrayValue);
        for (const auto& [name, value] : request.form.all()) {
            if (name.starts_with(kEvent)) choice["wanted"].append(name.substr(kEvent.size()));
        }
    }
    return compact_json(choice);
}

Response press(Site& site, const Request& request, const std::string& token, const Value& token_hash) {
    const std::string what = request.form.get_or("do", "");
    if (std::find(kButtons.begin(), kButtons.end(), what) == kButtons.end())
        throw BadRequest(400, "do names no button of this page");
    // Compare hashes, so that the time of the comparison says nothing about the token.
    if (sha256(request.form.get_or("token", "")) != sha256(manage_form_token(token)))
        throw BadRequest(400, "the form does not come from this page");
    const std::string ticket = what == "renew" ? random_token() : std::string();
    const Json::Value page =
        site.ask("SELECT o365_programs.responder_manage_act($1, $2, $3, $4, $5)",
                 {token_hash, what, what == "test" ? test_card(site.texts(request)) : Value(),
                  ticket.empty() ? Value() : Value::bytes(sha256(ticket)), choice_of(request, what)});
    if (!page["found"].asBool()) return no_such_link(site, request);
    const std::string outcome = text_in(page, "outcome");
    log::debug("managed", "request={} connector={} do={} outcome={}", request.id, text_in(page, "slug"), what, outcome);
    if (what == "renew" && outcome == "done")
        return Response::redirect(303, fmt::format("{}/connect/{}/?ticket={}", text_in(page, "public_url"),
                                                   text_in(page, "slug"), url_encode(ticket)));
    return Response::redirect(303, fmt::format("{}/manage/{}?did={}", text_in(page, "public_url"), token,
                                               outcome == "done" ? what : outcome));
}

}  // namespace

Response manage(Site& site, const Request& request, const RouteParts& parts) {
    const std::string& token = parts.rest;
    if (!is_manage_token(token)) return no_such_link(site, request);
    const Value token_hash = Value::bytes(sha256(token));
    if (request.method == "POST") return press(site, request, token, token_hash);
    Json::Value page = site.ask("SELECT o365_programs.responder_manage($1)", {token_hash});
    if (!page["found"].asBool()) return no_such_link(site, request);
    if (text_in(page, "status") == "removed") return removed(site, request, std::move(page));
    const bool asks = request.query.fault("ask") == nullptr && request.query.get_or("ask", "") == "remove";
    if (asks && page["may_remove"].asBool()) return ask_to_remove(site, request, std::move(page), token);
    return show(site, request, std::move(page), token);
}

}  // namespace o365
