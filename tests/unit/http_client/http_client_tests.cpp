#include "lib/http_client/http_client.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "tests/support/name_server.h"
#include "tests/support/tls_server.h"

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

// A proxy that answers the first request of each connection with a text; with an empty one it says nothing.
class Proxy {
  public:
    explicit Proxy(std::string answer) : answer_(std::move(answer)), thread_([this] { serve(); }) {}
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;
    ~Proxy() {
        ::shutdown(listener_.fd, SHUT_RDWR);
        thread_.join();
    }
    std::string url(const std::string& user = "") const {
        return "http://" + user + "localhost:" + std::to_string(listener_.port);
    }
    int port() const noexcept { return listener_.port; }
    // What came first.
    std::string request() {
        const std::lock_guard lock(mutex_);
        return request_;
    }

  private:
    void serve() {
        std::vector<Fd> silent;
        while (true) {
            Fd connection(::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC));
            if (connection.get() < 0) return;
            std::array<char, 4096> buffer{};
            const ssize_t got = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
            {
                const std::lock_guard lock(mutex_);
                if (request_.empty() && got > 0) request_.assign(buffer.data(), static_cast<std::size_t>(got));
            }
            ::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
            if (answer_.empty()) silent.push_back(std::move(connection));
        }
    }

    Listener listener_;
    std::string answer_;
    std::mutex mutex_;
    std::string request_;
    std::thread thread_;
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

boost::test_tools::assertion_result may_have_namespaces(boost::unit_test::test_unit_id /*unit*/) {
    static const bool entered = enter_own_namespaces("nameserver 127.0.0.1\n", "");
    boost::test_tools::assertion_result result(entered);
    result.message() << "this user may not have namespaces of its own";
    return result;
}

std::atomic<int> authorities_read = 0;  // how often

}  // namespace
}  // namespace o365

// In place of glibc's, for OpenSSL too.
extern "C" FILE* fopen64(const char* path, const char* mode) {
    using Open = FILE* (*)(const char*, const char*);
    static const Open real = reinterpret_cast<Open>(::dlsym(RTLD_NEXT, "fopen64"));
    if (std::string_view(path).ends_with("ca-certificates.crt")) ++o365::authorities_read;
    return real(path, mode);
}

namespace o365 {

BOOST_AUTO_TEST_SUITE(http_client_tests)

BOOST_AUTO_TEST_CASE(an_address_that_is_not_public_is_refused_at_connect_time) {
    start_http_client();
    const Listener listener;
    const PostResult result = post({}, "https://localhost:" + std::to_string(listener.port) + "/hook");
    BOOST_TEST((result.transport == TransportStatus::not_sent));
    BOOST_TEST(result.problem == "the webhook's host has an address that is not public");
}

BOOST_AUTO_TEST_CASE(plain_http_is_not_spoken) {
    HttpClientOptions options;
    options.allow_loopback = true;
    const PostResult result = post(options, "http://localhost:9/hook");
    BOOST_TEST((result.transport == TransportStatus::not_sent));
    BOOST_TEST(result.problem.find("localhost") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_answers_the_handshake_was_sent_nothing) {
    const Listener listener;
    HttpClientOptions options;
    options.allow_loopback = true;
    options.timeout = std::chrono::milliseconds(300);
    const PostResult result = post(options, "https://localhost:" + std::to_string(listener.port) + "/secret-path");
    BOOST_TEST((result.transport == TransportStatus::not_sent));
    BOOST_TEST(result.problem == "no answer in time");
}

BOOST_AUTO_TEST_CASE(a_closed_port_is_no_connection) {
    HttpClientOptions options;
    options.allow_loopback = true;
    const PostResult result = post(options, "https://localhost:" + std::to_string(closed_port()) + "/hook");
    BOOST_TEST((result.transport == TransportStatus::not_sent));
    BOOST_TEST(result.problem == "no connection to the webhook's host");
}

BOOST_AUTO_TEST_CASE(an_answer_comes_with_its_status_and_body) {
    TlsServer server({kOne});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST((result.transport == TransportStatus::answered));
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
    BOOST_TEST((result.transport == TransportStatus::not_sent));
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
    BOOST_TEST((post(options, server.url()).transport == TransportStatus::our_side));
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

BOOST_AUTO_TEST_CASE(f6_of_several_retry_after_fields_the_largest_counts_by_the_answer_s_own_clock) {
    TlsServer server({"HTTP/1.1 429 Slow\r\nRetry-After: 50\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
                      "HTTP/1.1 429 Slow\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n",
                      "HTTP/1.1 429 Slow\r\nRetry-After: Sun, 06 Nov 1994 08:50:17 GMT\r\n"
                      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n",
                      "HTTP/1.1 103 Early Hints\r\nRetry-After: 70\r\n\r\n"
                      "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
                      kOne});
    HttpClient client(options_for(server));
    for (const int seconds : {50, 86400, 40, 7}) {
        const PostResult result = post(client, server.url());
        BOOST_TEST(result.status == 429);
        BOOST_TEST(result.retry_after.value_or(0) == seconds);
        BOOST_TEST(result.headers.empty());
    }
    BOOST_TEST(!post(client, server.url()).retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(f2_a_long_answer_is_judged_by_its_status_and_its_begin) {
    const auto answer = [](const std::string& head, std::size_t size) {
        return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'a');
    };
    // Some are read to their end, some are not: then the connection is closed.
    TlsServer server({answer("200 OK", 70000), answer("404 Not Found", 70000),
                      answer("429 Slow\r\nRetry-After: 9", 200000), answer("410 Gone", 300000),
                      answer("200 OK", 3000000), kOne});
    HttpClientOptions options = options_for(server);
    options.max_body = 8192;
    HttpClient client(options);
    for (const int status : {200, 404, 429, 410, 200}) {
        const PostResult result = post(client, server.url());
        BOOST_TEST((result.transport == TransportStatus::answered));
        BOOST_TEST(result.status == status);
        BOOST_TEST(result.body == std::string(8192, 'a'));
        BOOST_TEST(result.problem.empty());
        BOOST_TEST(result.retry_after.value_or(0) == (status == 429 ? 9 : 0));
    }
    BOOST_TEST(post(client, server.url()).body == "1");
    BOOST_TEST(server.requests().size() == 6U);
}

BOOST_AUTO_TEST_CASE(a_failure_that_breaks_off_is_an_answer_and_a_success_is_in_doubt) {
    const std::string half = "\r\nRetry-After: 3\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf";
    TlsServer server({"HTTP/1.1 503 Away" + half, "", "HTTP/1.1 200 OK" + half, "", "HTTP/1.1 404 Not Fou"});
    HttpClientOptions options = options_for(server);
    options.timeout = std::chrono::milliseconds(250);  // the server sends no more, and keeps the connection
    HttpClient client(options);
    const PostResult failure = post(client, server.url());
    BOOST_TEST((failure.transport == TransportStatus::answered));
    BOOST_TEST(failure.status == 503);
    BOOST_TEST(failure.body == "half");
    BOOST_TEST(failure.retry_after.value_or(0) == 3);
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::in_doubt));
    const PostResult success = post(client, server.url());
    BOOST_TEST((success.transport == TransportStatus::in_doubt));
    BOOST_TEST(success.status == 0);
    BOOST_TEST(success.body.empty());
    BOOST_TEST(success.problem == "no answer in time");
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::in_doubt));
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::in_doubt), "its header is not whole");
    BOOST_TEST(server.requests().size() == 5U, "after a timeout the connection is not used again");
}

BOOST_AUTO_TEST_CASE(a_connection_whose_packets_vanish_is_given_up_and_the_next_post_has_a_new_one) {
    TlsServer server({kOne, kOne, kOne}, 1);
    HttpClientOptions options = options_for(server);
    options.dead_after = std::chrono::milliseconds(1000);
    HttpClient client(options);
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::answered));
    const PostResult lost = post(client, server.url());
    BOOST_TEST((lost.transport == TransportStatus::in_doubt));
    BOOST_TEST(lost.took.count() < 5000);
    const PostResult next = post(client, server.url());
    BOOST_TEST((next.transport == TransportStatus::answered));
    BOOST_TEST(next.took.count() < 1000);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_whose_packets_vanish_is_noticed_before_a_post_goes_into_it) {
    TlsServer server({kOne, kOne}, 1);
    HttpClientOptions options = options_for(server);
    options.dead_after = std::chrono::milliseconds(1000);
    HttpClient client(options);
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::answered));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(3000);
    while (std::chrono::steady_clock::now() < until) client.run_once(std::chrono::milliseconds(100));
    const PostResult next = post(client, server.url());
    BOOST_TEST((next.transport == TransportStatus::answered), next.problem);
    BOOST_TEST(next.took.count() < 1000);
}

BOOST_AUTO_TEST_CASE(f8_what_a_proxy_does_is_told_as_the_proxy_s) {
    const auto refused = [](const std::string& status) {
        return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    };
    const std::vector<std::pair<std::string, std::string>> cases = {
        {refused("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\""),
         "the proxy wants another user or password (HTTP 407): check the setting proxy"},
        {refused("403 Forbidden\r\nRetry-After: 5"),
         "the proxy does not allow the webhook's host (HTTP 403): ask whoever runs the proxy to allow it"},
        {refused("502 Bad Gateway"), "the proxy does not connect to the webhook's host (HTTP 502)"},
        {refused("503 Service Unavailable"), "the proxy does not connect to the webhook's host (HTTP 503)"},
        {refused("302 Found\r\nLocation: https://login.example/"),
         "the proxy does not connect to the webhook's host (HTTP 302)"},
        {"", "no answer from the proxy in time"},
        {"SSH-2.0-OpenSSH_9\r\n", "the proxy failed: Failure when receiving data from the peer"},
    };
    for (const auto& [answer, problem] : cases) {
        Proxy proxy(answer);
        HttpClientOptions options;
        options.proxy = proxy.url();
        options.timeout = std::chrono::milliseconds(400);
        const PostResult result = post(options, "https://contoso.hook.example/secret");
        BOOST_TEST((result.transport == TransportStatus::our_side), answer);
        BOOST_TEST(result.status == 0);
        BOOST_TEST(result.problem == problem);
        BOOST_TEST(!result.retry_after.has_value());
        BOOST_TEST(proxy.request().starts_with("CONNECT contoso.hook.example:443 HTTP/1.1\r\n"));
    }
    HttpClientOptions options;
    options.proxy = "http://localhost:" + std::to_string(closed_port());
    const PostResult down = post(options, "https://contoso.hook.example/secret");
    BOOST_TEST((down.transport == TransportStatus::our_side));
    BOOST_TEST(down.problem == "no connection to the proxy: is it running, and is the setting proxy right?");
}

BOOST_AUTO_TEST_CASE(the_connection_the_handshake_and_the_answer_are_each_bounded) {
    // A handshake that hangs counts to the connection.
    const Listener listener;
    HttpClientOptions options;
    options.allow_loopback = true;
    options.connect_timeout = std::chrono::milliseconds(300);
    const PostResult hanging = post(options, "https://localhost:" + std::to_string(listener.port) + "/hook");
    BOOST_TEST((hanging.transport == TransportStatus::not_sent));
    BOOST_TEST(hanging.took.count() < 3000);
    // Bytes that dribble in do not prolong an answer.
    TlsServer server({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"});
    options = options_for(server);
    options.timeout = std::chrono::milliseconds(300);
    const PostResult slow = post(options, server.url());
    BOOST_TEST((slow.transport == TransportStatus::in_doubt));
    BOOST_TEST(slow.took.count() < 3000);
}

BOOST_AUTO_TEST_CASE(a_post_has_the_timeout_that_it_was_begun_with) {
    const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1";
    TlsServer server({begin, begin});
    HttpClientOptions options = options_for(server);
    options.timeout = std::chrono::milliseconds(300);
    HttpClient client(options);
    BOOST_TEST(post(client, server.url()).took.count() < 1200);
    std::optional<PostResult> own;
    client.post(
        Secret(server.url()), "{}", [] { return true; }, [&](PostResult done) { own = std::move(done); },
        std::chrono::milliseconds(1200));
    while (!own) client.run_once(std::chrono::milliseconds(100));
    BOOST_TEST(own->took.count() >= 1200);
}

BOOST_AUTO_TEST_CASE(the_system_s_authorities_are_read_once_for_all_connections) {
    TlsServer server({});
    HttpClientOptions options;
    options.allow_loopback = true;
    HttpClient client(options);
    authorities_read = 0;
    for (int i = 0; i < 3; ++i) {
        const PostResult result = post(client, server.url());
        BOOST_TEST(result.problem == "the certificate of the webhook's host is not valid");
    }
    BOOST_TEST(authorities_read == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_without_an_answer_is_in_doubt) {
    TlsServer server({""});
    const PostResult result = post(options_for(server), server.url());
    BOOST_TEST((result.transport == TransportStatus::in_doubt));
    BOOST_TEST(result.problem == "the connection ended before the answer");
}

BOOST_AUTO_TEST_CASE(a_request_on_a_kept_connection_that_ends_without_an_answer_is_not_sent_again) {
    TlsServer server({kOne, "", kOne});
    HttpClient client(options_for(server));
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::answered));
    const PostResult result = post(client, server.url());
    BOOST_TEST((result.transport == TransportStatus::in_doubt));
    BOOST_TEST(result.problem == "the connection ended before the answer");
    BOOST_TEST(server.requests().size() == 2);
}

BOOST_AUTO_TEST_CASE(a_request_that_may_not_start_any_more_is_withdrawn_with_nothing_sent) {
    TlsServer server({kOne, kOne});
    HttpClient client(options_for(server));
    BOOST_TEST((post(client, server.url(), false).transport == TransportStatus::withdrawn));
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::answered));
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
        BOOST_TEST((result.transport == TransportStatus::not_sent), url);
        BOOST_TEST(result.problem.find("address") != std::string::npos, result.problem);
    }
    TlsServer server({kOne});
    options.ca_file = server.ca_file();
    BOOST_TEST(post(options, server.url()).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

// Names, asked of a name server of the tests.
BOOST_AUTO_TEST_SUITE(http_client_name_tests, *boost::unit_test::precondition(may_have_namespaces))

BOOST_AUTO_TEST_CASE(a_host_whose_name_servers_are_silent_delays_no_other) {
    NameServer names;
    BOOST_REQUIRE(names.bound());
    names.set("there.hook.example", NameServer::Behaviour::answers);
    names.set("silent.hook.example", NameServer::Behaviour::silent);
    TlsServer server({kOne, kOne, kOne});
    HttpClientOptions options = options_for(server);
    options.connect_timeout = std::chrono::milliseconds(1500);
    HttpClient client(options);
    std::vector<PostResult> silent;
    for (int i = 0; i < 100; ++i) {
        client.post(
            Secret("https://silent.hook.example/hook"), "{}", [] { return true; },
            [&](PostResult result) { silent.push_back(std::move(result)); });
    }
    BOOST_TEST(client.in_flight() == 100);
    for (int i = 0; i < 3; ++i) {
        std::optional<PostResult> result;
        client.post(
            Secret(server.url("there.hook.example")), "{}", [] { return true; },
            [&](PostResult done) { result = std::move(done); });
        while (!result) client.run_once(std::chrono::milliseconds(100));
        BOOST_TEST(result->status == 200, result->problem);
        BOOST_TEST(result->took.count() < 1000);
    }
    BOOST_TEST(silent.empty());
    while (client.in_flight() > 0) client.run_once(std::chrono::milliseconds(100));
    BOOST_REQUIRE(silent.size() == 100U);
    BOOST_TEST((silent[0].transport == TransportStatus::not_sent));
    BOOST_TEST(silent[0].problem == "the webhook's host has no address yet: its name servers do not answer");
    BOOST_TEST(names.asked("silent.hook.example") <= 2, "one look-up is for all");
}

BOOST_AUTO_TEST_CASE(a_failed_look_up_is_not_kept_and_a_good_one_is) {
    NameServer names;
    TlsServer server({kOne, kOne, kOne});
    HttpClient client(options_for(server));
    const std::string url = server.url("later.hook.example");
    const PostResult before = post(client, url);
    BOOST_TEST((before.transport == TransportStatus::not_sent));
    BOOST_TEST(before.problem == "the webhook's host has no address");
    names.set("later.hook.example", NameServer::Behaviour::answers);
    for (int i = 0; i < 3; ++i) BOOST_TEST(post(client, url).status == 200);
    BOOST_TEST(names.asked("later.hook.example") == 2);
}

BOOST_AUTO_TEST_CASE(an_address_of_a_name_server_is_checked_like_any_other) {
    NameServer names;
    names.set("rebound.hook.example", NameServer::Behaviour::answers);
    const PostResult result = post({}, "https://rebound.hook.example/hook");
    BOOST_TEST((result.transport == TransportStatus::not_sent));
    BOOST_TEST(result.problem == "the webhook's host has an address that is not public");
}

BOOST_AUTO_TEST_CASE(the_proxy_s_name_is_looked_up_the_same_way_and_the_webhook_s_is_left_to_the_proxy) {
    NameServer names;
    names.set("proxy.hook.example", NameServer::Behaviour::silent);
    HttpClientOptions options;
    options.proxy = "http://user:password@proxy.hook.example:3128";
    options.connect_timeout = std::chrono::milliseconds(300);
    const PostResult silent = post(options, "https://contoso.hook.example/hook");
    BOOST_TEST((silent.transport == TransportStatus::our_side));
    BOOST_TEST(silent.problem == "the proxy's host has no address yet: its name servers do not answer");
    names.set("proxy.hook.example", NameServer::Behaviour::answers);
    Proxy proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    options.proxy = "http://user:password@proxy.hook.example:" + std::to_string(proxy.port());
    BOOST_TEST(post(options, "https://contoso.hook.example/hook").problem.find("HTTP 403") != std::string::npos);
    BOOST_TEST(proxy.request().starts_with("CONNECT contoso.hook.example:443"));
    BOOST_TEST(names.asked("contoso.hook.example") == 0);
}

BOOST_AUTO_TEST_CASE(a_look_up_that_hangs_does_not_delay_the_client_s_end) {
    NameServer names;
    names.set("silent.hook.example", NameServer::Behaviour::silent);
    const auto begun = std::chrono::steady_clock::now();
    {
        HttpClient client(HttpClientOptions{});
        client.post(
            Secret("https://silent.hook.example/hook"), "{}", [] { return true; },
            [](const PostResult&) { BOOST_ERROR("nobody waits for it"); });
        client.run_once(std::chrono::milliseconds(10));
    }
    BOOST_TEST((std::chrono::steady_clock::now() - begun < std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
