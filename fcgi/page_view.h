// The pages of the responder as values become HTML: texts of strings/en.json, placeholders, header profile.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/http/http.h"
#include "lib/pages/pages.h"

namespace o365 {

// Renders a page of the responder. `path` is the request's, for relative links; "" when it is not known. Texts of
// strings/en.json for the page and those of "common" stand under `t`, their {placeholders} filled from `values`.
Response render_page(const Pages& pages, std::string_view path, int status, std::string_view name, Json::Value values);

// A part of a page that several pages have (templates/<name>.mustache), for {{{...}}} in theirs, with its texts under
// `t` as render_page gives them.
std::string render_part(const Pages& pages, std::string_view path, std::string_view name, Json::Value values);

// The plain page for a status: 400, 404, 405, 413, 431, 500, 503. `request_id` is shown unless empty.
Response render_message(const Pages& pages, std::string_view path, int status, const std::string& request_id);

// `text` with each {name} replaced by the text that `values` has under that name.
std::string fill_placeholders(std::string_view text, const Json::Value& values);

// Lets a form of the page lead to the Connect page, and where that is Microsoft's on to its sign-in.
void allow_connect_page(Response& response, const std::string& connect_url);

}  // namespace o365
