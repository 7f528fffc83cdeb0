// What a webhook of the sandbox answers, word for word as office365-connectors.md section 3 has it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/http/http.h"

namespace o365 {

struct Answer {
    std::string_view name;  // "429-in-200"
    std::string_view help;  // one line for the fault page
    int status;
    std::string_view content_type;
    std::string_view body;
};

// All answers that can be asked for, "ok" first.
std::span<const Answer> answers();
bool is_answer(std::string_view name);

// The answer of that name for a dialect ("connector" or "workflow"), as a response, with the time that it is kept back.
// `retry_after` in seconds, unless 0. `pace` is "slow", "late", "slow-answer", or empty: at once. "get" and
// "other-method" are the answers to other methods than POST. Names that do not exist give 500, so that a typing mistake
// in a test is seen.
Response make_answer(std::string_view dialect, std::string_view name, int retry_after, std::string_view pace = {});

// Makes the answer that of a workflow's own Response step: 200 with `body`, as JSON if it is any, else as text,
// `seconds` after the request. Without a body the answer stays, since the run did not get as far as the step, but comes
// as late.
void answer_by_step(Response& response, std::chrono::seconds seconds, const std::optional<std::string>& body);

// Whether a Content-Type header says JSON in UTF-8: application/json, with charset utf-8 or none.
bool is_json_type(std::string_view content_type);

// The same JSON with strings and names in double quotes, where some are in single ones: connector webhooks read both,
// and Microsoft's documentation posts {'text':'Hello World'}. Standard JSON comes back unchanged, and what is no JSON
// is none afterwards. Json.NET's other liberties (comments, a comma at the end, names without quotes) are recorded
// nowhere for webhooks, so they stay refused.
std::string standard_json(std::string_view text);

// What a connector webhook makes of a body: "ok", "400-json" (no JSON object, or a field that cannot be read
// as the type that the reference says, or an action or input of a type that is not known, as ViewAction is),
// "400-text", "400-in-200" (a message whose attachment is no card) or "413-in-200". An incoming webhook takes Adaptive
// Cards too, in the envelope of office365-connectors.md 6.1; one that a connector got does not (5.6).
std::string judge_body(const std::string& body, bool takes_adaptive = true);

// What the trigger of a workflow makes of one: "ok", or "400-json" for what is no JSON object.
std::string judge_trigger(const std::string& body);

// What the run of a workflow will trip over after its trigger took the body (office365-connectors.md 3.2), or why Teams
// shows nothing of what it posts (adaptive_problem); "" for nothing: the sender never learns of it. `payload` is what
// the workflow posts: "envelope", each card of attachments, as the template does; "card", the whole body as a card.
std::string judge_flow(const std::string& body, std::string_view payload = "envelope");

}  // namespace o365
