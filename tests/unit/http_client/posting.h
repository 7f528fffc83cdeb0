// One POST to its end, and peers on loopback to send it to.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "lib/http_client/http_client.h"
#include "tests/support/tls_server.h"

namespace o365::test {

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
inline int closed_port() { return Listener().port; }

inline PostResult post(HttpClient& client, const std::string& url, bool may_start = true) {
    std::optional<PostResult> result;
    client.post(
        Secret(url), "{}", [&] { return may_start; }, [&](PostResult done) { result = std::move(done); });
    while (!result) client.run_once(std::chrono::milliseconds(100));
    BOOST_TEST(client.in_flight() == 0);
    return *result;
}

inline PostResult post(const HttpClientOptions& options, const std::string& url) {
    HttpClient client(options);
    return post(client, url);
}

inline HttpClientOptions options_for(const TlsServer& server) {
    HttpClientOptions options;
    options.allow_loopback = true;
    options.ca_file = server.ca_file();
    return options;
}

inline const std::string kOne = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";

}  // namespace o365::test
