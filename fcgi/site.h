// What every route of the responder works with: one thread's database connection, the pages, and the few ways to
// answer. A Site belongs to one thread; the Pages are shared.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>
#include <vector>

#include "lib/database.h"
#include "lib/http.h"
#include "lib/page.h"

namespace o365 {

// Renders a page of the responder. `path` is the request's, for relative links; "" when it is not known. Texts of
// strings/en.json for the page and those of "common" stand under `t`, their {placeholders} filled from `values`.
Response render_page(const Pages& pages, std::string_view path, int status, std::string_view name, Json::Value values);

// The plain page for a status: 400, 404, 405, 413, 431, 500, 503. `request_id` is shown unless empty.
Response render_message(const Pages& pages, std::string_view path, int status, const std::string& request_id);

// `text` with each {name} replaced by the text that `values` has under that name.
std::string fill_placeholders(std::string_view text, const Json::Value& values);

// The route below "/connect/", cut at the slashes; empty when the path has no "/connect/". "/connect/" gives one empty
// part.
std::vector<std::string> connect_route(std::string_view path);

bool is_slug(std::string_view text);
bool is_request_id(std::string_view text);

class Site {
  public:
    Site(Database database, const Pages& pages) : database_(std::move(database)), pages_(pages) {}

    Database& database() noexcept { return database_; }
    const Pages& pages() const noexcept { return pages_; }

    // The answer of one of the o365.responder_ functions. Throws DatabaseError.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters = {});

    Response page(const Request& request, int status, std::string_view name, Json::Value values) const;
    Response message(const Request& request, int status) const;
    // 405, naming what the route takes.
    Response wrong_method(const Request& request, std::string_view allowed) const;
    // The page that says why nothing was connected. `page` is what the database says about the connector, `reason` one
    // of those in strings/en.json (any other gives a general text), `shown_id` the request id that o365.attempt finds.
    Response failed(const Request& request, Json::Value page, const std::string& reason,
                    const std::string& shown_id) const;

    // The page that says what is connected now; `page` as for failed, with app_type and group_name.
    Response connected(const Request& request, Json::Value page) const;

    // Logs when the database went away and when it came back, not every request in between.
    void database_answered(bool answered, const std::string& why = {});

  private:
    Database database_;
    const Pages& pages_;
    bool down_ = false;
};

// The text under `name`, or "" for null and anything else.
std::string text_of(const Json::Value& object, const char* name);

}  // namespace o365
