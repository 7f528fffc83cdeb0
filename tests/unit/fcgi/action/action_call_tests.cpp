// POST /action against an installation on the server of tests/with-postgres, as the responder's own role: Microsoft's
// service presses buttons of cards, with tokens whose key the installation knows.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>

#include "fcgi/routes.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"
#include "tests/support/installation.h"
#include "tests/unit/jwt/signer.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

constexpr const char* kApp = "11111111-2222-4333-8444-555555555555";
constexpr const char* kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

const Signer& signer() {
    static const Signer one("one");
    return one;
}

Installation& installation() {
    static Installation made("calls");
    static const bool filled = [] {
        std::ifstream file(O365_SOURCE_DIR "/tests/sql/fixtures/public_key.asc");
        const std::string armored{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        made.owner().call(
            "select o365_programs.worker_add_key('10FF825991ECBCBF', 'public', o365_internal.dearmor($1)), "
            "o365_programs.worker_add_key('sym-0a1b2c3d', 'symmetric')",
            {armored});
        made.add_connector("desk", ", target_urls => '{https://app.example}'");
        made.owner().call("update o365_internal.connector set app_id = $1::uuid", {kApp});
        return true;
    }();
    BOOST_REQUIRE(filled);
    return made;
}

void store_key() {
    const JsonWebKey key = signer().key("https://login.microsoftonline.com/{tenantid}/v2.0");
    Json::Value keys;
    keys[0]["kid"] = key.key_id;
    keys[0]["n"] = key.modulus;
    keys[0]["e"] = key.exponent;
    keys[0]["issuer"] = key.issuer;
    installation().owner().call(
        "select o365_programs.worker_signing_keys_fetched('entra', p.metadata_url, $1::jsonb, null) "
        "from o365.token_profiles as p where p.name = 'entra'",
        {compact_json(keys)});
}

// What Microsoft's service sends for whoever presses.
std::string token(const std::string& presser = "object-1", const std::string& app = kApp) {
    Json::Value header;
    header["alg"] = "RS256";
    header["kid"] = "one";
    Json::Value claims;
    claims["iss"] = fmt::format("https://login.microsoftonline.com/{}/v2.0", kTenant);
    claims["tid"] = kTenant;
    claims["aud"] = fmt::format("api://auth-am-{0}/{0}", app);
    claims["azp"] = "48af08dc-f6d2-435f-b2a7-069abd99c086";
    claims["oid"] = presser;
    claims["upn"] = "ann@contoso.example";
    claims["exp"] = Json::Int64(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 3600);
    return signer().token(header, claims);
}

constexpr const char* kCard =
    R"({"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "title": "Ticket",
        "potentialAction": [{"@type": "HttpPOST", "name": "Close", "target": "o365:action", "body": "{}"}]})";

// Connects a user and sends a card with a button; its id.
std::string send_card(const std::string& user) {
    Database& owner = installation().owner();
    const std::string id = fmt::format("r-{:012x}", std::hash<std::string>()(user) & 0xffffffffffffU);
    owner.call(
        "insert into o365_internal.ticket (ticket_hash, connector_id, app_user, expires_at) "
        "select sha256(convert_to($1, 'UTF8')), connector_id, $1, now() + interval '1 hour' from "
        "o365_internal.connector",
        {user});
    owner.call(
        "select o365_programs.responder_start('desk', sha256(convert_to($1, 'UTF8')), "
        "sha256(convert_to('s-' || $1, 'UTF8')), sha256('c'), $2)",
        {user, id});
    owner.call(
        "insert into o365_programs.callback values ('desk', $2, sha256(convert_to('s-' || $1, 'UTF8')), sha256('c'), "
        "'far.example', '443', 'https://far.example/hook/' || $1, 'object-1', 'Groups', $1)",
        {user, id});
    owner.call("select o365_programs.responder_callback_outcome($1)", {id});
    return std::string(
        owner
            .call("select o365.send(subscription_id, $2::jsonb) from o365.subscriptions where app_user = "
                  "$1 and status = 'active'",
                  {user, kCard})
            .text(0, 0));
}

// The token of its button's address.
std::string button_of(const std::string& card) {
    const std::string url = installation().text(fmt::format("select o365_internal.own_target({}, 0)", card));
    BOOST_REQUIRE(url.starts_with("https://app.example/action?token="));
    return url.substr(url.find('=') + 1);
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [one, value] : response.headers()) {
        if (one == name) return value;
    }
    return {};
}

std::string status_of(const Response& response) { return header(response, "CARD-ACTION-STATUS"); }

// The responder, with four threads' worth of places.
class Service {
  public:
    using Change = std::function<void(Request&)>;

    Response press(const std::string& button, const std::string& bearer, const Change& change = {}) {
        static int number = 0;
        Request request;
        request.id = fmt::format("r-{:012x}", ++number);
        request.method = "POST";
        request.path = "/action";
        request.query = Parameters::parse_query("token=" + button);
        request.content_type = "application/json";
        request.body = R"({"b": 1})";
        if (!bearer.empty()) request.authorization = "Bearer " + bearer;
        if (change) change(request);
        return answer(site_, request);
    }

  private:
    Pages pages_{""};
    DatabasePool database_{[] { return Database("dbname=calls", "o365_responder", "action_call_tests"); }, 4};
    GatheredCopy callbacks_{database_, callback_door(), 1};
    ActionTokens action_tokens_{database_};
    Site site_{database_, callbacks_, pages_, action_tokens_, {}, 4};
};

Service::Change with_request_id(const std::string& id) {
    return [id](Request& request) { request.headers["HTTP_ACTION_REQUEST_ID"] = id; };
}

std::string presses() { return installation().text("select count(*) from o365_internal.action_event"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(action_call_tests)

// First: it is the state of an installation whose worker has fetched no key yet.
BOOST_AUTO_TEST_CASE(without_keys_the_service_is_asked_to_come_again) {
    const std::string button = button_of(send_card("early"));
    const Response response = Service().press(button, token());
    BOOST_TEST(response.status == 503);
    BOOST_TEST(header(response, "Retry-After") == "60");
    BOOST_TEST(status_of(response) == "This button cannot be checked yet. Try again in a few minutes.");
    BOOST_TEST(presses() == "0");
}

BOOST_AUTO_TEST_CASE(a_press_is_recorded_with_who_pressed) {
    store_key();
    const std::string card = send_card("ann");
    const Response response = Service().press(button_of(card), token());
    BOOST_TEST(response.status == 200);
    BOOST_TEST(status_of(response) == "Recorded.");
    BOOST_TEST(header(response, "CARD-UPDATE-IN-BODY").empty());
    const Rows events = installation().owner().call(
        "select card_id::text, name, body, pressed_by, pressed_by_name, tenant, way from o365.take_action_events() "
        "where app_user = 'ann'");
    BOOST_REQUIRE(events.size() == 1);
    BOOST_TEST(events.text(0, 0) == card);
    BOOST_TEST(events.text(0, 1) == "Close");
    BOOST_TEST(events.text(0, 2) == R"({"b": 1})");
    BOOST_TEST(events.text(0, 3) == "object-1");
    BOOST_TEST(events.text(0, 4) == "ann@contoso.example");
    BOOST_TEST(events.text(0, 5) == kTenant);
    BOOST_TEST(events.text(0, 6) == "call");
}

BOOST_AUTO_TEST_CASE(a_button_counts_once_and_a_repeated_request_has_the_same_answer) {
    store_key();
    Service service;
    const std::string button = button_of(send_card("once"));
    BOOST_TEST(service.press(button, token(), with_request_id("id-1")).status == 200);
    BOOST_TEST(status_of(service.press(button, token(), with_request_id("id-1"))) == "Recorded.");
    const Response again = service.press(button, token(), with_request_id("id-2"));
    BOOST_TEST(again.status == 409);
    BOOST_TEST(status_of(again) == "This was done before. Nothing was changed.");
}

BOOST_AUTO_TEST_CASE(the_application_says_what_is_answered_in_the_language_that_is_asked_for) {
    store_key();
    const std::string card = send_card("ben");
    installation().owner().call(
        "select o365.on_action($1::bigint, 'Close', 'Ticket 17 was closed.', $2::jsonb, '{\"de\": \"Ist "
        "geschlossen.\"}', once => false)",
        {card,
         R"({"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s",
             "title": "Closed"})"});
    Service service;
    const Response plain = service.press(button_of(card), token());
    BOOST_TEST(plain.status == 200);
    BOOST_TEST(status_of(plain) == "Ticket 17 was closed.");
    BOOST_TEST(header(plain, "CARD-UPDATE-IN-BODY") == "true");
    BOOST_TEST((*parse_json(plain.body))["title"].asString() == "Closed");
    const auto in_language = [&](const std::string& language) {
        return status_of(service.press(button_of(card), token(),
                                       [&](Request& request) { request.headers["HTTP_ACCEPT_LANGUAGE"] = language; }));
    };
    BOOST_TEST(in_language("de-AT,de;q=0.9") == "Ist geschlossen.");
    BOOST_TEST(in_language("fr") == "Ticket 17 was closed.");
}

BOOST_AUTO_TEST_CASE(whatever_is_wrong_is_refused_alike_and_stores_nothing) {
    store_key();
    Service service;
    const std::string card = send_card("cem");
    const std::string button = button_of(card);
    std::string forged = button;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    std::string tampered = token();
    tampered[tampered.size() / 2] = tampered[tampered.size() / 2] == 'A' ? 'B' : 'A';
    const std::string before = presses();
    std::vector<Response> refused;
    refused.push_back(service.press(button, ""));
    refused.push_back(service.press(button, "rubbish"));
    refused.push_back(service.press(button, tampered));
    refused.push_back(service.press(button, token("object-1", "11111111-2222-4333-8444-555555555556")));
    refused.push_back(service.press(button, "", [](Request& request) { request.authorization = "Basic " + token(); }));
    // Two tokens, of which nobody knows which one counts.
    refused.push_back(service.press(
        button, token(), [](Request& request) { request.headers["HTTP_ACTION_AUTHORIZATION"] = "Bearer " + token(); }));
    refused.push_back(service.press(forged, token()));
    refused.push_back(service.press("no-button", token()));
    refused.push_back(service.press(button + "&token=" + button, token()));
    refused.push_back(service.press("", token()));
    for (const Response& response : refused) {
        BOOST_TEST(response.status == 401);
        BOOST_TEST(header(response, "WWW-Authenticate") == "Bearer");
        BOOST_TEST(status_of(response) == "This button does not work here. Nothing was recorded.");
        BOOST_TEST(response.body.empty());
    }
    BOOST_TEST(presses() == before);
    // The other header alone is as good as the usual one.
    BOOST_TEST(service
                   .press(button, "",
                          [](Request& request) { request.headers["HTTP_ACTION_AUTHORIZATION"] = "bearer " + token(); })
                   .status == 200);
}

BOOST_AUTO_TEST_CASE(a_body_that_cannot_be_kept_is_refused_before_anything_else) {
    Service service;
    const auto with_body = [&](const std::string& body) {
        return service.press("x", "", [&](Request& request) { request.body = body; });
    };
    BOOST_TEST(with_body(std::string(64 * 1024 + 1, 'x')).status == 413);
    BOOST_TEST(with_body("\xff").status == 400);
    BOOST_TEST(with_body(std::string("a\0b", 3)).status == 400);
    BOOST_TEST(with_body(std::string(64 * 1024, 'x')).status != 413);
}

BOOST_AUTO_TEST_CASE(a_card_that_was_pressed_too_often_says_so) {
    store_key();
    Service service;
    const std::string card = send_card("dora");
    installation().owner().call("select o365.on_action($1::bigint, 'Close', once => false)", {card});
    installation().owner().call("select o365.set('action_events', '2')");
    for (int i = 0; i < 2; ++i) BOOST_TEST(service.press(button_of(card), token()).status == 200);
    const Response full = service.press(button_of(card), token());
    BOOST_TEST(full.status == 409);
    BOOST_TEST(status_of(full) == "This card was pressed too often. Nothing was recorded.");
    installation().owner().call("select o365.set('action_events', '100')");
}

BOOST_AUTO_TEST_CASE(a_press_waits_for_the_application) {
    store_key();
    const std::string card = send_card("eve");
    installation().owner().call("select o365.on_action($1::bigint, 'Close', 'Noted.', waits => true)", {card});
    const std::string button = button_of(card);
    Response response;
    {
        const std::jthread request([&] { response = Service().press(button, token()); });
        std::string event;
        for (int i = 0; i < 500 && event.empty(); ++i) {
            event = installation().text("select event_id from o365.take_action_events() where app_user = 'eve'");
            if (event.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        BOOST_TEST(installation().text(fmt::format("select o365.answer_action({}, 'Closed by Eve.')", event)) ==
                   "answered");
    }
    BOOST_TEST(response.status == 200);
    BOOST_TEST(status_of(response) == "Closed by Eve.");
}

BOOST_AUTO_TEST_CASE(a_press_that_nobody_answers_in_time_has_what_was_said_before) {
    store_key();
    installation().owner().call("select o365.set('action_wait', '1')");
    const std::string card = send_card("fay");
    installation().owner().call("select o365.on_action($1::bigint, 'Close', 'Noted.', waits => true)", {card});
    const Response response = Service().press(button_of(card), token());
    BOOST_TEST(response.status == 200);
    BOOST_TEST(status_of(response) == "Noted.");
    const std::string event =
        installation().text("select event_id from o365.take_action_events() where app_user = 'fay'");
    BOOST_TEST(installation().text(fmt::format("select o365.answer_action({}, 'Late.')", event)) == "too_late");
    installation().owner().call("select o365.set('action_wait', '5')");
}

BOOST_AUTO_TEST_SUITE_END()
