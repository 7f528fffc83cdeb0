#include "lib/http_client/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/base/fd.h"
#include "lib/base/lru_cache.h"
#include "lib/http/url.h"
#include "lib/http_client/resolver.h"
#include "lib/http_client/transfer.h"

namespace o365 {
namespace {

using Multi = std::unique_ptr<CURLM, CFree<curl_multi_cleanup>>;

constexpr std::size_t kMaxHeader = 65536;
constexpr std::chrono::seconds kFresh{30};  // how long addresses are used without a new look-up
constexpr std::chrono::minutes kUsable{5};  // how long they are used while look-ups fail
constexpr std::size_t kMostHosts = 65536;   // hosts in the cache: some 30 MB
constexpr int kHttpProxyPort = 1080;        // libcurl's default for a proxy

Fd checked(int fd) {
    if (fd < 0) throw std::runtime_error("could not make a file descriptor: raise the limit of open files");
    return Fd(fd);
}

// Scheme, host and port as they are written; empty when the text does not begin with https://.
std::string_view origin_part(std::string_view url) {
    constexpr std::string_view kBegin = "https://";
    return url.starts_with(kBegin) ? url.substr(0, url.find_first_of("/?#", kBegin.size())) : std::string_view();
}

// Whether libcurl knows the address of `name` without a look-up.
bool needs_no_look_up(const std::string& name) {
    in_addr ipv4{};
    return name == "localhost" || name.ends_with(".localhost") || name.starts_with('[') ||
           inet_pton(AF_INET, name.c_str(), &ipv4) == 1;
}

}  // namespace

struct HttpClient::Impl {
    explicit Impl(const HttpClientOptions& chosen);

    HttpClientOptions options;
    Fd epoll = checked(epoll_create1(EPOLL_CLOEXEC));
    Fd wake_up = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    List headers;
    KeptSockets sockets;  // declared before `multi`, whose destructor closes them
    // A handle is removed from `multi` before either is freed: transfers are declared after it, and ~HttpClient removes
    // them.
    Multi multi{curl_multi_init()};
    std::vector<std::unique_ptr<Transfer>> active;                   // those that libcurl has, in no order
    std::vector<std::unique_ptr<Transfer>> idle;                     // handles to use again
    LruCache<std::string, std::shared_ptr<Host>> hosts{kMostHosts};  // by origin_part(); "": the proxy
    int waiting = 0;                                                 // transfers that wait for a look-up
    Resolver resolver{options.connect_timeout};                      // its callbacks use the members above
    std::optional<Clock::time_point> timer;

    void socket_action(curl_socket_t socket, int events);
    void finish_done();
    void finish(std::unique_ptr<Transfer> transfer, PostResult result);
    void start(std::unique_ptr<Transfer> transfer, const Secret& url, MayStart may_start, Done done);
    bool begin(std::unique_ptr<Transfer>& transfer, const Host* host);
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

void HttpClient::Impl::finish(std::unique_ptr<Transfer> transfer, PostResult result) {
    CURL* const easy = transfer->easy.get();
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - transfer->begun);
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
        transfer = make_transfer(impl_->options, impl_->sockets, impl_->headers.get());
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
    std::unique_ptr<Transfer> transfer = make_transfer(impl_->options, impl_->sockets, impl_->headers.get());
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
    transfer->tried.clear();
    transfer->received = 0;
    transfer->whole_header = transfer->cut = transfer->refused_address = transfer->no_descriptor = false;
    transfer->started = transfer->withdrawn = false;
    transfer->begun = Clock::now();
    curl_easy_setopt(easy, CURLOPT_URL, url.reveal().c_str());
    const std::shared_ptr<Host> host = host_of(url.reveal());
    if (host) {
        const auto age = transfer->begun - host->looked_up_at;
        if (!host->addresses || age >= kUsable) {
            host->waiting.push_back(std::move(transfer));
            ++waiting;
            if (!host->asking) look_up(host);
            return;
        }
        if (age >= kFresh && !host->asking) look_up(host);
    }
    if (!begin(transfer, host.get())) throw std::runtime_error("libcurl accepts no further request");
}

// Hands a transfer to libcurl, with the addresses of its host unless that is nullptr; false when libcurl accepts no
// further one.
bool HttpClient::Impl::begin(std::unique_ptr<Transfer>& transfer, const Host* host) {
    CURL* const easy = transfer->easy.get();
    // Give libcurl the addresses with each transfer: it keeps them only until the connection begins (kDnsCacheTime).
    if (host != nullptr) {
        transfer->addresses = host->addresses;
        curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->addresses.get());
    }
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(transfer->timeout.count()));
    if (curl_multi_add_handle(multi.get(), easy) != CURLM_OK) return false;
    transfer->place = active.size();
    active.push_back(std::move(transfer));
    return true;
}

// The host whose name must be looked up for this URL: that of the proxy if there is one. nullptr when none must.
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
            // "+": the entry expires, after kDnsCacheTime.
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
            if (begin(transfer, host.get())) continue;
            result.transport = TransportStatus::our_side;
            result.problem = "libcurl accepts no further request";
        } else {
            if (transfer->proxied || answer.is_ours) result.transport = TransportStatus::our_side;
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
    // First the connections that have ended: what follows may begin a request on any idle connection.
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

std::optional<PostResult> fetch(HttpClient& client, HttpRequest request, const std::function<bool()>& goes_on) {
    constexpr std::chrono::milliseconds kLook{100};
    std::optional<PostResult> result;
    client.send(
        std::move(request), [] { return true; }, [&](PostResult answered) { result = std::move(answered); });
    while (!result && goes_on()) client.run_once(kLook);
    return result;
}

}  // namespace o365
