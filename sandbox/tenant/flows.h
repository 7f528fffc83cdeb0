// Workflows of a Teams channel: the kind that a form asks for, their pages, and their runs in words.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/http/http.h"
#include "sandbox/sandbox.h"

namespace o365 {

// The kind of workflow that a form asks for, by its fields flow_name, payload, trigger, post_as, fails, response and
// response_body; an empty field counts as absent.
struct FlowForm {
    Json::Value kind;     // as o365_programs.sandbox_create_flow takes it; null: the form has none of the fields
    std::string problem;  // a sentence that names the field and what it takes; empty: there is none
};
FlowForm read_flow_form(const Parameters& form);

// Describes a request to a workflow in a few words: "An envelope with one Adaptive Card". `body` is the body as the
// database stored it; "" if it did not.
std::string body_in_words(std::string_view body);

// What became of a request to a workflow. `answered` is the name of the answer, `note` why the run failed (empty: it
// did not), `has_response` whether the workflow has a Response step of its own.
struct RunInWords {
    std::string_view verdict;  // "Succeeded", "Failed", or "Not started" where no run began
    std::string words;
};
RunInWords run_in_words(std::string_view answered, std::string_view note, bool has_response);

// Lists the workflows of a channel for its page, as fields of `values`.
void put_flows(Sandbox& sandbox, const Json::Value& target, Json::Value& values);

// /tenant/<target>/flow/new makes a workflow (POST), /tenant/<target>/flow/<number> shows one (GET) and changes it
// (POST do: on, off, orphaned, deleted, anyone, tenant, mend, key). Its URL is on the page that a POST answers with,
// once: after new, anyone, tenant and key.
Response flow_page(Sandbox& sandbox, const Request& request, const Json::Value& target, std::string_view which);

}  // namespace o365
