// Renders the responder's pages: HTML from values and from the texts of the reader's language. Safe from any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>

#include "lib/http/http.h"
#include "lib/pages/pages.h"

namespace o365 {

// Renders a page of the responder in the language of `texts`. `path`: the request's, for relative links; "" when it is
// not known. The template finds its texts as {{t.<text>}} and, as HTML, {{{h.<text>}}}, with placeholders filled from
// `values`: those of values["texts"], else of the page's section, else of the section "common". In {{{h.}}} values are
// escaped, so it is as safe as {{t.}}.
Response render_page(const Pages& pages, const Texts& texts, std::string_view path, int status, std::string_view name,
                     Json::Value values);

// Renders templates/<name>.mustache, a part that several pages show as {{{...}}}, with its texts as in render_page().
std::string render_part(const Pages& pages, const Texts& texts, std::string_view path, std::string_view name,
                        Json::Value values);

// The plain page for a status: 400, 404, 405, 413, 431, 500, 503. `request_id` is shown unless empty.
Response render_message(const Pages& pages, const Texts& texts, std::string_view path, int status,
                        const std::string& request_id);

// Allows the page's forms to lead to the Connect page and, where that is Microsoft's, to Microsoft's sign-in.
void allow_connect_page(Response& response, const std::string& connect_url);

}  // namespace o365
