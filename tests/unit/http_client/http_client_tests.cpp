#include "lib/http_client/http_client.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/http_client/posting.h"

using namespace o365::test;  // NOLINT(google-build-using-namespace)

namespace o365 {
namespace {

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
    BOOST_TEST(success.status == 200, "for a workflow it is enough");
    BOOST_TEST(success.body.empty());
    BOOST_TEST(success.problem == "no answer in time");
    BOOST_TEST((post(client, server.url()).transport == TransportStatus::in_doubt));
    const PostResult torn = post(client, server.url());
    BOOST_TEST((torn.transport == TransportStatus::in_doubt));
    BOOST_TEST(torn.status == 0, "its header is not whole");
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

}  // namespace o365
