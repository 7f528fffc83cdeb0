// POSTs to webhooks: libcurl's multi interface driven by socket action and epoll, any number at a time on one thread.
// The rules of callback-and-fastcgi.md 2.3 hold for every request: https only, TLS verified, no redirects, no netrc, no
// proxy but the configured one, the address checked when it is connected to, answers capped in bytes and time. An
// HttpClient belongs to one thread, but for wake().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/secret.h"

namespace o365 {

struct HttpClientOptions {
    std::string ca_file;          // authorities besides the system's, PEM; empty: none
    std::string proxy;            // empty: none, whatever the environment says
    bool allow_loopback = false;  // development only
    bool only_loopback = false;   // nothing but this machine is connected to: the sandbox
    int max_transfers = 256;      // connections that are kept
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds timeout{20000};  // of a whole POST
};

enum class Transport {
    answered,   // status and body are the answer
    not_sent,   // no byte of the request left: no address, no connection, no TLS
    withdrawn,  // may_start said no when the connection stood: nothing was sent
    in_doubt    // the request was sent and no whole answer came
};

struct PostResult {
    Transport transport = Transport::not_sent;
    int status = 0;    // 0 unless answered
    std::string body;  // at most 64 KiB are read; more is in doubt
    // Of the answer to a send(), names in lower case, in order; empty after a post().
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::int64_t> retry_after;  // seconds, at most a day, from a Retry-After of either form
    std::chrono::milliseconds took{0};
    std::string problem;  // what went wrong, for operators; never the URL; empty when answered
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

class HttpClient {
  public:
    using MayStart = std::function<bool()>;
    using Done = std::function<void(PostResult)>;

    explicit HttpClient(const HttpClientOptions& options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    // Starts a POST of a JSON body. When the connection stands and before the first byte leaves, `may_start` is asked,
    // and must not throw. `done` is called from run_once() exactly once, unless the client is destroyed before. The
    // request leaves at most once: where libcurl would send it again because a kept connection died under it, the
    // result is in doubt. `url` is copied. Throws std::runtime_error when libcurl takes no further request.
    void post(const Secret& url, std::string body, MayStart may_start, Done done);
    // The same for any request, by the same rules. It is sent as it is, and what it was is wiped afterwards.
    void send(HttpRequest request, MayStart may_start, Done done);
    int in_flight() const noexcept;
    // Waits at most `longest` for something to happen, handles it and calls what is done. Returns at once after wake().
    void run_once(std::chrono::milliseconds longest);
    // Ends the wait of run_once(); from any thread.
    void wake() noexcept;
    // The whole-POST timeout of requests that start from now on.
    void set_timeout(std::chrono::milliseconds timeout) noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Once before any thread starts: libcurl's own global state, and what its version is, for the log.
std::string start_http_client();

}  // namespace o365
