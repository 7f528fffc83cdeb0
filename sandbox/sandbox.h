// What every route of the sandbox works with. A Sandbox belongs to one thread.
#pragma once

#include <json/json.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/database/database.h"
#include "lib/http/http.h"
#include "lib/http_client/http_client.h"
#include "lib/pages/pages.h"
#include "sandbox/actions/token.h"
#include "sandbox/webhooks/slow_line.h"

namespace o365 {

// What all threads share; outlives them.
struct SandboxParts {
    const Pages& pages;
    const TokenIssuer& tokens;
    HttpClientOptions http;  // only_loopback
    Json::Value settings;    // the answer of o365_programs.sandbox_settings
    SlowLine* line;          // null: there is none
};

class Sandbox {
  public:
    Sandbox(Database database, const SandboxParts& parts) : database_(std::move(database)), parts_(parts) {}

    // Before each request: who has signed in, and where they are.
    void begin(const Request& request);

    Database& database() noexcept { return database_; }
    const Pages& pages() const noexcept { return parts_.pages; }
    const TokenIssuer& tokens() const noexcept { return parts_.tokens; }
    SlowLine* line() const noexcept { return parts_.line; }
    // "webhook_origin", "flow_origin", "slow_origin", "public_url", "connect_url".
    std::string setting(const char* name) const { return parts_.settings[name].asString(); }
    // Scheme, host and port of the sandbox itself, for redirects: those of connect_url.
    std::string origin() const;
    // The name that the browser signed in with; empty when it has not.
    const std::string& person() const noexcept { return person_; }

    // The one jsonb that a statement returns; null when it is NULL.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters);
    Response page(int status, std::string_view name, Json::Value values) const;
    // A page that says one thing: a heading and a sentence.
    Response message(int status, std::string_view heading, std::string_view text) const;
    Response redirect(std::string_view path) const { return Response::redirect(303, origin() + std::string(path)); }
    // The page that asks for a name and leads to `next`, a path of ours, afterwards.
    Response sign_in_first(std::string_view next) const;
    // One request to a service on this machine. Blocks until it is answered or 20 seconds are over.
    PostResult fetch(HttpRequest request) const;

  private:
    Database database_;
    const SandboxParts& parts_;
    std::string person_;
    std::string path_;  // of the page that is answered
};

// Finds the route of a request and answers it.
Response answer(Sandbox& sandbox, const Request& request);

// Routes, a file each. What follows a prefix is passed on as `rest`, without the slash.
Response home(Sandbox& sandbox, const Request& request);
Response sign_in(Sandbox& sandbox, const Request& request);
Response sign_out(Sandbox& sandbox, const Request& request);
Response connect_page(Sandbox& sandbox, const Request& request);
Response dashboard(Sandbox& sandbox, const Request& request, std::string_view rest);
Response store(Sandbox& sandbox, const Request& request, std::string_view rest);
// The store's checklist against this installation, for the connector with that GUID.
Response preflight_page(Sandbox& sandbox, const std::string& app_id);
Response tenant(Sandbox& sandbox, const Request& request, std::string_view rest);
// A connector that sets itself up at a place in a frame, and the page that clears up behind it.
Response configure(Sandbox& sandbox, const Request& request, const Json::Value& target, const std::string& app_id);
Response remove_embedded(Sandbox& sandbox, const Json::Value& target, const std::string& webhook_id);
bool is_webhook(std::string_view path);
// What the database knows a webhook by: SHA-256 of its path and query, 32 bytes; the same for every spelling of them.
std::string webhook_hash(std::string_view path_and_query);
// The workflow's id in it; null for a connector, and for form J, which has no id.
Value workflow_id(std::string_view path_and_query);
Response webhook(Sandbox& sandbox, const Request& request, std::string_view path_and_query);
// A request whose body is longer than the web server passes on; request.uri says where to.
Response too_large(Sandbox& sandbox, const Request& request);
Response feed(Sandbox& sandbox, const Request& request, std::string_view rest);
Response feed_json(Sandbox& sandbox, const Request& request);
Response act(Sandbox& sandbox, const Request& request);
Response playground(Sandbox& sandbox, const Request& request);
Response faults(Sandbox& sandbox, const Request& request);
Response faults_json(Sandbox& sandbox, const Request& request);
Response throttle(Sandbox& sandbox, const Request& request);
Response slow_line(Sandbox& sandbox, const Request& request);
Response request_log(Sandbox& sandbox, const Request& request, bool as_json);
// Keys and metadata of the tokens that go with actions; nullopt: the path is another's.
std::optional<Response> token_metadata(Sandbox& sandbox, std::string_view path);
// A service that takes actions, to have one to press.
Response example_action(Sandbox& sandbox, const Request& request);

// ---- What routes share

// Whether a Host header or a URL's host means this machine: localhost, *.localhost, 127.0.0.0/8, ::1.
bool is_loopback_host(std::string_view host);
// What programs filter feed and log by: numbers, or empty. The answer when one is none; nullopt: they are.
std::optional<Response> refused_filter(const Sandbox& sandbox, const Request& request);
// Values for the parameters target_id, after, before and n of o365_programs.sandbox_log and o365_programs.sandbox_feed,
// for what `query` asks for; the filters are numbers. At most `most` posts. No post is among them before one that is
// still to come.
std::vector<Value> filters(Sandbox& sandbox, const Parameters& query, std::string_view target, bool newest, int most);
// The first post that is still there, for a program that would know whether it has missed some. After reading them.
void say_oldest(Sandbox& sandbox, Response& response);
constexpr std::size_t kMaxPerson = 60;  // characters
constexpr std::size_t kMaxPlace = 256;  // characters
// Whether a text of UTF-8 can name a person or a place: not of blanks alone, and of at most `most` characters.
bool is_name(std::string_view text, std::size_t most);
// 1 to `digits` decimal digits.
bool is_number(std::string_view text, std::size_t digits = 9);
std::string guid_of(std::string_view bytes);  // of at least 16 bytes
// The object id of a person: the same at every connection, and stored nowhere.
std::string object_id(const std::string& person);
// Cookie that signs a person in.
std::string person_cookie(const std::string& name);
// Lets a page run the sandbox's own scripts and show pictures of this machine.
Response with_scripts(Response response);
std::string json_text(const Json::Value& value, bool indented = false);
// Everybody's groups, teams, inboxes and workflows: a list of owner and targets, and of each target target_id, place,
// label ("Group"), icon, posts, configured ("2 configured") and, of a channel whose only workflow is not on, state. All
// are text.
Json::Value places_by_person(Sandbox& sandbox);
// The forms in which webhooks are handed out (office365-connectors.md section 2); of each dialect the first is the
// usual one. Whichever it was, all of them lead to the webhook, but for "gateway", whose path names no workflow.
struct WebhookForm {
    std::string_view dialect;
    std::string_view name;  // "cu"
    std::string_view help;
};
std::span<const WebhookForm> webhook_forms();
// Those of a dialect, for a page: a list of form_name and form_help.
Json::Value forms_of(std::string_view dialect);
// Whether a dialect has that form; it has "", the usual one.
bool is_form(std::string_view dialect, std::string_view name);
// Path of a connector's new webhook, forms C and D of office365-connectors.md section 2; of an incoming webhook for an
// empty GUID. `form` as webhook_forms has it.
std::string connector_path(const std::string& app_id, std::string_view form = {});
// Path and query of a new URL of the workflow with that id, in a form of webhook_forms; of one that its tenant alone
// may trigger without a signature (form I), which a gateway has none of, so then it is the usual form.
std::string workflow_path(std::string_view id, std::string_view form, bool only_tenant);
// Makes a path, and its query, a webhook of a target (the answer of o365_programs.sandbox_target), for a connector's
// GUID unless that is empty. Its URL is in this answer and nowhere else.
struct HandedOut {
    std::string url;
    int number = 0;  // in the log, on the place's page, and for a fault of this webhook alone
    int flow = 0;    // the number of the workflow that it starts; 0: it is a connector's
};
HandedOut hand_out(Sandbox& sandbox, const Json::Value& target, const std::string& path, const std::string& app_id);
// The same with a new URL of a workflow of a channel (one of o365_programs.sandbox_flows); null stands for the
// channel's oldest that is not deleted, and makes one when there is none.
HandedOut hand_out_flow(Sandbox& sandbox, const Json::Value& target, const Json::Value& flow, std::string_view form,
                        const std::string& app_id);
// Makes a place, or finds it: as o365_programs.sandbox_target has it. Null when that name is taken by one that takes
// other cards.
Json::Value create_place(Sandbox& sandbox, const std::string& person, const std::string& kind, const std::string& name,
                         const std::string& dialect);
// mail, groups and teams as people call them.
Json::Value kind_names(const Json::Value& enabled_for);
// Puts "ways" into a connector of the catalog: label and url of each landing page that adds it.
void put_ways_in(Json::Value& connector);

// A body of multipart/form-data. A name that occurs again is kept with the last value.
struct FormData {
    std::map<std::string, std::string, std::less<>> fields;  // UTF-8
    std::string file;                                        // the bytes of the one file; empty: none was chosen
    std::string get(std::string_view name) const;
};
// Throws BadRequest when it is none.
FormData parse_form_data(const Request& request);

}  // namespace o365
