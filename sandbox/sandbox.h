// What every route of the sandbox works with. A Sandbox belongs to one thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>
#include <vector>

#include "lib/database.h"
#include "lib/http.h"
#include "lib/page.h"

namespace o365 {

class Sandbox {
  public:
    // `settings`: the answer of o365.sandbox_settings.
    Sandbox(Database database, const Pages& pages, Json::Value settings)
        : database_(std::move(database)), pages_(pages), settings_(std::move(settings)) {}

    Database& database() noexcept { return database_; }
    const Pages& pages() const noexcept { return pages_; }
    // "webhook_origin", "flow_origin", "public_url", "connect_url".
    std::string setting(const char* name) const { return settings_[name].asString(); }
    // Scheme, host and port of the sandbox itself, for redirects: those of connect_url.
    std::string origin() const;

    // The one jsonb that a statement returns; null when it is NULL.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters);
    Response page(int status, std::string_view name, const Json::Value& values) const;
    // A page that says one thing: a heading and a sentence.
    Response message(int status, std::string_view heading, std::string_view text) const;

  private:
    Database database_;
    const Pages& pages_;
    Json::Value settings_;
};

// Finds the route of a request and answers it.
Response answer(Sandbox& sandbox, const Request& request);

// Routes, a file each.
Response home(Sandbox& sandbox, const Request& request);
Response connect_page(Sandbox& sandbox, const Request& request);
Response webhook(Sandbox& sandbox, const Request& request, std::string_view path_and_query);
Response feed(Sandbox& sandbox, const Request& request, std::string_view target);
Response feed_json(Sandbox& sandbox, const Request& request);
Response faults(Sandbox& sandbox, const Request& request);

// Whether a Host header or a URL's host means this machine: localhost, *.localhost, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);

}  // namespace o365
