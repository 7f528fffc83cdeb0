#include "lib/http_client/transfer.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "lib/http_client/address_policy.h"

namespace o365 {
namespace {

// How many bytes of an answer's body are read. After that the connection is closed, because a new one is cheaper.
constexpr std::size_t kMostRead = 262144;
// libcurl allocates two buffers for each request, by default of 16 and 64 KiB. With many transfers that is more than a
// core's cache holds, for answers of a few bytes. 16 KiB is libcurl's minimum for sending.
constexpr long kReceiveBuffer = 4096;
constexpr long kSendBuffer = 16384;
// Servers close idle connections after 60, 75 (nginx) or more seconds. A connection that was idle for this long is not
// used again, because a request on it could cross with its end.
constexpr long kMaxIdle = 45;  // seconds
// How long libcurl's DNS cache keeps addresses, in seconds. It counts whole seconds, so that with 1 an address could
// expire in the moment in which it is set. Not longer, because libcurl walks over the whole cache after each request.
constexpr long kDnsCacheTime = 2;

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::size_t length = size * count;
    transfer.received += length;
    transfer.cut = transfer.received > kMostRead;
    if (transfer.cut) return 0;
    std::string& body = transfer.result.body;
    try {
        body.append(data, std::min(length, transfer.max_body - body.size()));
    } catch (...) {
        return 0;
    }
    return length;
}

// Reads one header line: of an interim answer, of the final answer, or of its trailer.
void take_header(Transfer& transfer, std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
        transfer.result.headers.clear();
        transfer.retry_after = {};
        transfer.whole_header = false;
        return;
    }
    if (line.empty()) {
        long status = 0;
        curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
        transfer.whole_header = status >= 200;
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    const std::string_view value = begin == std::string_view::npos ? std::string_view() : line.substr(begin);
    std::string name = lower(line.substr(0, colon));
    if (name == "retry-after") transfer.retry_after.add(value);
    if (name == "date") transfer.retry_after.set_date(value);
    if (transfer.own_headers) transfer.result.headers.emplace_back(std::move(name), value);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    try {
        take_header(*static_cast<Transfer*>(user), {data, size * count});
    } catch (...) {
        return 0;
    }
    return size * count;
}

void set_option(int fd, int level, int name, int value) noexcept {
    // An option that this system does not have is no error.
    static_cast<void>(::setsockopt(fd, level, name, &value, sizeof value));
}

curl_socket_t on_open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
    auto* transfer = static_cast<Transfer*>(user);
    // With a proxy the address is that of the proxy, which the operator chose.
    const bool may = transfer->only_loopback
                         ? is_loopback_address(address->addr)
                         : transfer->proxied || is_public_address(address->addr, transfer->allow_loopback);
    if (!may) {
        transfer->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    Address tried;
    tried.size = std::min(static_cast<socklen_t>(address->addrlen), static_cast<socklen_t>(sizeof tried.address));
    std::memcpy(&tried.address, &address->addr, tried.size);
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        transfer->no_descriptor = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return CURL_SOCKET_BAD;
    }
    try {
        transfer->tried.push_back(tried);
        transfer->sockets->opened(fd);
    } catch (...) {
        ::close(fd);
        return CURL_SOCKET_BAD;
    }
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    const auto seconds = static_cast<int>(transfer->dead_after.count() / 1000);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 2));
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(transfer->dead_after.count()));
    return fd;
}

int on_close_socket(void* user, curl_socket_t fd) noexcept {
    static_cast<KeptSockets*>(user)->closed(fd);
    return ::close(fd);
}

// Whether this machine has a route to the address, by its own tables: no packet leaves. What routers say elsewhere is
// the far end's trouble.
bool has_route(const Address& to) noexcept {
    const Fd socket(::socket(to.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.address), to.size) == 0;
}

// libcurl calls this when the connection is made, with TLS and proxy, right before it sends the request. It calls it a
// second time when a kept connection has ended and it is about to send the request again on a new one: the first
// request may have arrived.
int on_ready(void* user, char* /*peer*/, char* /*local*/, int /*peer_port*/, int /*local_port*/) noexcept {
    auto* transfer = static_cast<Transfer*>(user);
    if (transfer->started) return CURL_PREREQFUNC_ABORT;
    transfer->withdrawn = !transfer->may_start();
    if (transfer->withdrawn) return CURL_PREREQFUNC_ABORT;
    transfer->started = true;
    return CURL_PREREQFUNC_OK;
}

std::string problem_of(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return "the webhook's host has no address";
        case CURLE_COULDNT_CONNECT:
            return "no connection to the webhook's host";
        case CURLE_OPERATION_TIMEDOUT:
            return "no answer in time";
        case CURLE_SSL_CONNECT_ERROR:
            return "no TLS connection to the webhook's host";
        case CURLE_PEER_FAILED_VERIFICATION:
            return "the certificate of the webhook's host is not valid";
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_ABORTED_BY_CALLBACK:
            return "the connection ended before the answer";
        default:
            return fmt::format("the POST failed: {}", curl_easy_strerror(code));
    }
}

// For a request that got no further than the proxy. `status`: the proxy's answer to CONNECT; 0 for none.
std::string proxy_problem_of(CURLcode code, long status) {
    if (status == 407) return "the proxy wants another user or password (HTTP 407): check the setting proxy";
    if (status == 403)
        return "the proxy does not allow the webhook's host (HTTP 403): ask whoever runs the proxy to allow it";
    if (status != 0) return fmt::format("the proxy does not connect to the webhook's host (HTTP {})", status);
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
            return "the proxy's host has no address: check the setting proxy";
        case CURLE_COULDNT_CONNECT:
            return "no connection to the proxy: is it running, and is the setting proxy right?";
        case CURLE_OPERATION_TIMEDOUT:
            return "no answer from the proxy in time";
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
            return "no TLS connection to the proxy, or its certificate is not valid";
        default:
            return fmt::format("the proxy failed: {}", curl_easy_strerror(code));
    }
}

}  // namespace

std::unique_ptr<Transfer> make_transfer(const HttpClientOptions& options, KeptSockets& sockets, curl_slist* headers) {
    auto transfer = std::make_unique<Transfer>();
    CURL* const easy = transfer->easy.get();
    if (easy == nullptr) throw std::bad_alloc();
    transfer->sockets = &sockets;
    transfer->max_body = options.max_body;
    transfer->dead_after = options.dead_after;
    transfer->allow_loopback = options.allow_loopback;
    transfer->only_loopback = options.only_loopback;
    transfer->proxied = !options.proxy.empty();
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdle);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, kDnsCacheTime);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, (std::string("o365-connector/") + kVersion).c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &sockets);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
    if (options.ca_file.empty()) {
        // Without a folder of authorities libcurl reads the system's file once and shares it among all connections.
        // With one, as Debian's libcurl has it by default, each connection reads the file: 20 ms of CPU and 1 MB each.
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    } else {
        // The system's authorities are then read from their folder, which costs only what a connection asks for.
        curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    return transfer;
}

// An answer counts when it is complete. A long one counts although it is not read to its end, and a failure (3xx to
// 5xx) although its body breaks off. A success that breaks off is in doubt, because the rest might have said otherwise.
// Its status stands in the result.
PostResult result_of(Transfer& transfer, CURLcode code) {
    CURL* const easy = transfer.easy.get();
    PostResult result = std::exchange(transfer.result, {});
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK || (transfer.whole_header && (transfer.cut || status >= 300))) {
        result.transport = TransportStatus::answered;
        result.status = static_cast<int>(status);
        result.retry_after = transfer.retry_after.seconds(std::time(nullptr));
        return result;
    }
    if (transfer.whole_header) result.status = static_cast<int>(status);
    result.body.clear();
    result.headers.clear();
    result.problem = problem_of(code);
    long proxy_status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (transfer.started) {
        result.transport = TransportStatus::in_doubt;
    } else if (transfer.withdrawn) {
        result.transport = TransportStatus::withdrawn;
    } else if (transfer.refused_address) {
        result.problem = "the webhook's host has an address that is not public";
    } else if (transfer.no_descriptor) {
        result.transport = TransportStatus::our_side;
        result.problem = "no socket for a connection: raise the limit of open files, or lower max_transfers";
    } else if (transfer.proxied && proxy_status / 100 != 2 && code != CURLE_UNSUPPORTED_PROTOCOL &&
               code != CURLE_URL_MALFORMAT) {
        result.transport = TransportStatus::our_side;
        result.problem = proxy_problem_of(code, proxy_status);
    } else if (code == CURLE_COULDNT_CONNECT && !transfer.tried.empty() &&
               std::ranges::none_of(transfer.tried, has_route)) {
        result.transport = TransportStatus::no_route;
        result.problem = "this machine has no route to the webhook's host: look at its network";
    }
    return result;
}

}  // namespace o365
