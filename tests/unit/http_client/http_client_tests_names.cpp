// Whom a client connects to: a proxy, or what a name server of the tests says of a name.
#include <arpa/inet.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "tests/support/name_server.h"
#include "tests/unit/http_client/posting.h"

using namespace o365::test;  // NOLINT(google-build-using-namespace)

namespace o365 {
namespace {

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

boost::test_tools::assertion_result may_have_namespaces(boost::unit_test::test_unit_id /*unit*/) {
    static const bool entered = enter_own_namespaces("nameserver 127.0.0.1\n", "");
    boost::test_tools::assertion_result result(entered);
    result.message() << "this user may not have namespaces of its own";
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client_tests)

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

BOOST_AUTO_TEST_CASE(f8_name_servers_that_are_not_reached_are_this_machine_s_trouble_and_those_that_fail_the_name_s) {
    const std::string url = "https://contoso.hook.example/hook";
    const PostResult down = post({}, url);
    BOOST_TEST((down.transport == TransportStatus::our_side));
    BOOST_TEST(down.problem == "the webhook's host has no address yet: no name server of /etc/resolv.conf is reached");
    NameServer names;
    names.set("contoso.hook.example", NameServer::Behaviour::fails);
    const PostResult fails = post({}, url);
    BOOST_TEST((fails.transport == TransportStatus::not_sent));
    BOOST_TEST(fails.problem == "the webhook's host has no address yet: its name servers fail");
}

BOOST_AUTO_TEST_CASE(f8_a_host_without_a_route_is_this_machine_s_trouble_and_one_that_refuses_is_its_own) {
    // This network has loopback alone.
    for (const char* url : {"https://8.8.8.8/hook", "https://[2001:4860:4860::8888]/hook"}) {
        const PostResult lost = post({}, url);
        BOOST_TEST((lost.transport == TransportStatus::no_route), url);
        BOOST_TEST(lost.problem == "this machine has no route to the webhook's host: look at its network");
    }
    HttpClientOptions options;
    options.allow_loopback = true;
    BOOST_TEST((post(options, "https://localhost:1/hook").transport == TransportStatus::not_sent));
    // A route that says that there is none.
    rtentry route{};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    BOOST_REQUIRE(::inet_pton(AF_INET, "9.9.9.9", &to.sin_addr) == 1);
    std::memcpy(&route.rt_dst, &to, sizeof to);
    route.rt_genmask.sa_family = AF_INET;
    reinterpret_cast<sockaddr_in*>(&route.rt_genmask)->sin_addr.s_addr = INADDR_NONE;
    route.rt_flags = RTF_REJECT | RTF_HOST;
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(::ioctl(socket.get(), SIOCADDRT, &route) == 0);
    BOOST_TEST((post({}, "https://9.9.9.9/hook").transport == TransportStatus::no_route));
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
