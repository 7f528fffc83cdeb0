// Every route against an installation on the server of tests/with-postgres, as the responder's own role, and as a
// browser uses them: cookies are kept, redirects lead on.
#include "fcgi/routes.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "lib/cards/action_link.h"
#include "lib/http/url.h"
#include "tests/support/installation.h"

using namespace o365;

namespace {

using Form = std::map<std::string, std::string>;

// Made once; each test has users of its own.
Installation& installation() {
    static Installation made("routes");
    static const bool filled = [] {
        const std::string key = "'10FF825991ECBCBF', 'public', o365_internal.dearmor($1)";
        std::ifstream file(O365_SOURCE_DIR "/tests/sql/fixtures/public_key.asc");
        const std::string armored{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        made.owner().call("select o365_programs.worker_add_key(" + key +
                              "), o365_programs.worker_add_key('sym-0a1b2c3d', 'symmetric')",
                          {armored});
        made.add_connector("desk", ", support => 'help@example.org'");
        made.add_connector("asks", ", confirm => true");
        made.add_connector("open", ", allow_anonymous => true");
        return true;
    }();
    BOOST_REQUIRE(filled);
    return made;
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [one, value] : response.headers()) {
        if (one == name) return value;
    }
    return {};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A browser at pages of ours; public_url is https://app.example.
class Browser {
  public:
    Response get(const std::string& url, std::map<std::string, std::string, std::less<>> headers = {}) {
        return visit("GET", url, {}, std::move(headers));
    }
    Response post(const std::string& url, const Form& form) { return visit("POST", url, form, {}); }
    // What a form of the last page holds under a name.
    std::string field(std::string_view name) const {
        const auto at = page_.find(fmt::format("name=\"{}\" value=\"", name));
        if (at == std::string::npos) return {};
        const auto begin = page_.find("value=\"", at) + 7;
        return page_.substr(begin, page_.find('"', begin) - begin);
    }

  private:
    Response visit(const std::string& method, const std::string& url, const Form& form,
                   std::map<std::string, std::string, std::less<>> headers) {
        static int number = 0;
        Request request;
        request.id = fmt::format("r-{:012x}", ++number);
        request.method = method;
        const std::string relative = url.starts_with(kOrigin) ? url.substr(kOrigin.size()) : url;
        request.uri = relative;
        request.path = relative.substr(0, relative.find('?'));
        if (relative.size() > request.path.size())
            request.query = Parameters::parse_query(std::string_view(relative).substr(request.path.size() + 1));
        std::string body;
        for (const auto& [name, value] : form) body += fmt::format("&{}={}", name, url_encode(value));
        if (!body.empty()) request.form = Parameters::parse(body.substr(1));
        if (method == "POST" || headers.contains("HTTP_SEC_FETCH_SITE")) request.sec_fetch_site = "same-origin";
        request.headers = std::move(headers);
        for (const auto& [name, value] : cookies_) request.cookies += fmt::format("{}={}; ", name, value);
        Response response = answer(site_, request);
        for (const auto& [name, value] : response.headers()) {
            if (name != "Set-Cookie") continue;
            const auto equals = value.find('=');
            cookies_[value.substr(0, equals)] = value.substr(equals + 1, value.find(';') - equals - 1);
        }
        page_ = response.body;
        return response;
    }

    static constexpr std::string_view kOrigin = "https://app.example";
    Pages pages_{""};
    DatabasePool database_{[] { return Database("dbname=routes", "o365_responder", "routes_tests"); }, 1};
    GatheredCopy callbacks_{database_, callback_door(), 1};
    ActionTokens action_tokens_{database_};
    Site site_{database_, callbacks_, pages_, action_tokens_};
    std::map<std::string, std::string> cookies_;
    std::string page_;
};

std::string ticket(const std::string& user, const std::string& slug = "desk") {
    const std::string link = installation().text(fmt::format("select o365.begin_connect('{}', '{}')", slug, user));
    return link.substr(link.find("ticket=") + 7);
}

// Presses the button of the landing page; the state that Microsoft's page gets.
std::string begin(Browser& browser, const std::string& user, const std::string& slug = "desk") {
    const Response response = browser.post("/connect/" + slug + "/start", {{"ticket", ticket(user, slug)}});
    BOOST_TEST(response.status == 303);
    const std::string url = header(response, "Location");
    const auto at = url.find("state=") + 6;
    return url.substr(at, url.find('&', at) - at);
}

std::string callback_url(const std::string& state, const std::string& user, const std::string& slug = "desk") {
    return fmt::format(
        "/connect/{}/callback?state={}&webhook_url=https%3A%2F%2Ffar.example%2Fhook%2F{}&"
        "group_name=Sales&app_type=Groups&user_objectId=object",
        slug, state, user);
}

std::string status_of(const std::string& user) {
    return installation().text(
        fmt::format("select status from o365.subscriptions where app_user = '{}' order by subscription_id desc", user));
}

// Connects a user by Microsoft's page; where the answer leads.
std::string connect(Browser& browser, const std::string& user, const std::string& slug = "desk") {
    return header(browser.get(callback_url(begin(browser, user, slug), user, slug)), "Location");
}

std::string reason_of(const Response& response) {
    const std::string url = header(response, "Location");
    const auto at = url.find("reason=");
    return at == std::string::npos ? url : url.substr(at + 7, url.find('&', at) - at - 7);
}

constexpr const char* kFlow =
    "https://prod-00.westeurope.logic.azure.com/workflows/0123456789abcdef/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz0123456789_-";

// Pastes the webhook of a workflow of that user's; the page that asks for the code.
std::string paste(Browser& browser, const std::string& user) {
    const Response response = browser.post(
        "/connect/desk/workflow", {{"ticket", ticket(user)}, {"url", kFlow + user}, {"place", "Channel of " + user}});
    BOOST_TEST(response.status == 303);
    BOOST_TEST(has(header(response, "Location"), "/connect/desk/workflow/"));
    return header(response, "Location");
}

// The digits on the card that waits for that user's webhook.
std::string code_for(const std::string& user) {
    return installation().text(fmt::format(
        "select o365_internal.proof_code(max(o.card_id)) from o365_internal.outbox as o "
        "join o365_internal.subscription as s on s.subscription_id = o.subscription_id where s.app_user = '{}'",
        user));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routes_tests)

BOOST_AUTO_TEST_CASE(pages_that_anybody_may_see) {
    Browser browser;
    installation();
    BOOST_TEST(browser.get("/healthz").status == 200);
    // The only one that anybody may connect.
    BOOST_TEST(header(browser.get("/connect/"), "Location") == "https://app.example/connect/open/");
    BOOST_TEST(browser.get("/connect/desk/").status == 200);
    BOOST_TEST(header(browser.get("/connect/desk"), "Location") == "https://app.example/connect/desk/");
    BOOST_TEST(has(browser.get("/connect/desk/help").body, "help@example.org"));
    BOOST_TEST(browser.get("/connect/desk/recorded").status == 200);
    BOOST_TEST(header(browser.get("/connect/desk/logo"), "Content-Type") == "image/png");
    BOOST_TEST(has(header(browser.get("/connect/static/o365.css"), "Content-Type"), "text/css"));
    BOOST_TEST(header(browser.get("/connect/desk/workflow"), "Location") == "https://app.example/connect/desk/");
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_a_page_with_404) {
    Browser browser;
    for (const char* path : {"/nothing", "/connect/nothing/", "/connect/nothing/help", "/connect/nothing/logo",
                             "/connect/nothing/recorded", "/connect/nothing/failed", "/connect/nothing/workflow",
                             "/connect/static/none", "/connect/desk/done/no-id", "/connect/desk/workflow/no-id",
                             "/connect/desk/done/00000000-0000-4000-8000-000000000000",
                             "/connect/desk/workflow/00000000-0000-4000-8000-000000000000", "/action/1-0-x",
                             "/manage/no-token", "/manage/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
        BOOST_TEST(browser.get(path).status == 404, path);
    BOOST_TEST(browser.post("/connect/nothing/start", {{"ticket", "x"}}).status == 404);
    BOOST_TEST(browser.post("/connect/nothing/workflow", {{"ticket", "x"}, {"url", kFlow}}).status == 404);
    BOOST_TEST(header(browser.post("/connect/desk/help", {}), "Allow") == "GET, HEAD");
}

BOOST_AUTO_TEST_CASE(a_person_connects_by_microsofts_page) {
    Browser browser;
    const std::string state = begin(browser, "ann");
    const Response response = browser.get(callback_url(state, "ann"));
    BOOST_TEST(response.status == 302);
    const std::string done = header(response, "Location");
    BOOST_TEST(done.starts_with("https://app.example/connect/desk/done/"));
    BOOST_TEST(has(browser.get(done).body, "Sales"));
    BOOST_TEST(status_of("ann") == "active");
    const std::string token = browser.field("token");
    BOOST_TEST(header(browser.get(callback_url(state, "ann")), "Location") == done);
    BOOST_TEST(!has(Browser().get(done).body, "Sales"));
    BOOST_TEST(has(header(browser.post(done, {{"do", "manage"}, {"token", token}}), "Location"), "/manage/"));
    BOOST_TEST(header(browser.post(done, {{"do", "manage"}, {"token", "another"}}), "Location") == done);
}

BOOST_AUTO_TEST_CASE(a_callback_that_connects_nothing_says_why) {
    Browser browser;
    const std::string state = begin(browser, "ben");
    BOOST_TEST(browser.get(callback_url(state, "ben"), {{"HTTP_SEC_PURPOSE", "prefetch"}}).status == 503);
    BOOST_TEST(browser.get(callback_url(state, "ben"), {{"HTTP_SEC_FETCH_DEST", "iframe"}}).status == 200);
    BOOST_TEST(browser.get("/connect/desk/callback").status == 200);
    BOOST_TEST(reason_of(browser.get("/connect/desk/callback?amp;state=x&webhook_url=y")) == "malformed");
    BOOST_TEST(reason_of(browser.get("/connect/desk/callback?state=" + state)) == "malformed");
    BOOST_TEST(reason_of(browser.get("/connect/desk/callback?state=unknown&webhook_url=https://far.example/x")) ==
               "no_state");
    BOOST_TEST(reason_of(Browser().get(callback_url(state, "ben"))) == "no_cookie");
    BOOST_TEST(reason_of(browser.get(fmt::format(
                   "/connect/desk/callback?state={}&webhook_url=https%3A%2F%2Felsewhere.example%2Fx", state))) ==
               "refused_host");
    const std::string again = begin(browser, "ben");
    const std::string failed =
        header(browser.get("/connect/desk/callback?state=" + again + "&error=AccessDenied"), "Location");
    BOOST_TEST(has(failed, "reason=denied"));
    BOOST_TEST(has(browser.get(failed).body, "Deny"));
    const std::string request = browser.field("again");
    BOOST_TEST(!request.empty());
    BOOST_TEST(has(header(browser.post("/connect/desk/start", {{"again", request}}), "Location"), "portal.example"));
    BOOST_CHECK_THROW(browser.post("/connect/desk/start", {{"again", "no id"}}), BadRequest);
    BOOST_TEST(reason_of(Browser().post("/connect/desk/start", {{"ticket", "x"}})) == "ticket");
    BOOST_TEST(browser.get("/connect/unknown/callback?state=x&webhook_url=y").status == 404);
    BOOST_TEST(status_of("ben").empty());
}

BOOST_AUTO_TEST_CASE(a_missing_cookie_is_looked_for_once_more) {
    Browser browser;
    const std::string state = begin(browser, "eve");
    const std::string failed = header(Browser().get(callback_url(state, "eve")), "Location");
    Browser other;
    BOOST_TEST(has(other.get(failed).body, "cookie"));
    BOOST_TEST(other.get(failed + "&look=1").status == 200);
    // F34: by the browser that has the cookie, and only when somebody opens the page.
    const std::string id = failed.substr(failed.find("request=") + 8);
    const auto outcome = [&] {
        return installation().text("select a.outcome from o365.connect_attempt('" + id + "') as a");
    };
    const std::string look = failed + "&look=1";
    for (const char* name : {"HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ"}) {
        browser.get(look, {{"HTTP_SEC_FETCH_SITE", "same-origin"}, {name, "prefetch;prerender"}});
        BOOST_TEST(outcome() == "no_cookie");
    }
    browser.get(look, {{"HTTP_SEC_FETCH_SITE", "same-origin"}});
    BOOST_TEST(outcome() == "strict_cookie");
}

BOOST_AUTO_TEST_CASE(a_connector_that_asks_is_answered_by_the_browser_that_connected) {
    for (const char* what : {"yes", "no"}) {
        Browser browser;
        const std::string user = std::string("asked-") + what;
        const std::string done = connect(browser, user, "asks");
        browser.get(done);
        const std::string token = browser.field("token");
        BOOST_TEST(status_of(user) == "pending");
        BOOST_TEST(!has(Browser().get(done).body, "Sales"));
        BOOST_CHECK_THROW(browser.post(done, {{"token", token}, {"answer", "perhaps"}}), BadRequest);
        BOOST_TEST(reason_of(browser.post(done, {{"token", "another"}, {"answer", what}})) == "no_cookie");
        const Response answered = browser.post(done, {{"token", token}, {"answer", what}});
        BOOST_TEST(reason_of(answered) == (what == std::string("yes") ? done : "discarded"));
        BOOST_TEST(status_of(user) == (what == std::string("yes") ? "active" : "removed"));
    }
}

BOOST_AUTO_TEST_CASE(a_pasted_webhook_is_proven_by_its_code) {
    Browser browser;
    const std::string page = paste(browser, "cem");
    const Response waiting = browser.get(page);
    BOOST_TEST(header(waiting, "Refresh") == "3");
    BOOST_TEST(header(browser.get(page + "?another"), "Refresh").empty());
    BOOST_TEST(!has(Browser().get(page).body, "Channel of cem"));
    const std::string token = browser.field("token");
    const std::string code = code_for("cem");
    BOOST_TEST(code.size() == 6U);
    BOOST_CHECK_THROW(browser.post(page, {{"token", token}, {"do", "guess"}}), BadRequest);
    BOOST_TEST(header(browser.post(page, {{"token", "another"}, {"do", "prove"}, {"code", code}}), "Location").empty());
    const std::string wrong = code == "000000" ? "000001" : "000000";
    BOOST_TEST(header(browser.post(page, {{"token", token}, {"do", "prove"}, {"code", wrong}}), "Location") == page);
    BOOST_TEST(status_of("cem") == "pending");
    const std::string typed = code.substr(0, 3) + " " + code.substr(3);
    BOOST_TEST(header(browser.post(page, {{"token", token}, {"do", "prove"}, {"code", typed}}), "Location") == page);
    BOOST_TEST(status_of("cem") == "active");
    BOOST_TEST(has(header(browser.get(page), "Location"), "/connect/desk/done/"));
}

BOOST_AUTO_TEST_CASE(another_code_or_the_other_form_is_posted_where_it_is_asked_for) {
    Browser browser;
    const std::string page = paste(browser, "dora");
    browser.get(page);
    const std::string token = browser.field("token");
    for (const char* what : {"again", "other"})
        BOOST_TEST(header(browser.post(page, {{"token", token}, {"do", what}}), "Location") == page);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_webhook_comes_back_with_a_sentence) {
    Browser browser;
    const std::string mine = ticket("gil");
    for (const char* url : {"", "hello", "http://far.example/x", "https://elsewhere.example/workflows/x?sig=y"}) {
        const Response response =
            browser.post("/connect/desk/workflow", {{"ticket", mine}, {"url", url}, {"schedule", "daily"}});
        BOOST_TEST(response.status == 422, url);
        BOOST_TEST(browser.field("ticket") == mine);
    }
    BOOST_TEST(browser.post("/connect/desk/workflow", {{"ticket", mine}}).status == 200);
    BOOST_TEST(reason_of(browser.post("/connect/desk/workflow", {{"ticket", "none"}, {"url", kFlow}})) == "ticket");
    for (const Form& form : {Form{{"again", "no id"}}, Form{{"place", std::string(401, 'x')}}, Form{{"renews", "x"}}})
        BOOST_CHECK_THROW(browser.post("/connect/desk/workflow", form), BadRequest);
}

BOOST_AUTO_TEST_CASE(whoever_has_the_link_manages_a_connection) {
    Browser browser;
    connect(browser, "hal");
    const std::string link =
        installation().text("select o365.manage_link(subscription_id) from o365.subscriptions where app_user = 'hal'");
    BOOST_TEST(has(browser.get(link).body, "Sales"));
    const std::string token = browser.field("token");
    const auto press = [&](Form form) {
        form["token"] = token;
        return header(browser.post(link, form), "Location");
    };
    BOOST_TEST(press({{"do", "pause"}, {"until", "hour"}}) == link + "?did=pause");
    BOOST_TEST(status_of("hal") == "paused");
    BOOST_TEST(browser.get(link + "?did=pause").status == 200);
    BOOST_TEST(press({{"do", "resume"}}) == link + "?did=resume");
    BOOST_TEST(press({{"do", "schedule"}, {"every", "weekly"}, {"at", "09:00"}, {"on", "monday"}, {"zone", "UTC"}}) ==
               link + "?did=schedule");
    BOOST_TEST(has(browser.get(link + "?did=schedule").body, "09:00"));
    BOOST_TEST(
        has(press({{"do", "events"}, {"events_version", browser.field("events_version")}, {"event_1", "1"}}), "?did="));
    BOOST_TEST(press({{"do", "test"}}) == link + "?did=test");
    BOOST_TEST(browser.get(link + "?did=test").status == 200);
    BOOST_TEST(has(press({{"do", "renew"}}), "/connect/desk/?ticket="));
    BOOST_CHECK_THROW(press({{"do", "erase"}}), BadRequest);
    BOOST_CHECK_THROW(press({{"do", "pause"}, {"until", "never"}}), BadRequest);
    BOOST_CHECK_THROW(press({{"do", "schedule"}, {"zone", std::string(101, 'x')}}), BadRequest);
    BOOST_CHECK_THROW(browser.post(link, {{"do", "pause"}, {"token", "another"}}), BadRequest);
    BOOST_TEST(has(browser.get(link + "?ask=remove").body, "name=\"token\""));
    BOOST_TEST(press({{"do", "remove"}}) == link + "?did=remove");
    BOOST_TEST(status_of("hal") == "removed");
    BOOST_TEST(browser.get(link).status == 200);
}

BOOST_AUTO_TEST_CASE(a_connection_whose_far_end_refuses_says_what_its_owner_can_do) {
    Browser browser;
    connect(browser, "ida");
    installation().owner().call(
        "update o365_internal.subscription set status = 'gone', status_reason = 'HTTP 410' where app_user = 'ida'");
    const std::string link =
        installation().text("select o365.manage_link(subscription_id) from o365.subscriptions where app_user = 'ida'");
    BOOST_TEST(browser.get(link).status == 200);
}

BOOST_AUTO_TEST_CASE(a_cards_action_is_pressed_on_a_page_of_ours) {
    Browser browser;
    const std::string page = paste(browser, "jan");
    browser.get(page);
    browser.post(page, {{"token", browser.field("token")}, {"do", "prove"}, {"code", code_for("jan")}});
    const std::string card = installation().text(
        "select o365.send(subscription_id, '{\"@type\": \"MessageCard\", \"@context\": "
        "\"https://schema.org/extensions\", \"summary\": \"s\", \"title\": \"Ticket\", \"potentialAction\": "
        "[{\"@type\": \"ActionCard\", \"name\": \"Answer\", \"inputs\": [{\"@type\": \"TextInput\", \"id\": \"a\", "
        "\"title\": \"Text\", \"isRequired\": true}], \"actions\": [{\"@type\": \"HttpPOST\", \"name\": \"Send\", "
        "\"target\": \"https://example.org/answer\", \"body\": \"{{a.value}}\"}]}]}') from o365.subscriptions "
        "where app_user = 'jan'");
    const std::string key = installation().text("select encode(key, 'hex') from o365_internal.action_key");
    BOOST_TEST(!key.empty());
    std::string bytes;
    for (std::size_t i = 0; i < key.size(); i += 2)
        bytes += static_cast<char>(std::stoi(key.substr(i, 2), nullptr, 16));
    const std::string link = action_link("https://app.example", Secret(bytes), std::stoll(card), 0);
    BOOST_TEST(has(browser.get(link).body, "Ticket"));
    const std::string form = browser.field("form");
    BOOST_TEST(browser.post(link, {{"form", form}, {"press", "0"}}).status == 400);
    const Response response = browser.post(link, {{"form", form}, {"press", "0"}, {"i0", "hello"}});
    BOOST_TEST(header(response, "Location") == "https://app.example/connect/desk/recorded");
    BOOST_TEST(installation().text("select count(*) from o365_internal.action_event") == "1");
    std::string forged = link;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    BOOST_TEST(browser.get(forged).status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
