#include "lib/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "lib/address_policy.h"
#include "lib/c_free.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using Easy = std::unique_ptr<CURL, CFree<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CFree<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, CFree<curl_slist_free_all>>;

constexpr std::size_t kMaxAnswer = 65536;
// libcurl takes two buffers for each request and gives them back after it, by default 16 and 64 KiB: with many
// transfers more than a core's cache holds, for an answer of a few bytes. 16 KiB is the least that it has for what is
// sent.
constexpr long kReceiveBuffer = 4096;
constexpr long kSendBuffer = 16384;
constexpr std::size_t kMaxHeader = 65536;
constexpr curl_off_t kMaxRetryAfter = 86400;  // seconds

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

// What epoll has of the sockets that on_open_socket made. libcurl lets go of a socket after each request and takes it
// up again for the next one; here it stays in epoll between the two, which saves three calls of the kernel for each
// POST.
class Sockets {
  public:
    void opened(curl_socket_t fd) {
        const auto place = static_cast<std::size_t>(fd);
        if (place >= known_.size()) known_.resize(place + 1);
        known_[place] = {.open = true};
    }
    void closed(curl_socket_t fd) noexcept {
        if (Known* const known = find(fd)) *known = {};
    }
    // What libcurl wants to hear of a socket, 0 for nothing; a socket that libcurl made by itself, for its resolver,
    // goes in and out at once, because nobody tells when it is closed.
    void watch(int epoll, curl_socket_t fd, std::uint32_t events) noexcept {
        Known* const known = find(fd);
        if (known != nullptr) {
            known->wanted = events != 0;
            if (events == 0 || events == known->events) return;
            known->events = events;
        }
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        if (events == 0) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
        } else if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
    }
    // Whether something came on a connection that nobody uses: its end, for nothing was asked. libcurl (7.88) takes the
    // alert that ends TLS for a sign of life and would send the next request into it, which leaves a card in doubt. So
    // it is read away and the connection shut, which libcurl sees.
    bool ended(int epoll, curl_socket_t fd) noexcept {
        Known* const known = find(fd);
        if (known == nullptr || known->wanted) return false;
        epoll_event event{};
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
        known->events = 0;
        std::array<char, 4096> nothing{};
        while (::recv(fd, nothing.data(), nothing.size(), MSG_DONTWAIT) > 0) continue;
        ::shutdown(fd, SHUT_RDWR);
        return true;
    }

  private:
    struct Known {
        std::uint32_t events = 0;  // that epoll reports; 0: it does not have the socket
        bool wanted = false;
        bool open = false;
    };
    Known* find(curl_socket_t fd) noexcept {
        const auto place = static_cast<std::size_t>(fd);
        return place < known_.size() && known_[place].open ? &known_[place] : nullptr;
    }
    std::vector<Known> known_;  // by descriptor
};

struct Transfer {
    Easy easy{curl_easy_init()};
    Sockets* sockets = nullptr;
    std::string request;
    PostResult result;
    HttpClient::MayStart may_start;
    HttpClient::Done done;
    Clock::time_point begun;
    std::size_t place = 0;  // in Impl::active
    bool refused_address = false;
    bool started = false;
    bool withdrawn = false;
    bool allow_loopback = false;
    bool only_loopback = false;
    bool proxied = false;
    List own_headers;  // of a send(): such a transfer serves once
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& body = static_cast<Transfer*>(user)->result.body;
    if (body.size() + size * count > kMaxAnswer) return 0;
    try {
        body.append(data, size * count);
    } catch (...) {
        return 0;
    }
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& headers = static_cast<Transfer*>(user)->result.headers;
    try {
        std::string line(data, size * count);
        while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.pop_back();
        if (line.starts_with("HTTP/")) headers.clear();  // those of an interim answer are not wanted
        const auto colon = line.find(':');
        if (colon == std::string::npos) return size * count;
        std::string name = line.substr(0, colon);
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        const auto value = line.find_first_not_of(" \t", colon + 1);
        headers.emplace_back(std::move(name), value == std::string::npos ? std::string() : line.substr(value));
    } catch (...) {
        return 0;
    }
    return size * count;
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
    if (fd < 0) return CURL_SOCKET_BAD;
    try {
        transfer->sockets->opened(fd);
    } catch (...) {
        ::close(fd);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

int on_close_socket(void* user, curl_socket_t fd) noexcept {
    static_cast<Sockets*>(user)->closed(fd);
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

std::string problem_of(CURLcode code, bool refused_address) {
    if (refused_address) return "the webhook's host has an address that is not public";
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
        case CURLE_PARTIAL_FILE:
        case CURLE_ABORTED_BY_CALLBACK:
            return "the connection ended before the answer";
        case CURLE_WRITE_ERROR:
            return "the answer is longer than 64 KiB";
        default:
            return fmt::format("the POST failed: {}", curl_easy_strerror(code));
    }
}

}  // namespace

struct HttpClient::Impl {
    explicit Impl(const HttpClientOptions& chosen);

    HttpClientOptions options;
    Descriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
    Descriptor wake_up{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    List headers;
    Sockets sockets;  // before the multi, whose end closes them
    // Handles are removed from the multi before either is freed: transfers come after it, and the destructor empties
    // it.
    Multi multi{curl_multi_init()};
    std::vector<std::unique_ptr<Transfer>> active;  // owns what curl has; order of no meaning
    std::vector<std::unique_ptr<Transfer>> idle;    // handles to use again
    std::optional<Clock::time_point> timer;

    std::unique_ptr<Transfer> make_transfer();
    void socket_action(curl_socket_t socket, int events);
    void finish_done();
    void start(std::unique_ptr<Transfer> transfer, const Secret& url, MayStart may_start, Done done);

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
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_up.get(), &event) != 0)
        throw std::runtime_error("could not watch a file descriptor");
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
    transfer->allow_loopback = options.allow_loopback;
    transfer->only_loopback = options.only_loopback;
    transfer->proxied = !options.proxy.empty();
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
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
    if (!options.ca_file.empty()) {
        // The system's authorities stay known through their folder.
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

        PostResult result = std::exchange(transfer->result, {});
        result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - transfer->begun);
        if (code == CURLE_OK) {
            long status = 0;
            curl_off_t retry_after = 0;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
            result.transport = Transport::answered;
            result.status = static_cast<int>(status);
            if (retry_after > 0) result.retry_after = std::min(retry_after, kMaxRetryAfter);
        } else {
            result.transport = transfer->started     ? Transport::in_doubt
                               : transfer->withdrawn ? Transport::withdrawn
                                                     : Transport::not_sent;
            result.body.clear();
            result.problem = problem_of(code, transfer->refused_address);
        }
        transfer->may_start = nullptr;
        const Done done = std::exchange(transfer->done, nullptr);
        wipe(transfer->request);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
        curl_easy_setopt(easy, CURLOPT_URL, nullptr);
        if (transfer->own_headers) {
            for (curl_slist* line = transfer->own_headers.get(); line != nullptr; line = line->next)
                explicit_bzero(line->data, std::strlen(line->data));
        } else {
            idle.push_back(std::move(transfer));
        }
        done(std::move(result));
    }
}

HttpClient::HttpClient(const HttpClientOptions& options) : impl_(std::make_unique<Impl>(options)) {}

HttpClient::~HttpClient() {
    for (const auto& transfer : impl_->active) curl_multi_remove_handle(impl_->multi.get(), transfer->easy.get());
}

void HttpClient::post(const Secret& url, std::string body, MayStart may_start, Done done) {
    std::unique_ptr<Transfer> transfer;
    if (impl_->idle.empty()) {
        transfer = impl_->make_transfer();
    } else {
        transfer = std::move(impl_->idle.back());
        impl_->idle.pop_back();
    }
    transfer->request = std::move(body);
    CURL* const easy = transfer->easy.get();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->request.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer->request.size()));
    impl_->start(std::move(transfer), url, std::move(may_start), std::move(done));
}

void HttpClient::send(HttpRequest request, MayStart may_start, Done done) {
    std::unique_ptr<Transfer> transfer = impl_->make_transfer();
    CURL* const easy = transfer->easy.get();
    transfer->request = std::move(request.body);
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
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
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
    transfer->refused_address = transfer->started = transfer->withdrawn = false;
    transfer->begun = Clock::now();
    curl_easy_setopt(easy, CURLOPT_URL, url.reveal().c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    if (curl_multi_add_handle(multi.get(), easy) != CURLM_OK)
        throw std::runtime_error("libcurl took no further request");
    transfer->place = active.size();
    active.push_back(std::move(transfer));
}

int HttpClient::in_flight() const noexcept { return static_cast<int>(impl_->active.size()); }

void HttpClient::run_once(std::chrono::milliseconds longest) {
    auto wait = longest;
    if (impl_->timer) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*impl_->timer - Clock::now());
        wait = std::max(std::chrono::milliseconds(0), std::min(longest, left));
    }
    std::array<epoll_event, 256> events{};
    const int ready =
        epoll_wait(impl_->epoll.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(wait.count()));
    const std::span<epoll_event> came{events.data(), static_cast<std::size_t>(std::max(ready, 0))};
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
        const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                         ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
        impl_->socket_action(event.data.fd, mask);
    }
    if (impl_->timer && Clock::now() >= *impl_->timer) {
        impl_->timer.reset();
        impl_->socket_action(CURL_SOCKET_TIMEOUT, 0);
    }
    impl_->finish_done();
}

void HttpClient::wake() noexcept { eventfd_write(impl_->wake_up.get(), 1); }

void HttpClient::set_timeout(std::chrono::milliseconds timeout) noexcept { impl_->options.timeout = timeout; }

std::string start_http_client() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("could not start libcurl");
    return curl_version();
}

}  // namespace o365
