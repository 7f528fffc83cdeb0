// One request of the HTTP client: its libcurl handle, callbacks and result. Other folders include http_client.h
// instead.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/http_client/http_client.h"
#include "lib/http_client/kept_sockets.h"
#include "lib/http_client/retry_after.h"

namespace o365 {

using Easy = std::unique_ptr<CURL, CFree<curl_easy_cleanup>>;
using List = std::unique_ptr<curl_slist, CFree<curl_slist_free_all>>;
using Clock = std::chrono::steady_clock;

struct Address {
    sockaddr_storage address{};
    socklen_t size = 0;
};

struct Transfer {
    Easy easy{curl_easy_init()};
    KeptSockets* sockets = nullptr;
    std::size_t max_body = 0;
    std::chrono::milliseconds dead_after{};
    std::chrono::milliseconds timeout{};
    std::string request;
    PostResult result;
    HttpClient::MayStart may_start;
    HttpClient::Done done;
    Clock::time_point begun;
    std::size_t place = 0;                  // index in Impl::active
    std::shared_ptr<curl_slist> addresses;  // given to libcurl with this transfer
    RetryAfter retry_after;
    std::vector<Address> tried;    // what connections were begun to
    std::size_t received = 0;      // bytes of the answer's body
    bool whole_header = false;     // the final answer's header has been read
    bool cut = false;              // the answer was longer than kMostRead
    bool refused_address = false;  // by address_policy.h
    bool no_descriptor = false;    // no socket could be made
    bool started = false;          // the request may have been sent
    bool withdrawn = false;        // may_start() was false
    bool allow_loopback = false;
    bool only_loopback = false;
    bool proxied = false;
    List own_headers;  // of a send(): such a transfer is not used again
};

// A host name with its addresses: a webhook's host, or the proxy.
struct Host {
    std::string name;
    std::vector<int> ports;
    std::shared_ptr<curl_slist> addresses;  // as CURLOPT_RESOLVE takes them; null when none is known
    Clock::time_point looked_up_at{};
    bool asking = false;                             // a look-up is running
    std::vector<std::unique_ptr<Transfer>> waiting;  // for the look-up
};

// Makes a libcurl handle for requests with these options, `headers` and `sockets`, which must all outlive it. Throws
// std::bad_alloc.
std::unique_ptr<Transfer> make_transfer(const HttpClientOptions& options, KeptSockets& sockets, curl_slist* headers);

// The result of a request that libcurl ended with `code`, without PostResult::took. Empties the transfer's own result.
PostResult result_of(Transfer& transfer, CURLcode code);

}  // namespace o365
