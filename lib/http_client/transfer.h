// One request of the HTTP client: what libcurl calls back for it, and what its end means. Not for other folders: they
// see http_client.h.
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

struct Host;

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
    std::size_t place = 0;  // in Impl::active
    std::shared_ptr<Host> host;
    std::shared_ptr<curl_slist> addresses;  // that libcurl is told with this transfer
    RetryAfter retry_after;
    std::vector<Address> tried;  // what connections were begun to
    std::size_t received = 0;    // bytes of the answer's body
    bool whole_header = false;   // of the final answer
    bool cut = false;            // the answer was longer than kMostRead
    bool refused_address = false;
    bool no_descriptor = false;
    bool started = false;
    bool withdrawn = false;
    bool allow_loopback = false;
    bool only_loopback = false;
    bool proxied = false;
    List own_headers;  // of a send(): such a transfer serves once
};

// What is known of a name: a webhook's host, or the proxy.
struct Host {
    std::string name;
    std::vector<int> ports;
    std::shared_ptr<curl_slist> addresses;  // as CURLOPT_RESOLVE takes them; null: none known
    Clock::time_point looked_up_at{};
    bool asking = false;
    std::vector<std::unique_ptr<Transfer>> waiting;  // for the first look-up
};

// A handle for requests with these options, `headers` and sockets, which all outlive it. Throws std::bad_alloc.
std::unique_ptr<Transfer> make_transfer(const HttpClientOptions& options, KeptSockets& sockets, curl_slist* headers);

// What became of a request that libcurl ended with `code`; its took is not set. The transfer's own result is left
// empty.
PostResult result_of(Transfer& transfer, CURLcode code);

}  // namespace o365
