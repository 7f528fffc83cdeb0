#include "lib/http_client/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "lib/base/c_free.h"
#include "lib/base/fd.h"

namespace o365 {
namespace {

using std::chrono::milliseconds;
using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, CFree<ares_destroy>>;
using Addresses = std::unique_ptr<ares_addrinfo, CFree<ares_freeaddrinfo>>;

constexpr int kTryMs = 1000;               // for the first try of each name server; c-ares doubles it for the second
constexpr int kTries = 2;                  // of each name server
constexpr milliseconds kWaitForIpv6{100};  // once IPv4 addresses are there
constexpr std::size_t kMaxAddresses = 8;   // of each family

std::string numeric(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4{};
        std::memcpy(&ipv4, &address, sizeof ipv4);
        inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 ipv6{};
        std::memcpy(&ipv6, &address, sizeof ipv6);
        inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    }
    return text.data();
}

std::string problem_of(int status) {
    switch (status) {
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME:
            return "has no address";
        case ARES_ETIMEOUT:
            return "has no address yet: its name servers do not answer";
        case ARES_ECONNREFUSED:  // so c-ares calls it when all that were asked have failed
        case ARES_ESERVFAIL:
        case ARES_EREFUSED:
            return "has no address yet: its name servers fail";
        default:
            return fmt::format("has no address yet: {}", ares_strerror(status));
    }
}

// Whether there is something to read, and not only an error, which this leaves to the next read.
bool has_data(ares_socket_t socket) noexcept {
    pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0;
}

// Has c-ares read what has arrived and do what is due by time. True when a name server has said something.
bool process(ares_channel channel) {
    bool heard = false;
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
        const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
        heard = heard || (reads && has_data(sockets.at(i)));
        // c-ares reads without waiting.
        if (reads || writes)
            ares_process_fd(channel, reads ? sockets.at(i) : ARES_SOCKET_BAD, writes ? sockets.at(i) : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    return heard;
}

}  // namespace

struct Resolver::Lookup {
    // One of its two address families.
    struct Family {
        Lookup* lookup = nullptr;
        bool done = false;
        int status = ARES_SUCCESS;
        std::vector<std::string> addresses;
    };
    int epoll = -1;
    Done done;
    Clock::time_point deadline;
    bool heard = false;              // a name server has said something
    std::array<Family, 2> families;  // IPv4, IPv6
    Channel channel;                 // last: its destructor calls on_addresses() and on_socket()

    bool ended() const noexcept { return families[0].done && families[1].done; }
    // The addresses of both families that are known now, or the problem.
    ResolvedHost result();
    static void on_addresses(void* user, int status, int timeouts, ares_addrinfo* result) noexcept;
    static void on_socket(void* user, ares_socket_t fd, int readable, int writable) noexcept;
};

struct Resolver::Impl {
    milliseconds deadline;
    Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
    std::list<Lookup> lookups;
};

void Resolver::Lookup::on_addresses(void* user, int status, int /*timeouts*/, ares_addrinfo* result) noexcept {
    const Addresses owner{result};
    Family& family = *static_cast<Family*>(user);
    family.done = true;
    family.status = status;
    if (status == ARES_EDESTRUCTION) return;
    try {
        for (const ares_addrinfo_node* node = result == nullptr ? nullptr : result->nodes; node != nullptr;
             node = node->ai_next) {
            if (family.addresses.size() < kMaxAddresses) family.addresses.push_back(numeric(*node->ai_addr));
        }
    } catch (...) {
        family.status = ARES_ENOMEM;
    }
    // Some name servers never answer for IPv6, so wait for that only a little longer than for IPv4. Always wait for
    // IPv4: this machine may not reach IPv6.
    Lookup& lookup = *family.lookup;
    if (&family == &lookup.families[0] && !family.addresses.empty())
        lookup.deadline = std::min(lookup.deadline, Clock::now() + kWaitForIpv6);
}

ResolvedHost Resolver::Lookup::result() {
    ResolvedHost host;
    for (Family& family : families)
        std::move(family.addresses.begin(), family.addresses.end(), std::back_inserter(host.addresses));
    if (!host.addresses.empty()) return host;
    const auto worst = std::ranges::find_if(families, [](const Family& family) {
        return !family.done || (family.status != ARES_ENODATA && family.status != ARES_ENOTFOUND);
    });
    const int status = worst == families.end() ? static_cast<int>(ARES_ENOTFOUND)
                       : worst->done           ? worst->status
                                               : static_cast<int>(ARES_ETIMEOUT);
    host.problem = problem_of(status);
    // One that is silent may be asking others, who are the name's. What is known without asking is no trouble.
    host.is_ours = !heard && status != ARES_ENOTFOUND && status != ARES_ETIMEOUT && status != ARES_EBADNAME;
    if (host.is_ours && status == ARES_ECONNREFUSED)
        host.problem = "has no address yet: no name server of /etc/resolv.conf is reached";
    return host;
}

void Resolver::Lookup::on_socket(void* user, ares_socket_t fd, int readable, int writable) noexcept {
    epoll_event event{};
    event.events = (readable != 0 ? EPOLLIN : 0U) | (writable != 0 ? EPOLLOUT : 0U);
    event.data.ptr = user;
    // run() processes all sockets of each look-up, so the event need not say which socket it is for.
    const int epoll = static_cast<Lookup*>(user)->epoll;
    if (event.events == 0) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
    } else if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

Resolver::Resolver(milliseconds deadline) : impl_(std::make_unique<Impl>()) {
    impl_->deadline = deadline;
    if (impl_->epoll.get() < 0)
        throw std::runtime_error("could not make a file descriptor: raise the limit of open files");
}

Resolver::~Resolver() = default;

void Resolver::look_up(const std::string& host, Done done) {
    Lookup& lookup = impl_->lookups.emplace_back();
    lookup.epoll = impl_->epoll.get();
    lookup.done = std::move(done);
    lookup.deadline = Clock::now() + impl_->deadline;
    lookup.families[0].lookup = lookup.families[1].lookup = &lookup;
    // A new channel for each look-up reads /etc/resolv.conf as it is now.
    ares_options options{};
    options.timeout = kTryMs;
    options.tries = kTries;
    options.sock_state_cb = Lookup::on_socket;
    options.sock_state_cb_data = &lookup;
    ares_channel channel = nullptr;
    const int status =
        ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        for (Lookup::Family& family : lookup.families) family.done = true, family.status = status;
        return;
    }
    lookup.channel.reset(channel);
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = AF_INET;
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, Lookup::on_addresses, &lookup.families[0]);
    hints.ai_family = AF_INET6;
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, Lookup::on_addresses, &lookup.families[1]);
}

int Resolver::descriptor() const noexcept { return impl_->epoll.get(); }

std::optional<Resolver::Clock::time_point> Resolver::next_run() const {
    std::optional<Clock::time_point> next;
    const auto sooner = [&](Clock::time_point at) { next = next ? std::min(*next, at) : at; };
    for (const Lookup& lookup : impl_->lookups) {
        sooner(lookup.ended() ? Clock::now() : lookup.deadline);
        timeval wait{};
        if (!lookup.ended() && ares_timeout(lookup.channel.get(), nullptr, &wait) != nullptr) {
            sooner(Clock::now() + std::chrono::seconds(wait.tv_sec) +
                   std::chrono::ceil<milliseconds>(std::chrono::microseconds(wait.tv_usec)));
        }
    }
    return next;
}

void Resolver::run() {
    std::list<Lookup> ended;
    for (auto lookup = impl_->lookups.begin(); lookup != impl_->lookups.end();) {
        const auto here = lookup++;
        if (!here->ended() && process(here->channel.get())) here->heard = true;
        if (here->ended() || Clock::now() >= here->deadline) ended.splice(ended.end(), impl_->lookups, here);
    }
    for (Lookup& lookup : ended) lookup.done(lookup.result());
}

std::string start_resolver() {
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) throw std::runtime_error("could not start c-ares");
    return fmt::format("c-ares/{}", ares_version(nullptr));
}

}  // namespace o365
