#include "lib/http_client/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/base/lru_cache.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/http_client/address_policy.h"
#include "lib/http_client/kept_sockets.h"
#include "lib/http_client/resolver.h"
#include "lib/http_client/retry_after.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using Easy = std::unique_ptr<CURL, CFree<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CFree<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, CFree<curl_slist_free_all>>;

// A longer answer is not read to its end: a new connection is cheaper.
constexpr std::size_t kMostRead = 262144;
// libcurl takes two buffers for each request and gives them back after it, by default 16 and 64 KiB: with many
// transfers more than a core's cache holds, for an answer of a few bytes. 16 KiB is the least that it has for what is
// sent.
constexpr long kReceiveBuffer = 4096;
constexpr long kSendBuffer = 16384;
constexpr std::size_t kMaxHeader = 65536;
// Servers close idle connections after 60, 75 (nginx) or more seconds. One that has been idle for this long is not used
// again, because a request could meet its end on the way.
constexpr long kMaxIdle = 45;               // seconds
constexpr std::chrono::seconds kFresh{30};  // how long addresses are used without another look-up
constexpr std::chrono::minutes kUsable{5};  // and while they cannot be looked up again
constexpr std::size_t kMostHosts = 65536;   // that are known: some 30 MB
constexpr int kHttpProxyPort = 1080;        // of a proxy's URL without a port, says libcurl
// How long libcurl keeps addresses, in seconds. It counts whole ones, so that with one an address could be too old in
// the moment it is told; and after each request it goes through all that it keeps.
constexpr long kTold = 2;

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {
        if (fd_ < 0) throw std::runtime_error("could not make a file descriptor: raise the limit of open files");
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { ::close(fd_); }
    int get() const noexcept { return fd_; }

  private:
    int fd_;
};

struct Transfer;

// What is known of a name: a webhook's host, or the proxy.
struct Host {
    std::string name;
    std::vector<int> ports;
    std::shared_ptr<curl_slist> addresses;  // as CURLOPT_RESOLVE takes them; null: none known
    Clock::time_point looked_up_at{};
    bool asking = false;
    std::vector<std::unique_ptr<Transfer>> waiting;  // for the first look-up
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
    std::size_t received = 0;   // bytes of the answer's body
    bool whole_header = false;  // of the final answer
    bool cut = false;           // the answer was longer than kMostRead
    bool refused_address = false;
    bool no_descriptor = false;
    bool started = false;
    bool withdrawn = false;
    bool allow_loopback = false;
    bool only_loopback = false;
    bool proxied = false;
    List own_headers;  // of a send(): such a transfer serves once
};

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

// One line of a header: of an interim answer, of the final one, or of its trailer.
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
    // What this system does not know is left as it is.
    static_cast<void>(::setsockopt(fd, level, name, &value, sizeof value));
}

curl_socket_t on_open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
    auto* transfer = static_cast<Transfer*>(user);
    // With a proxy the address is the proxy's, which the operator chose.
    const bool may = transfer->only_loopback
                         ? is_loopback_address(address->addr)
                         : transfer->proxied || is_public_address(address->addr, transfer->allow_loopback);
    if (!may) {
        transfer->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        transfer->no_descriptor = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return CURL_SOCKET_BAD;
    }
    try {
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

// Asked by libcurl when the connection stands, handshake, proxy and all, right before the request. It asks a second
// time when a kept connection died and it is about to send the request again on a new one: the first may have arrived.
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

// Of a request that got no further than the proxy, which answered CONNECT with `status`, or not at all: 0.
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

// Scheme, host and port as they are written; empty when the text does not begin as a webhook does.
std::string_view origin_part(std::string_view url) {
    constexpr std::string_view kBegin = "https://";
    return url.starts_with(kBegin) ? url.substr(0, url.find_first_of("/?#", kBegin.size())) : std::string_view();
}

// Whether libcurl knows the address by itself, without asking anybody.
bool needs_no_look_up(const std::string& name) {
    in_addr ipv4{};
    return name == "localhost" || name.ends_with(".localhost") || name.starts_with('[') ||
           inet_pton(AF_INET, name.c_str(), &ipv4) == 1;
}

}  // namespace

struct HttpClient::Impl {
    explicit Impl(const HttpClientOptions& chosen);

    HttpClientOptions options;
    Descriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
    Descriptor wake_up{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    List headers;
    KeptSockets sockets;  // before the multi, whose end closes them
    // Handles are removed from the multi before either is freed: transfers come after it, and the destructor empties
    // it.
    Multi multi{curl_multi_init()};
    std::vector<std::unique_ptr<Transfer>> active;                   // owns what curl has; order of no meaning
    std::vector<std::unique_ptr<Transfer>> idle;                     // handles to use again
    LruCache<std::string, std::shared_ptr<Host>> hosts{kMostHosts};  // by what origin_part gives; "": the proxy
    int waiting = 0;                                                 // transfers that wait for a look-up
    Resolver resolver{options.connect_timeout};                      // its answers touch what is above
    std::optional<Clock::time_point> timer;

    std::unique_ptr<Transfer> make_transfer();
    void socket_action(curl_socket_t socket, int events);
    void finish_done();
    void finish(std::unique_ptr<Transfer> transfer, PostResult result);
    PostResult result_of(Transfer& transfer, CURLcode code) const;
    void start(std::unique_ptr<Transfer> transfer, const Secret& url, MayStart may_start, Done done);
    bool begin(std::unique_ptr<Transfer>& transfer);
    std::shared_ptr<Host> host_of(const std::string& url);
    void look_up(const std::shared_ptr<Host>& host);
    void looked_up(const std::shared_ptr<Host>& host, const ResolvedHost& answer);

    static int on_socket(CURL* easy, curl_socket_t fd, int what, void* user, void* known) noexcept;
    static int on_timer(CURLM* multi, long timeout_ms, void* user) noexcept;
};

HttpClient::Impl::Impl(const HttpClientOptions& chosen) : options(chosen) {
    curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
    list = curl_slist_append(list, "Accept:");
    list = curl_slist_append(list, "Expect:");  // 100-continue would cost a round trip
    headers.reset(list);
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_transfers));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wake_up.get();
    bool watched = epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_up.get(), &event) == 0;
    event.data.fd = resolver.descriptor();
    watched = epoll_ctl(epoll.get(), EPOLL_CTL_ADD, resolver.descriptor(), &event) == 0 && watched;
    if (!watched) throw std::runtime_error("could not watch a file descriptor");
}

int HttpClient::Impl::on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* user, void* /*known*/) noexcept {
    Impl& impl = *static_cast<Impl*>(user);
    std::uint32_t events = 0;
    if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
    impl.sockets.watch(impl.epoll.get(), fd, events);
    return 0;
}

int HttpClient::Impl::on_timer(CURLM* /*multi*/, long timeout_ms, void* user) noexcept {
    Impl& impl = *static_cast<Impl*>(user);
    if (timeout_ms < 0) {
        impl.timer.reset();
    } else {
        impl.timer = Clock::now() + std::chrono::milliseconds(timeout_ms);
    }
    return 0;
}

std::unique_ptr<Transfer> HttpClient::Impl::make_transfer() {
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
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, kTold);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "o365-connector/" O365_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
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
        // libcurl then reads the system's file of authorities once and shares it among all connections. With a folder
        // set, as Debian's libcurl has it, each connection reads the file again: 20 ms of CPU and 1 MB each.
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    } else {
        // The system's authorities stay known through their folder; of that only what is asked for is read.
        curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    return transfer;
}

void HttpClient::Impl::socket_action(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi.get(), socket, events, &running);
}

void HttpClient::Impl::finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* const easy = message->easy_handle;
        const CURLcode code = message->data.result;
        char* owner = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
        auto* const raw = reinterpret_cast<Transfer*>(owner);
        curl_multi_remove_handle(multi.get(), easy);
        std::swap(active[raw->place], active.back());
        active[raw->place]->place = raw->place;
        std::unique_ptr<Transfer> transfer = std::move(active.back());
        active.pop_back();

        PostResult result = result_of(*transfer, code);
        finish(std::move(transfer), std::move(result));
    }
}

// An answer counts once its header is whole: all of its body, or as much as is read of a long one, or what there is of
// a failure's. A success that breaks off is in doubt, because what it says might stand in the rest.
PostResult HttpClient::Impl::result_of(Transfer& transfer, CURLcode code) const {
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
    }
    return result;
}

void HttpClient::Impl::finish(std::unique_ptr<Transfer> transfer, PostResult result) {
    CURL* const easy = transfer->easy.get();
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - transfer->begun);
    transfer->host.reset();
    transfer->may_start = nullptr;
    const Done done = std::exchange(transfer->done, nullptr);
    wipe(transfer->request);
    transfer->request.shrink_to_fit();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
    curl_easy_setopt(easy, CURLOPT_URL, nullptr);
    if (transfer->addresses) {
        curl_easy_setopt(easy, CURLOPT_RESOLVE, nullptr);
        transfer->addresses.reset();
    }
    if (transfer->own_headers) {
        for (curl_slist* line = transfer->own_headers.get(); line != nullptr; line = line->next)
            explicit_bzero(line->data, std::strlen(line->data));
    } else {
        idle.push_back(std::move(transfer));
    }
    done(std::move(result));
}

HttpClient::HttpClient(const HttpClientOptions& options) : impl_(std::make_unique<Impl>(options)) {}

HttpClient::~HttpClient() {
    for (const auto& transfer : impl_->active) curl_multi_remove_handle(impl_->multi.get(), transfer->easy.get());
}

void HttpClient::post(const Secret& url, std::string body, MayStart may_start, Done done,
                      std::chrono::milliseconds timeout) {
    std::unique_ptr<Transfer> transfer;
    if (impl_->idle.empty()) {
        transfer = impl_->make_transfer();
    } else {
        transfer = std::move(impl_->idle.back());
        impl_->idle.pop_back();
    }
    transfer->request = std::move(body);
    transfer->timeout = timeout;
    CURL* const easy = transfer->easy.get();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->request.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer->request.size()));
    impl_->start(std::move(transfer), url, std::move(may_start), std::move(done));
}

void HttpClient::post(const Secret& url, std::string body, MayStart may_start, Done done) {
    post(url, std::move(body), std::move(may_start), std::move(done), impl_->options.timeout);
}

void HttpClient::send(HttpRequest request, MayStart may_start, Done done) {
    std::unique_ptr<Transfer> transfer = impl_->make_transfer();
    CURL* const easy = transfer->easy.get();
    transfer->request = std::move(request.body);
    transfer->timeout = impl_->options.timeout;
    request.headers.emplace_back("Accept:");
    request.headers.emplace_back("Expect:");
    for (std::string& header : request.headers) {
        const bool plain =
            header.size() <= kMaxHeader && header.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
        curl_slist* const longer = plain ? curl_slist_append(transfer->own_headers.get(), header.c_str()) : nullptr;
        wipe(header);
        if (longer == nullptr) continue;
        [[maybe_unused]] curl_slist* const same = transfer->own_headers.release();
        transfer->own_headers.reset(longer);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->own_headers.get());
    if (request.method == "POST") {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->request.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer->request.size()));
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    impl_->start(std::move(transfer), request.url, std::move(may_start), std::move(done));
}

void HttpClient::Impl::start(std::unique_ptr<Transfer> transfer, const Secret& url, MayStart may_start, Done done) {
    CURL* const easy = transfer->easy.get();
    transfer->may_start = std::move(may_start);
    transfer->done = std::move(done);
    transfer->result = {};
    transfer->retry_after = {};
    transfer->received = 0;
    transfer->whole_header = transfer->cut = transfer->refused_address = transfer->no_descriptor = false;
    transfer->started = transfer->withdrawn = false;
    transfer->begun = Clock::now();
    curl_easy_setopt(easy, CURLOPT_URL, url.reveal().c_str());
    const std::shared_ptr<Host> host = host_of(url.reveal());
    if (host) {
        transfer->host = host;
        const auto age = transfer->begun - host->looked_up_at;
        if (!host->addresses || age >= kUsable) {
            host->waiting.push_back(std::move(transfer));
            ++waiting;
            if (!host->asking) look_up(host);
            return;
        }
        if (age >= kFresh && !host->asking) look_up(host);
    }
    if (!begin(transfer)) throw std::runtime_error("libcurl took no further request");
}

// Hands a transfer to libcurl; false when that takes no further one.
bool HttpClient::Impl::begin(std::unique_ptr<Transfer>& transfer) {
    CURL* const easy = transfer->easy.get();
    // Each transfer carries the addresses: libcurl keeps them no longer than it needs to begin the connection.
    if (transfer->host) {
        transfer->addresses = transfer->host->addresses;
        curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->addresses.get());
    }
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(transfer->timeout.count()));
    if (curl_multi_add_handle(multi.get(), easy) != CURLM_OK) return false;
    transfer->place = active.size();
    active.push_back(std::move(transfer));
    return true;
}

// The name that has to be looked up for this URL, of the proxy's host if there is one; null when libcurl needs no help.
std::shared_ptr<Host> HttpClient::Impl::host_of(const std::string& url) {
    const std::string_view key = options.proxy.empty() ? origin_part(url) : std::string_view();
    if (key.empty() && options.proxy.empty()) return nullptr;
    if (const std::shared_ptr<Host>* const known = hosts.find(key)) return *known;
    const std::optional<Url> parsed = parse_url(options.proxy.empty() ? url : options.proxy);
    std::shared_ptr<Host> host;
    if (parsed && !needs_no_look_up(parsed->host)) {
        host = std::make_shared<Host>();
        host->name = parsed->host;
        host->ports.push_back(parsed->port);
        if (parsed->scheme == "http") host->ports.push_back(kHttpProxyPort);
    }
    hosts.put(std::string(key), host);
    return host;
}

void HttpClient::Impl::look_up(const std::shared_ptr<Host>& host) {
    host->asking = true;
    resolver.look_up(host->name, [this, host](const ResolvedHost& answer) { looked_up(host, answer); });
}

void HttpClient::Impl::looked_up(const std::shared_ptr<Host>& host, const ResolvedHost& answer) {
    host->asking = false;
    if (!answer.addresses.empty()) {
        List list;
        for (const int port : host->ports) {
            // "+": it may grow old. libcurl forgets it after kTold.
            const std::string entry = fmt::format("+{}:{}:{}", host->name, port, fmt::join(answer.addresses, ","));
            curl_slist* const longer = curl_slist_append(list.get(), entry.c_str());
            if (longer == nullptr) continue;
            [[maybe_unused]] curl_slist* const same = list.release();
            list.reset(longer);
        }
        host->addresses = std::move(list);
        host->looked_up_at = Clock::now();
    }
    std::vector<std::unique_ptr<Transfer>> waited = std::exchange(host->waiting, {});
    waiting -= static_cast<int>(waited.size());
    for (std::unique_ptr<Transfer>& transfer : waited) {
        PostResult result;
        if (host->addresses && !answer.addresses.empty()) {
            if (begin(transfer)) continue;
            result.transport = TransportStatus::our_side;
            result.problem = "libcurl took no further request";
        } else {
            if (transfer->proxied) result.transport = TransportStatus::our_side;
            result.problem =
                fmt::format("{} {}", transfer->proxied ? "the proxy's host" : "the webhook's host", answer.problem);
        }
        finish(std::move(transfer), std::move(result));
    }
}

int HttpClient::in_flight() const noexcept { return static_cast<int>(impl_->active.size()) + impl_->waiting; }

void HttpClient::run_once(std::chrono::milliseconds longest) {
    std::chrono::milliseconds wait = longest;
    const auto not_after = [&](const std::optional<Clock::time_point>& at) {
        if (at) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*at - Clock::now()));
    };
    not_after(impl_->timer);
    not_after(impl_->resolver.next_run());
    wait = std::max(wait, std::chrono::milliseconds(0));
    std::array<epoll_event, 256> events{};
    const int ready =
        epoll_wait(impl_->epoll.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(wait.count()));
    const std::span<epoll_event> came{events.data(), static_cast<std::size_t>(std::max(ready, 0))};
    bool names_came = false;
    // First the ends: what follows may begin a request on any idle connection.
    for (epoll_event& event : came) {
        if (impl_->sockets.ended(impl_->epoll.get(), event.data.fd)) event.events = 0;
    }
    for (const epoll_event& event : came) {
        if (event.events == 0) continue;
        if (event.data.fd == impl_->wake_up.get()) {
            eventfd_t count = 0;
            eventfd_read(impl_->wake_up.get(), &count);
            continue;
        }
        if (event.data.fd == impl_->resolver.descriptor()) {
            names_came = true;
            continue;
        }
        const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                         ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
        impl_->socket_action(event.data.fd, mask);
    }
    if (impl_->timer && Clock::now() >= *impl_->timer) {
        impl_->timer.reset();
        impl_->socket_action(CURL_SOCKET_TIMEOUT, 0);
    }
    const std::optional<Clock::time_point> names_due = impl_->resolver.next_run();
    if (names_came || (names_due && Clock::now() >= *names_due)) impl_->resolver.run();
    impl_->finish_done();
}

void HttpClient::wake() noexcept { eventfd_write(impl_->wake_up.get(), 1); }

std::string start_http_client() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("could not start libcurl");
    return fmt::format("{} {}", curl_version(), start_resolver());
}

}  // namespace o365
