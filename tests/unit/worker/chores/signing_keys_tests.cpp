#include "worker/chores/signing_keys.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/tls_server.h"
#include "tests/unit/jwt/signer.h"

namespace {

using o365::FetchedKeys;
using o365::KeySource;
using o365::SigningKeys;
using o365::TlsServer;

constexpr const char* kIssuer = "https://issuer.example/{tid}/";

struct Library {
    Library() { o365::start_http_client(); }
};

std::string http(const std::string& status, const std::string& body, const std::string& header = "") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", status,
                       header, body.size(), body);
}
std::string metadata_of(const std::string& key_set, const std::string& issuer = "https://issuer.example/{tenantid}/") {
    Json::Value value;
    value["issuer"] = issuer;
    value["jwks_uri"] = key_set;
    return http("200 OK", o365::compact_json(value));
}
std::string key_set_of(const o365::Signer& signer) {
    Json::Value set;
    set["keys"].append(signer.json());
    return http("200 OK", o365::compact_json(set));
}
// "localhost:port" of "https://localhost:port/hook".
std::string host_of(const std::string& url) { return url.substr(8, url.rfind('/') - 8); }

o365::Settings settings_for(const std::string& ca_file) {
    o365::Settings settings;
    settings.ca_file = ca_file;
    settings.allow_loopback = true;
    return settings;
}

// A server with metadata, which names one with keys. Both have a certificate of their own, and one file of authorities.
struct Issuer {
    explicit Issuer(const std::vector<std::string>& key_answers) : keys(key_answers) { keep_authority(keys); }
    ~Issuer() { std::filesystem::remove(authorities); }
    Issuer(const Issuer&) = delete;
    Issuer& operator=(const Issuer&) = delete;

    void keep_authority(const TlsServer& server) const {
        std::ofstream(authorities, std::ios::app) << std::ifstream(server.ca_file()).rdbuf();
    }
    // What comes of metadata servers that answer so.
    FetchedKeys fetch(const std::vector<std::string>& metadata_answers) {
        const TlsServer metadata(metadata_answers);
        keep_authority(metadata);
        SigningKeys fetcher(settings_for(authorities));
        return fetcher.fetch({metadata.url(), {host_of(metadata.url()), host_of(keys.url())}, {kIssuer}});
    }

    std::string authorities = std::filesystem::temp_directory_path() / fmt::format("o365-keys-{}.pem", ::getpid());
    TlsServer keys;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Library);

BOOST_AUTO_TEST_SUITE(signing_keys_tests)

BOOST_AUTO_TEST_CASE(keys_are_fetched_where_the_metadata_says) {
    const o365::Signer signer("one");
    Issuer issuer({key_set_of(signer)});
    const FetchedKeys fetched = issuer.fetch({metadata_of(issuer.keys.url())});
    BOOST_TEST(fetched.problem == "");
    BOOST_REQUIRE(fetched.keys.size() == 1U);
    BOOST_TEST((fetched.keys[0] == signer.key()));
    const std::vector<std::string>& requests = issuer.keys.requests();
    BOOST_REQUIRE(requests.size() == 1U);
    BOOST_TEST(requests[0].starts_with("GET /hook HTTP/1.1\r\n"), requests[0]);
    BOOST_TEST(requests[0].find("Accept: application/json") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed) {
    Issuer issuer({});
    const auto moved = [](const std::string& to) { return http("302 Found", "", "Location: " + to + "\r\n"); };
    BOOST_TEST(
        issuer.fetch({moved(issuer.keys.url())}).problem.ends_with(": HTTP 302, and redirects are not followed"));
    BOOST_TEST(issuer.fetch({moved("https://169.254.169.254/")}).problem.ends_with("redirects are not followed"));
    BOOST_TEST(issuer.keys.requests().empty());
}

BOOST_AUTO_TEST_CASE(keys_elsewhere_are_not_fetched) {
    Issuer issuer({});
    const auto problem = [&](const std::string& answer) { return issuer.fetch({answer}).problem; };
    const std::string elsewhere = ": the metadata's jwks_uri is no https address at a host of the profile";
    BOOST_TEST(problem(metadata_of("https://evil.example/keys")).ends_with(elsewhere));
    BOOST_TEST(problem(metadata_of("http" + issuer.keys.url().substr(5))).ends_with(elsewhere));
    BOOST_TEST(problem(metadata_of("https://127.0.0.1/keys")).ends_with(elsewhere));
    BOOST_TEST(problem(metadata_of(issuer.keys.url(), "https://another.example/"))
                   .ends_with(": its issuer is none of the profile's"));
    BOOST_TEST(issuer.keys.requests().empty());
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_told) {
    const auto problem_of_keys = [](const std::string& answer) {
        Issuer issuer({answer});
        return issuer.fetch({metadata_of(issuer.keys.url())}).problem;
    };
    BOOST_TEST(problem_of_keys(http("503 Service Unavailable", "")).ends_with("/hook: HTTP 503"));
    BOOST_TEST(problem_of_keys(http("200 OK", "<html>")).ends_with("/hook: the document is no JSON Web Key set"));
    BOOST_TEST(problem_of_keys(http("200 OK", R"({"keys":[]})")).find("has no RSA key") != std::string::npos);
    BOOST_TEST(problem_of_keys(http("200 OK", std::string(o365::kMaxKeyDocument + 1000, ' '))) != "");
    BOOST_TEST(problem_of_keys("") != "");
    Issuer issuer({});
    BOOST_TEST(issuer.fetch({http("404 Not Found", "")}).problem.ends_with("/hook: HTTP 404"));
    BOOST_TEST(issuer.fetch({http("200 OK", "[]")}).problem.ends_with("/hook: the metadata is no JSON object"));
}

BOOST_AUTO_TEST_CASE(loopback_and_other_authorities_are_for_development) {
    const TlsServer server({metadata_of("https://localhost/keys")});
    const KeySource source{server.url(), {host_of(server.url())}, {kIssuer}};
    o365::Settings production = settings_for(server.ca_file());
    production.allow_loopback = false;
    BOOST_TEST(SigningKeys(production).fetch(source).problem != "");
    BOOST_TEST(SigningKeys(settings_for("")).fetch(source).problem != "");
    BOOST_TEST(SigningKeys(production).fetch({"http://localhost/", {"localhost:80"}, {}}).problem ==
               "http://localhost/ is no https address at a host of the profile");
}

BOOST_AUTO_TEST_CASE(a_worker_that_ends_does_not_wait_for_keys) {
    const TlsServer silent({});  // it takes the request and answers nothing until it is stopped
    SigningKeys fetcher(settings_for(silent.ca_file()));
    fetcher.end_by(SigningKeys::Clock::now());
    BOOST_TEST(fetcher.fetch({silent.url(), {host_of(silent.url())}, {kIssuer}}).problem == "the worker ended");
}

BOOST_AUTO_TEST_SUITE_END()
