// The pages of the responder as values become HTML: the texts of the reader's language, header profile.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/http/http.h"
#include "lib/pages/pages.h"

namespace o365 {

// Renders a page of the responder in the language of `texts`. `path` is the request's, for relative links; "" when it
// is not known. The texts of the page's section, of "common" and of values["texts"] (which win) stand under `t`, with
// their placeholders filled from `values`, and under `h` as HTML: {{t.heading}}, {{{h.account}}}. Only what the text
// itself says is markup there, so a template that uses {{{h.}}} is as safe as one that uses {{t.}}.
Response render_page(const Pages& pages, const Texts& texts, std::string_view path, int status, std::string_view name,
                     Json::Value values);

// A part that several pages have (templates/<name>.mustache), for {{{...}}} in theirs, with its texts as in
// render_page.
std::string render_part(const Pages& pages, const Texts& texts, std::string_view path, std::string_view name,
                        Json::Value values);

// The plain page for a status: 400, 404, 405, 413, 431, 500, 503. `request_id` is shown unless empty.
Response render_message(const Pages& pages, const Texts& texts, std::string_view path, int status,
                        const std::string& request_id);

// Lets a form of the page lead to the Connect page, and where that is Microsoft's on to its sign-in.
void allow_connect_page(Response& response, const std::string& connect_url);

}  // namespace o365
