// What every route of the responder works with: one thread's database connection, the pages, and the few ways to
// answer. A Site belongs to one thread; the Pages are shared.
#pragma once

#include <json/json.h>

#include <chrono>
#include <optional>
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

// What follows "/action/" in a path: the token of a link to a card's action, a secret. nullopt for any other path.
std::optional<std::string_view> action_route(std::string_view path);

bool is_slug(std::string_view text);
bool is_request_id(std::string_view text);

class Site {
  public:
    // `sealing_key`: the id of the only key that webhooks may be sealed under; "" for whichever the database has.
    Site(Database database, const Pages& pages, std::string sealing_key = {})
        : database_(std::move(database)), pages_(pages), sealing_key_(std::move(sealing_key)) {}

    Database& database() noexcept { return database_; }
    const Pages& pages() const noexcept { return pages_; }
    const std::string& sealing_key() const noexcept { return sealing_key_; }

    // Throws BadRequest unless a POST comes from a page of ours: by Sec-Fetch-Site, which browsers write and pages
    // cannot; where there is none by Origin, which is compared with public_url. Before anything else is done with it.
    void refuse_other_sites(const Request& request);

    // Throws DatabaseError (Fault::retry) while the database's schema is of a version that this program does not go
    // with. Asks once a minute at most: the schema may be upgraded while the program runs.
    void check_schema();

    // The answer of one of the o365.responder_ functions, after check_schema. Throws DatabaseError.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters = {});

    Response page(const Request& request, int status, std::string_view name, Json::Value values) const;
    Response message(const Request& request, int status) const;
    // 405, naming what the route takes.
    Response wrong_method(const Request& request, std::string_view allowed) const;
    // The page that says why nothing was connected, and how this browser may go on. `page` is what the database says
    // about the connector, and where it knows how to go on (o365_internal.way_on), `reason` one of those in
    // strings/en.json (any other gives a general text), `shown_id` the request id that o365.attempt finds.
    Response failed(const Request& request, Json::Value page, const std::string& reason,
                    const std::string& shown_id) const;
    // The redirect to that page: 303 after a POST, else 302. `page` names public_url and slug.
    static Response to_failed(const Request& request, const Json::Value& page, const std::string& reason,
                              const std::string& shown_id);

    // The page that asks to confirm a connection; `page` as responder_done gives it, with the form's token.
    Response confirm(const Request& request, Json::Value page, const std::string& shown_id) const;

    // The page that says what is connected now; `page` as for failed, with app_type and group_name.
    Response connected(const Request& request, Json::Value page) const;

    // Logs when the database went away and when it came back, not every request in between.
    void database_answered(bool answered, const std::string& why = {});

  private:
    Database database_;
    const Pages& pages_;
    std::string sealing_key_;
    bool down_ = false;
    std::chrono::steady_clock::time_point schema_checked_{};
};

// Lets a form of the page lead to the Connect page, and where that is Microsoft's on to its sign-in.
void allow_connect_page(Response& response, const std::string& connect_url);

// The text under `name`, or "" for null and anything else.
std::string text_of(const Json::Value& object, const char* name);

}  // namespace o365
