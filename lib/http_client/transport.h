// The interface by which the worker POSTs to webhooks: HttpClient, or a test's own. A Transport belongs to one thread,
// except for wake().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/secret.h"

namespace o365 {

// How far a request got.
enum class TransportStatus {
    answered,   // status and body are the answer
    not_sent,   // nothing was sent: no address, no connection, no TLS
    our_side,   // nothing was sent, and not because of the far end: the proxy failed, no name server was reached, or
                // file descriptors ran out
    no_route,   // the same, because this machine knows no way to the host's addresses; other hosts may be reached
    withdrawn,  // nothing was sent: may_start() was false when the connection was made
    in_doubt    // the request was sent, and no answer came, or a success broke off
};

// Whether nothing was sent, for a reason of this machine's: that says nothing of the far end.
constexpr bool failed_here(TransportStatus status) noexcept {
    return status == TransportStatus::our_side || status == TransportStatus::no_route;
}

struct PostResult {
    TransportStatus transport = TransportStatus::not_sent;
    int status = 0;  // 0 unless answered, or in_doubt because a success broke off
    // The first max_body bytes of the body; fewer when the connection ended in the body of a failure.
    std::string body;
    // The headers of the answer to an HttpClient::send(), in order, names in lower case; empty after a post().
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::int64_t> retry_after;  // seconds, at most a day (lib/http_client/retry_after.h)
    std::chrono::milliseconds took{0};
    std::string problem;  // what went wrong, for operators; never the URL; empty when answered
};

class Transport {
  public:
    using MayStart = std::function<bool()>;
    using Done = std::function<void(PostResult)>;

    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    // Starts a POST of a JSON body. `may_start` is called when the connection is made and before the first byte is
    // sent; if it returns false nothing is sent. It must not throw. `done` is called from run_once() exactly once,
    // unless the transport is destroyed first. `url` is copied. `timeout`: from the beginning of connecting to the end
    // of the answer. Throws std::exception when the POST cannot be started, and then does not call `done`.
    virtual void post(const Secret& url, std::string body, MayStart may_start, Done done,
                      std::chrono::milliseconds timeout) = 0;
    // How many requests have not had their `done` called.
    virtual int in_flight() const noexcept = 0;
    // Waits at most `longest` for something to happen, handles it and calls `done` of finished requests. Returns at
    // once after wake().
    virtual void run_once(std::chrono::milliseconds longest) = 0;
    // Ends the wait of run_once(). From any thread.
    virtual void wake() noexcept = 0;
};

}  // namespace o365
