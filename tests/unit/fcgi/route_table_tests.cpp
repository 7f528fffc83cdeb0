// The table of routes, and that deploy/ follows it.
#include "fcgi/route_table.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fcgi/mount.h"

using namespace o365;

namespace {

std::string pattern_of(std::string_view path) {
    const auto found = find_route(path);
    return found ? std::string(found->route->pattern) : "none";
}

RouteParts parts_of(std::string_view path) { return find_route(path)->parts; }

std::string contents(const std::string& path) {
    std::ifstream file(O365_SOURCE_DIR "/" + path);
    BOOST_REQUIRE_MESSAGE(file, path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Words that may stand behind a connector's slug in an access log, of each list of them in the file.
std::vector<std::set<std::string>> logged_words(const std::string& path) {
    std::vector<std::set<std::string>> lists;
    const std::string text = contents(path);
    const std::regex list(R"(\((?:\?:)?((?:[a-z]+\|)+[a-z]+)\))");
    for (std::sregex_iterator at(text.begin(), text.end(), list); at != std::sregex_iterator(); ++at) {
        std::istringstream words((*at)[1].str());
        std::set<std::string> found;
        for (std::string word; std::getline(words, word, '|');) found.insert(word);
        if (found.contains("callback")) lists.push_back(found);
    }
    return lists;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(route_table_tests)

BOOST_AUTO_TEST_CASE(each_path_has_its_route) {
    for (const auto& [path, pattern] : std::vector<std::pair<std::string, std::string>>{
             {"/healthz", "/healthz"},
             {"/connect", "/connect[/]"},
             {"/connect/", "/connect[/]"},
             {"/connect/desk", "/connect/<slug>[/]"},
             {"/connect/desk/", "/connect/<slug>[/]"},
             {"/connect/static/o365.css", "/connect/static/<name>"},
             {"/connect/desk/start", "/connect/<slug>/start"},
             {"/connect/desk/callback", "/connect/<word>/callback[/]"},
             {"/connect/desk/callback/", "/connect/<word>/callback[/]"},
             {"/connect/No slug/callback", "/connect/<word>/callback[/]"},
             {"/connect/static/callback", "/connect/static/<name>"},
             {"/connect/desk/done/1234", "/connect/<slug>/done/<id>"},
             {"/connect/desk/failed", "/connect/<slug>/failed"},
             {"/connect/desk/recorded", "/connect/<slug>/recorded"},
             {"/connect/desk/help", "/connect/<slug>/help"},
             {"/connect/desk/logo", "/connect/<slug>/logo"},
             {"/action/1-0-abc", "/action/<token>"},
             {"/action/", "/action/<token>"},
             {"/action", "/action"},
             {"/action/a/b", "/action/<token>"},
             {"/manage/abc", "/manage/<token>"},
             {"/manage/", "/manage/<token>"},
             {"/manage/a/b", "/manage/<token>"},
         })
        BOOST_TEST(pattern_of(path) == pattern, path);
}

BOOST_AUTO_TEST_CASE(any_other_path_has_none) {
    for (const char* path :
         {"/", "", "/connect//", "/connect/desk//", "/connect/Desk", "/connect/desk/other", "/connect/desk/start/",
          "/connect/desk/done", "/connect/desk/done/", "/connect/desk/done/1/2", "/connect/desk/callback//",
          "/connect/desk/callback/x", "/healthz/", "/app/healthz", "/actions", "/manage", "/managed/a",
          "/connect/desk/help/", "/connectdesk"})
        BOOST_TEST(pattern_of(path) == "none", path);
}

BOOST_AUTO_TEST_CASE(the_variable_parts_are_handed_over) {
    BOOST_TEST(parts_of("/connect/desk/").slug == "desk");
    BOOST_TEST(parts_of("/connect/desk/done/1234").rest == "1234");
    BOOST_TEST(parts_of("/connect/static/o365.css").rest == "o365.css");
    BOOST_TEST(parts_of("/connect/No slug/callback").slug == "");
    BOOST_TEST(parts_of("/action/a/b").rest == "a/b");
    BOOST_TEST(parts_of("/action/").rest == "");
}

BOOST_AUTO_TEST_CASE(the_web_server_may_mount_them_below_any_prefix) {
    BOOST_TEST(pattern_of("/app/o365/connect/desk/logo") == "/connect/<slug>/logo");
    BOOST_TEST(pattern_of("/~alice/action/1-0-abc") == "/action/<token>");
    BOOST_TEST(path_to_mount("/app/connect/") == "./");
    BOOST_TEST(path_to_mount("/connect/desk") == "./");
    BOOST_TEST(path_to_mount("/app/connect/desk/") == "../");
    BOOST_TEST(path_to_mount("/connect/desk/done/1") == "../../");
    BOOST_TEST(path_to_mount("/app/action/token") == "../connect/");
    BOOST_TEST(pattern_of("/~alice/action") == "/action");
    BOOST_TEST(path_to_mount("/~alice/action") == "connect/");
    BOOST_TEST(pattern_of("/~alice/manage/abc") == "/manage/<token>");
    BOOST_TEST(path_to_mount("/app/manage/token") == "../connect/");
    BOOST_TEST(path_to_mount("/action/a/b") == "../../connect/");
    BOOST_TEST(path_to_mount("/connect") == "connect/");
    BOOST_TEST(path_to_mount("/elsewhere") == "/connect/");
}

BOOST_AUTO_TEST_CASE(a_route_takes_whole_words_of_its_methods_only) {
    const Route route{.pattern = "/x", .methods = "GET, HEAD", .answer = nullptr};
    for (const char* method : {"GET", "HEAD"}) BOOST_TEST(takes(route, method), method);
    for (const char* method : {"", "POST", "get", "GE", "GET,", ",", "GET, HEAD"})
        BOOST_TEST(!takes(route, method), method);
}

// What only its holder knows: nothing else may stand in a path and be logged.
BOOST_AUTO_TEST_CASE(an_id_and_a_token_in_a_path_are_declared_secret) {
    for (const Route& route : routes()) {
        const bool has_one = route.pattern.ends_with("<id>") || route.pattern.ends_with("<token>");
        BOOST_TEST((route.secret == SecretIn::path) == has_one, route.pattern);
    }
}

BOOST_AUTO_TEST_CASE(every_post_comes_from_our_own_pages_but_microsofts_call) {
    for (const Route& route : routes()) {
        BOOST_TEST(route.from_anywhere == (route.pattern == "/action"), route.pattern);
        BOOST_TEST(takes(route, "POST") == (route.from_own_pages || route.from_anywhere), route.pattern);
        BOOST_TEST(takes_any_request(route.pattern) == route.from_anywhere, route.pattern);
    }
}

// (!) What the web servers log of a path: a word behind the slug that is no secret, and of what stands behind that
// nothing.
BOOST_AUTO_TEST_CASE(web_servers_log_the_words_of_the_table_and_no_secret) {
    for (const char* file : {"deploy/nginx/o365-http.conf", "deploy/apache/o365-server.conf"}) {
        const auto lists = logged_words(file);
        BOOST_REQUIRE_MESSAGE(!lists.empty(), file);
        for (const auto& words : lists) {
            for (const Route& route : routes()) {
                const std::regex form(R"(/connect/<(?:slug|word)>/([a-z]+).*)");
                std::smatch match;
                const std::string pattern(route.pattern);
                if (std::regex_match(pattern, match, form))
                    BOOST_TEST(words.contains(match[1]), file << " " << pattern);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(web_servers_lead_every_route_to_the_responder) {
    const std::string nginx = contents("deploy/nginx/o365-connector.conf");
    const std::string apache = contents("deploy/apache/o365-connector.conf") +
                               contents("deploy/apache/o365-proxy.conf") + contents("deploy/apache/o365-fcgid.conf") +
                               contents("deploy/apache/o365-server.conf");
    const std::string shared = contents("deploy/shared-hosting/htaccess");
    for (const Route& route : routes()) {
        const std::string_view rest = route.pattern.substr(1);
        const std::string mount(rest.substr(0, rest.find_first_of("/[")));
        BOOST_TEST((nginx.find("location /" + mount + "/") != std::string::npos ||
                    nginx.find("location = /" + mount) != std::string::npos),
                   mount);
        BOOST_TEST((apache.find(mount) != std::string::npos), mount);
        // Without a slash behind it: nothing but that path itself.
        if (rest == mount) {
            BOOST_TEST((nginx.find("location = /" + mount + " {") != std::string::npos), mount);
            for (const std::string_view way : {"Alias \"/", "ProxyPass \"/"})
                BOOST_TEST((apache.find(std::string(way) + mount + '"') != std::string::npos), way << mount);
        }
        // Health is for the machine itself: a shared host has no such place.
        if (mount != "healthz") BOOST_TEST((shared.find(mount) != std::string::npos), mount);
    }
}

BOOST_AUTO_TEST_SUITE_END()
