// What carries POSTs to webhooks: HttpClient, or what a test puts in its place. A Transport belongs to one thread, but
// for wake().
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

// How far a request came.
enum class TransportStatus {
    answered,   // status and body are the answer
    not_sent,   // no byte of the request left: no address, no connection, no TLS
    our_side,   // no byte of the request left, and the far end was not asked: the proxy, this machine's name servers
                // or descriptors
    no_route,   // the same, because this machine knows no way to the host's addresses; other hosts may be reached
    withdrawn,  // may_start said no when the connection stood: nothing was sent
    in_doubt    // the request was sent, and no answer came or a success broke off
};

struct PostResult {
    TransportStatus transport = TransportStatus::not_sent;
    int status = 0;  // 0 unless answered, or in_doubt because a success broke off
    // The first max_body bytes of the body; fewer when the connection ended within the body of a failure.
    std::string body;
    // Of the answer to a send(), names in lower case, in order; empty after a post().
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

    // Starts a POST of a JSON body. When the connection stands and before the first byte leaves, `may_start` is asked,
    // and must not throw. `done` is called from run_once() exactly once, unless the transport is destroyed before.
    // `url` is copied. `timeout`: from the begin of the connection to the end of the answer. Throws std::exception when
    // the POST cannot be started; `done` is not called then.
    virtual void post(const Secret& url, std::string body, MayStart may_start, Done done,
                      std::chrono::milliseconds timeout) = 0;
    // Requests whose `done` was not called yet.
    virtual int in_flight() const noexcept = 0;
    // Waits at most `longest` for something to happen, handles it and calls what is done. Returns at once after wake().
    virtual void run_once(std::chrono::milliseconds longest) = 0;
    // Ends the wait of run_once(); from any thread.
    virtual void wake() noexcept = 0;
};

}  // namespace o365
