// Sends HTTP requests, above all POSTs to webhooks: libcurl's multi interface with socket action and epoll, any number
// of requests at a time on one thread. The rules of callback-and-fastcgi.md 2.3 hold for every request: https only, TLS
// verified, no redirects, no netrc, no proxy but the configured one, the IP address checked when connecting, answers
// limited in bytes and time.
//
// HTTP/1.1 only. With HTTP/2, a server that ends a connection leaves requests in doubt that it never processed, and one
// dead connection holds up all requests to its host.
//
// Host names are looked up in parallel (lib/http_client/resolver.h): a look-up that hangs delays only its own host.
// Addresses are used for 30 seconds, and for five minutes while new look-ups fail. A failed look-up is not cached.
//
// An HttpClient belongs to one thread, except for wake(). It is the worker's Transport.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/secret.h"
#include "lib/http_client/transport.h"

namespace o365 {

struct HttpClientOptions {
    std::string ca_file;           // PEM file of certificate authorities besides the system's; empty: none
    std::string proxy;             // URL; empty: none, whatever the environment says
    bool allow_loopback = false;   // development only
    bool only_loopback = false;    // connects to this machine only: the sandbox
    int max_transfers = 256;       // how many idle connections are kept
    std::size_t max_body = 65536;  // how many bytes of an answer's body are kept: its first ones
    std::chrono::milliseconds connect_timeout{5000};  // for a look-up, and for TCP, proxy and TLS together
    std::chrono::milliseconds timeout{20000};         // from the beginning of connecting to the end of the answer
    // After so long without an acknowledgement a connection is closed, and after so long idle it is probed: whole
    // seconds, at least one.
    std::chrono::milliseconds dead_after{10000};
};

// A request other than the POST of a card.
struct HttpRequest {
    Secret url;
    std::string method = "GET";  // or POST
    std::string body;            // of a POST
    // "Name: value"; a POST has its Content-Type here. A line with CR, LF or NUL, or longer than 64 KiB, is left out.
    std::vector<std::string> headers;
};

class HttpClient : public Transport {
  public:
    explicit HttpClient(const HttpClientOptions& options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient() override;

    // See Transport. The request is sent at most once: where libcurl would send it again, because a kept connection
    // ended, the result is in doubt. Throws std::runtime_error when libcurl accepts no further request.
    void post(const Secret& url, std::string body, MayStart may_start, Done done,
              std::chrono::milliseconds timeout) override;
    // The same with HttpClientOptions::timeout.
    void post(const Secret& url, std::string body, MayStart may_start, Done done);
    // The same for any request. Its body and headers are wiped afterwards.
    void send(HttpRequest request, MayStart may_start, Done done);
    int in_flight() const noexcept override;
    void run_once(std::chrono::milliseconds longest) override;
    void wake() noexcept override;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Initializes libcurl and c-ares. Call it once, before any thread starts. Returns their versions, for the log. Throws
// std::runtime_error.
std::string start_http_client();

// Sends one request and waits for its result. `goes_on` is called about ten times a second; when it returns false,
// fetch() returns nullopt. Throws as HttpClient::send() does.
std::optional<PostResult> fetch(
    HttpClient& client, HttpRequest request, const std::function<bool()>& goes_on = [] { return true; });

}  // namespace o365
