// POSTs to webhooks: libcurl's multi interface driven by socket action and epoll, any number at a time on one thread.
// The rules of callback-and-fastcgi.md 2.3 hold for every request: https only, TLS verified, no redirects, no netrc, no
// proxy but the configured one, the address checked when it is connected to, answers capped in bytes and time.
//
// HTTP/1.1 only. Over HTTP/2 a server that ends a connection leaves requests undecided that it never processed, and one
// dead connection holds all requests to its host.
//
// Host names are looked up beside the requests (lib/http_client/resolver.h): a look-up that hangs delays its own host
// only. Addresses are kept for 30 seconds, and used for five minutes while they cannot be looked up again. A failed
// look-up is not kept.
//
// An HttpClient belongs to one thread, but for wake(). It is the Transport of the worker.
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
    std::string ca_file;           // authorities besides the system's, PEM; empty: none
    std::string proxy;             // empty: none, whatever the environment says
    bool allow_loopback = false;   // development only
    bool only_loopback = false;    // nothing but this machine is connected to: the sandbox
    int max_transfers = 256;       // connections that are kept
    std::size_t max_body = 65536;  // bytes of an answer's body that are kept, of a longer one the first
    std::chrono::milliseconds connect_timeout{5000};  // of a look-up, and of TCP, proxy and TLS together
    std::chrono::milliseconds timeout{20000};         // from the begin of the connection to the end of the answer
    // A connection whose packets are not acknowledged for so long is given up, and an idle one is probed after as long:
    // whole seconds, at least one.
    std::chrono::milliseconds dead_after{10000};
};

// A request that is no card to a webhook.
struct HttpRequest {
    Secret url;
    std::string method = "GET";  // or POST
    std::string body;            // of a POST
    // "Name: value", as libcurl takes them; a POST says its Content-Type here. A line that holds CR or LF, or is longer
    // than 64 KiB, is left out.
    std::vector<std::string> headers;
};

class HttpClient : public Transport {
  public:
    explicit HttpClient(const HttpClientOptions& options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient() override;

    // As Transport says. The request leaves at most once: where libcurl would send it again because a kept connection
    // died under it, the result is in doubt. Throws std::runtime_error when `url` is no URL or libcurl takes no further
    // request.
    void post(const Secret& url, std::string body, MayStart may_start, Done done,
              std::chrono::milliseconds timeout) override;
    // The same within HttpClientOptions::timeout.
    void post(const Secret& url, std::string body, MayStart may_start, Done done);
    // The same for any request, by the same rules. It is sent as it is, and what it was is wiped afterwards.
    void send(HttpRequest request, MayStart may_start, Done done);
    int in_flight() const noexcept override;
    void run_once(std::chrono::milliseconds longest) override;
    void wake() noexcept override;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Once before any thread starts: the global state of libcurl and c-ares, and their versions, for the log.
std::string start_http_client();

// Sends one request and waits for what comes of it. `goes_on` is asked some ten times a second; nullopt once it says
// no. Throws as HttpClient::send does.
std::optional<PostResult> fetch(
    HttpClient& client, HttpRequest request, const std::function<bool()>& goes_on = [] { return true; });

}  // namespace o365
