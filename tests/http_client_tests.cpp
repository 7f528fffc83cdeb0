#include "lib/http_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls_server.h"

namespace o365 {
namespace {

// A listener on loopback that takes a connection and says nothing of TLS.
struct Listener {
    Listener() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        BOOST_REQUIRE(::listen(fd, 8) == 0);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port = ntohs(address.sin_port);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { ::close(fd); }
    int fd;
    int port = 0;
};

// A port of loopback where nobody listens.
int closed_port() { return Listener().port; }

// Variables of the environment, for as long as it lives; it is made before a server is, whose thread reads some.
class Environment {
  public:
    Environment(const std::vector<const char*>& names, const std::string& value) {
        for (const char* name : names) {
            const char* const before = std::getenv(name);
            before_.emplace_back(name, before == nullptr ? std::nullopt : std::optional<std::string>(before));
            ::setenv(name, value.c_str(), 1);
        }
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        for (const auto& [name, value] : before_) value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
    }

  private:
    std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

PostResult post(HttpClient& client, const std::string& url, bool may_start = true) {
    std::optional<PostResult> result;
    client.post(
        Secret(url), "{}", [&] { return may_start; }, [&](PostResult done) { result = std::move(done); });
    while (!result) client.run_once(std::chrono::milliseconds(100));
    BOOST_TEST(client.in_flight() == 0);
    return *result;
}

PostResult post(const HttpClientOptions& options, const std::string& url) {
    HttpClient client(options);
    return post(client, url);
}

HttpClientOptions options_for(const TlsServer& server) {
    HttpClientOptions options;
    options.allow_loopback = true;
    options.ca_file = server.ca_file();
    return options;
}

const std::string kOne = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client_tests)

BOOST_AUTO_TEST_CASE(an_address_that_is_not_public_is_refused_at_connect_time) {
    start_http_client();
    const Listener listener;
    const PostResult result = post({}, "https://localhost:" + std::to_string(listener.port) + "/hook");
    BOOST_TEST((result.transport == Transport::not_sent));
    BOOST_TEST(result.problem == "the webhook's host has an address that is not public");
}

BOOST_AUTO_TEST_CASE(plain_http_is_not_spoken) {
    HttpClientOptions options;
    options.allow_loopback = true;
    const PostResult result = post(options, "http://localhost:9/hook");
    BOOST_TEST((result.transport == Transport::not_sent));
    BOOST_TEST(result.problem.find("localhost") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_answers_the_handshake_was_sent_nothing) {
    const Listener listener;
    HttpClientOptions options;
    options.allow_loopback = true;
    options.timeout = std::chrono::milliseconds(300);
    const PostResult result = post(options, "https://localhost:" + std::to_string(listener.port) + "/secret-path");
    BOOST_TEST((result.transport == Transport::not_sent));
    BOOST_TEST(result.problem == "no answer in time");
}

BOOST_AUTO_TEST_CASE(a_closed_port_is_no_connection) {
    HttpClientOptions options;
    options.allow_loopback = true;
    const PostResult result = post(options, "https://localhost:" + std::to_string(closed_port()) + "/hook");
    BOOST_TEST((result.transport == Transport::not_sent));
    BOOST_TEST(result.problem == "no connection to the webhook's host");
}

BOOST_AUTO_TEST_CASE(an_answer_comes_with_its_status_and_body) {
    TlsServer server({kOne});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST((result.transport == Transport::answered));
    BOOST_TEST(result.status == 200);
    BOOST_TEST(result.body == "1");
    BOOST_REQUIRE(server.requests().size() == 1);
    BOOST_TEST(server.requests()[0].starts_with("POST /hook HTTP/1.1\r\n"));
    BOOST_TEST(server.requests()[0].find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    BOOST_TEST(server.requests()[0].ends_with("\r\n\r\n{}"));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_an_unknown_authority_is_refused) {
    TlsServer server({kOne});
    HttpClientOptions options = options_for(server);
    options.ca_file.clear();
    const PostResult result = post(options, server.url());
    BOOST_TEST((result.transport == Transport::not_sent));
    BOOST_TEST(result.problem == "the certificate of the webhook's host is not valid");
    BOOST_TEST(server.requests().empty());
}

BOOST_AUTO_TEST_CASE(proxy_variables_of_the_environment_are_ignored) {
    const Environment proxies({"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"},
                              "http://localhost:" + std::to_string(closed_port()));
    const Environment exceptions({"no_proxy", "NO_PROXY"}, "");
    TlsServer server({kOne});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST(result.status == 200, result.problem);
    BOOST_TEST(server.requests().size() == 1);
}

BOOST_AUTO_TEST_CASE(no_proxy_of_the_environment_leads_past_no_configured_proxy) {
    const Environment exceptions({"no_proxy", "NO_PROXY"}, "*");
    TlsServer server({kOne});
    HttpClientOptions options = options_for(server);
    options.proxy = "http://localhost:" + std::to_string(closed_port());
    BOOST_TEST((post(options, server.url()).transport == Transport::not_sent));
    BOOST_TEST(server.requests().empty());
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_and_never_more_than_a_day) {
    TlsServer server({"HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n",
                      "HTTP/1.1 429 Slow\r\nRetry-After: 9999999999\r\nContent-Length: 0\r\n\r\n"});
    HttpClient client(options_for(server));
    BOOST_TEST(post(client, server.url()).retry_after.value_or(0) == 17);
    BOOST_TEST(post(client, server.url()).retry_after.value_or(0) == 86400);
}

BOOST_AUTO_TEST_CASE(a_redirect_is_an_answer_and_is_not_followed) {
    TlsServer server({"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"});
    BOOST_TEST(post(options_for(server), server.url()).status == 302);
    BOOST_TEST(server.requests().size() == 1);
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_64_kib_is_in_doubt) {
    TlsServer server({"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + std::string(70000, '1')});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST((result.transport == Transport::in_doubt));
    BOOST_TEST(result.problem == "the answer is longer than 64 KiB");
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_without_an_answer_is_in_doubt) {
    TlsServer server({""});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST((result.transport == Transport::in_doubt));
    BOOST_TEST(result.problem == "the connection ended before the answer");
}

BOOST_AUTO_TEST_CASE(a_request_on_a_kept_connection_that_ends_without_an_answer_is_not_sent_again) {
    TlsServer server({kOne, "", kOne});
    HttpClient client(options_for(server));
    BOOST_TEST((post(client, server.url()).transport == Transport::answered));
    const PostResult result = post(client, server.url());
    BOOST_TEST((result.transport == Transport::in_doubt));
    BOOST_TEST(result.problem == "the connection ended before the answer");
    BOOST_TEST(server.requests().size() == 2);
}

BOOST_AUTO_TEST_CASE(a_request_that_may_not_start_any_more_is_withdrawn_with_nothing_sent) {
    TlsServer server({kOne, kOne});
    HttpClient client(options_for(server));
    BOOST_TEST((post(client, server.url(), false).transport == Transport::withdrawn));
    BOOST_TEST((post(client, server.url()).transport == Transport::answered));
    BOOST_TEST(server.requests().size() == 1);
}

BOOST_AUTO_TEST_CASE(any_request_is_sent_as_it_is_and_its_answer_s_headers_come_back) {
    TlsServer server(
        {"HTTP/1.1 401 Unauthorized\r\nCard-Action-Status:  Not you. \r\nContent-Length: 2\r\n\r\nno", kOne, kOne});
    HttpClient client(options_for(server));
    const auto send = [&](HttpRequest request) {
        std::optional<PostResult> result;
        client.send(
            std::move(request), [] { return true; }, [&](PostResult done) { result = std::move(done); });
        while (!result) client.run_once(std::chrono::milliseconds(100));
        return *std::move(result);
    };
    HttpRequest action;
    action.url = Secret(server.url());
    action.method = "POST";
    action.body = "a=1";
    action.headers = {"Content-Type: application/x-www-form-urlencoded", "Authorization: Bearer t",
                      "X-Split: a\r\nX-Smuggled: b"};
    const PostResult refused = send(std::move(action));
    BOOST_TEST(refused.status == 401);
    BOOST_TEST(refused.body == "no");
    const auto status = std::find_if(refused.headers.begin(), refused.headers.end(),
                                     [](const auto& header) { return header.first == "card-action-status"; });
    BOOST_REQUIRE(status != refused.headers.end());
    BOOST_TEST(status->second == "Not you.");
    HttpRequest get;
    get.url = Secret(server.url());
    BOOST_TEST(send(std::move(get)).status == 200);
    // A card after it is a card again: nothing of another request sticks.
    const PostResult posted = post(client, server.url());
    BOOST_TEST(posted.status == 200);
    BOOST_TEST(posted.headers.empty());
    const auto& requests = server.requests();
    BOOST_REQUIRE(requests.size() == 3U);
    BOOST_TEST(requests[0].find("Authorization: Bearer t\r\n") != std::string::npos);
    BOOST_TEST(requests[0].find("Smuggled") == std::string::npos);
    BOOST_TEST(requests[0].ends_with("a=1"));
    BOOST_TEST(requests[1].starts_with("GET "));
    BOOST_TEST(requests[2].find("Content-Type: application/json\r\n") != std::string::npos);
    BOOST_TEST(requests[2].find("Authorization") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(with_only_loopback_nothing_else_is_connected_to) {
    HttpClientOptions options;
    options.only_loopback = true;
    for (const char* url : {"https://192.0.2.1/x", "https://[2001:db8::1]/x"}) {
        const PostResult result = post(options, url);
        BOOST_TEST((result.transport == Transport::not_sent), url);
        BOOST_TEST(result.problem.find("address") != std::string::npos, result.problem);
    }
    TlsServer server({kOne});
    options.ca_file = server.ca_file();
    BOOST_TEST(post(options, server.url()).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
