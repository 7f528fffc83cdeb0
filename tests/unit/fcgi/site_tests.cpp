// The pages of the responder in the reader's language, without a database: the ones that need none, and values as a
// database would give them.
#include "fcgi/site.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fcgi/routes.h"

using namespace o365;

namespace {

// A site whose database never answers.
struct Responder {
    Pages pages{""};
    DatabasePool database{[] { return Database("host=/nonexistent dbname=none", "", "site_tests"); }, 1};
    GatheredCopy callbacks{database, callback_door(), 1};
    ActionTokens action_tokens{database};
    Site site{database, callbacks, pages, action_tokens};
};

Request request(const std::string& path, const std::string& accept_language, const std::string& method = "GET") {
    Request made;
    made.id = "r-0123456789ab";
    made.method = method;
    made.path = path;
    if (!accept_language.empty()) made.headers["HTTP_ACCEPT_LANGUAGE"] = accept_language;
    return made;
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [one, value] : response.headers()) {
        if (one == name) return value;
    }
    return "none";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Json::Value connector() {
    Json::Value page;
    page["slug"] = "desk";
    page["name"] = "Contoso <Desk>";
    page["account"] = "<b>ann</b>";
    page["may_start"] = true;
    return page;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(site_tests)

BOOST_AUTO_TEST_CASE(a_page_names_its_language_and_that_it_depends_on_the_browser) {
    const Responder responder;
    const Response german = responder.site.page(request("/connect/desk/", "de-AT"), 200, "landing", connector());
    BOOST_TEST(has(german.body, "<html lang=\"de\" dir=\"ltr\">"));
    BOOST_TEST(has(german.body, "<title>Contoso &lt;Desk&gt; mit Teams verbinden</title>"));
    BOOST_TEST(header(german, "Content-Language") == "de");
    BOOST_TEST(header(german, "Vary") == "Accept-Language");
    BOOST_TEST(header(german, "Cache-Control") == "no-store");
    const Response english = responder.site.page(request("/connect/desk/", ""), 200, "landing", connector());
    BOOST_TEST(has(english.body, "<html lang=\"en\" dir=\"ltr\">"));
    BOOST_TEST(header(english, "Content-Language") == "en");
}

BOOST_AUTO_TEST_CASE(a_value_stands_inside_the_sentence_of_each_language_and_is_escaped_once) {
    const Responder responder;
    for (const auto& [language, sentence] : {std::pair("en", "You are connecting the account "),
                                             {"de", "Sie verbinden das Konto "},
                                             {"fr", "Vous connectez le compte "},
                                             {"es", "Va a conectar la cuenta "}}) {
        const Response page = responder.site.page(request("/connect/desk/", language), 200, "landing", connector());
        BOOST_TEST(has(page.body, std::string(sentence) + "<strong><bdi>&lt;b&gt;ann&lt;/b&gt;</bdi></strong>."),
                   page.body);
    }
}

BOOST_AUTO_TEST_CASE(a_connector_pins_a_language_and_one_without_texts_is_left_aside) {
    const Responder responder;
    std::string log_file = (std::filesystem::temp_directory_path() / "o365-site-log.XXXXXX").string();
    ::close(::mkstemp(log_file.data()));
    log::open(log_file, log::Level::info, "site_tests");
    Json::Value page = connector();
    page["language"] = "fr-CA";
    BOOST_TEST(header(responder.site.page(request("/connect/desk/", "de"), 200, "landing", page), "Content-Language") ==
               "fr");
    for (const Json::Value& none : {Json::Value("it"), Json::Value(""), Json::Value(), Json::Value("../de")}) {
        page["language"] = none;
        BOOST_TEST(header(responder.site.page(request("/connect/desk/", "de"), 200, "landing", page),
                          "Content-Language") == "de");
        responder.site.page(request("/connect/desk/", "de"), 200, "landing", page);
    }
    std::ifstream file(log_file);
    std::string lines{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::filesystem::remove(log_file);
    log::open("stderr", log::Level::error, "site_tests");
    // Each once, however many pages are shown.
    for (const char* line : {"event=no_such_language connector=desk language=it count=1",
                             "event=no_such_language connector=desk language=../de count=1"}) {
        const auto at = lines.find(line);
        BOOST_REQUIRE_MESSAGE(at != std::string::npos, lines);
        BOOST_TEST(lines.find(line, at + 1) == std::string::npos, lines);
    }
    BOOST_TEST(std::count(lines.begin(), lines.end(), '\n') == 2);
}

BOOST_AUTO_TEST_CASE(pages_of_every_kind_are_in_the_language_of_the_connector) {
    const Responder responder;
    Json::Value page = connector();
    page["language"] = "es";
    page["app_type"] = "teams";
    page["minutes"] = "1";
    page["again"] = "landing";
    const Request asked = request("/connect/desk/done/x", "de");
    BOOST_TEST(has(responder.site.connected(asked, page).body, "publica en el equipo"));
    const std::string confirm = responder.site.confirm(asked, page, "r-0123456789ab").body;
    BOOST_TEST(has(confirm, "publicaría en el equipo"));
    BOOST_TEST(has(confirm, "en el plazo de un minuto"));
    const std::string failed = responder.site.failed(asked, page, "denied", "r-0123456789ab").body;
    BOOST_TEST(has(failed, "no se ha guardado nada"));
    BOOST_TEST(has(failed, "mencione <code>r-0123456789ab</code>."));
    page["replaces"] = true;
    page["minutes"] = "60";
    BOOST_TEST(has(responder.site.confirm(asked, page, "").body, "en el plazo de 60 minutos, la dirección nueva"));
}

BOOST_AUTO_TEST_CASE(pages_that_need_no_database_and_the_one_that_says_that_it_is_away_speak_the_browsers_language) {
    Responder responder;
    const Response unknown = answer(responder.site, request("/connect/a/b/c/d", "fr"));
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(has(unknown.body, "Cette page n’existe pas"));
    const Response method = answer(responder.site, request("/connect/desk/", "es", "PUT"));
    BOOST_TEST(method.status == 405);
    BOOST_TEST(has(method.body, "Esta dirección funciona de otra manera"));
    const Response away = answer(responder.site, request("/connect/desk/", "de"));
    BOOST_TEST(away.status == 503);
    BOOST_TEST(has(away.body, "Einen Moment bitte"));
    BOOST_TEST(has(away.body, "nennen Sie <code>r-0123456789ab</code>."));
    BOOST_TEST(header(away, "Content-Language") == "de");
}

BOOST_AUTO_TEST_SUITE_END()
