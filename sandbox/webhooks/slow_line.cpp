#include "sandbox/webhooks/slow_line.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <list>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/system_error.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMaxConnections = 256;
// The most that the kernel buffers unread, so that the client's own sends wait, as they do when a far end is slow.
constexpr int kKernelBuffer = 4096;
constexpr short kSomethingCame = POLLIN | POLLHUP | POLLERR;
constexpr auto kTick = 50ms;                          // how finely reading is slowed
constexpr std::chrono::milliseconds kLongest{60000};  // without anything to wait for

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

Fd listen_on(int port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    const sockaddr_in address = loopback(port);
    // Accepted sockets inherit the listener's buffer size.
    if (fd.get() < 0 || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kKernelBuffer, sizeof(kKernelBuffer)) != 0 ||
        ::bind(fd.get(), generic(address), sizeof(address)) != 0 || ::listen(fd.get(), 128) != 0) {
        throw std::runtime_error(
            fmt::format("the slow line could not listen on 127.0.0.1:{}: {}; the sandbox's setting slow_origin names "
                        "another port, or is empty for none",
                        port, system_error_text()));
    }
    return fd;
}

// Bytes on their way in one direction.
struct Flow {
    std::array<char, 16384> bytes{};
    std::size_t from = 0;
    std::size_t to = 0;
    bool ended = false;  // nothing more will be read
    bool empty() const noexcept { return from == to; }
};

struct Connection {
    Fd client;
    Fd server;
    SlowLine::Pace pace;
    Clock::time_point opens;   // before this nothing is read
    Clock::time_point looked;  // when `allowed` was reckoned last
    double allowed = 0;        // bytes that may be read of the client now
    bool answered = false;     // the server has spoken: the handshake is under way, reading is slow from here
    bool broken = false;
    Flow up;
    Flow down;

    bool is_slow() const noexcept { return pace.reading > 0 && answered; }
    void reckon(Clock::time_point now) noexcept {
        const std::chrono::duration<double> since = now - looked;
        looked = now;
        if (is_slow()) allowed = std::min(allowed + since.count() * pace.reading, static_cast<double>(pace.reading));
    }
    std::size_t may_read() const noexcept {
        if (!is_slow()) return up.bytes.size();
        return std::min(static_cast<std::size_t>(allowed), up.bytes.size());
    }
    bool is_over() const noexcept { return broken || (down.ended && down.empty()); }
};

// Reads at most `most` bytes that have arrived; true when there were any.
bool read_into(Flow& flow, int fd, std::size_t most, Connection& connection) {
    const auto count = ::recv(fd, flow.bytes.data(), most, 0);
    if (count > 0) {
        flow.from = 0;
        flow.to = static_cast<std::size_t>(count);
        return true;
    }
    if (count == 0) {
        flow.ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        connection.broken = true;
    }
    return false;
}

void write_from(Flow& flow, int fd, Connection& connection) {
    const auto count = ::send(fd, flow.bytes.data() + flow.from, flow.to - flow.from, MSG_NOSIGNAL);
    if (count > 0) flow.from += static_cast<std::size_t>(count);
    if (count < 0 && errno != EAGAIN && errno != EINTR) connection.broken = true;
}

// What a connection waits for on one of its sockets.
short wanted(const Flow& in, bool may_read, const Flow& out) {
    const int reads = in.empty() && !in.ended && may_read ? POLLIN : 0;
    return static_cast<short>(reads | (out.empty() ? 0 : POLLOUT));
}

// A socket that is not waited for is left out: one that was closed meanwhile would wake poll() for ever.
pollfd entry(int fd, short events) { return {events == 0 ? -1 : fd, events, 0}; }

// Not before the line opens, because the web server's timeout for a handshake begins with the connection.
bool connect_to(int port, Connection& c) {
    c.server = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    c.broken = c.server.get() < 0 ||
               (::connect(c.server.get(), generic(address), sizeof(address)) != 0 && errno != EINPROGRESS);
    return !c.broken;
}

void step(Connection& c, short client, short server) {
    if ((client & kSomethingCame) != 0 && c.up.empty() && !c.up.ended && c.may_read() > 0) {
        if (read_into(c.up, c.client.get(), c.may_read(), c) && c.is_slow()) c.allowed -= static_cast<double>(c.up.to);
        if (c.up.ended) ::shutdown(c.server.get(), SHUT_WR);
    }
    if ((server & kSomethingCame) != 0 && c.down.empty() && !c.down.ended)
        c.answered = read_into(c.down, c.server.get(), c.down.bytes.size(), c) || c.answered;
    if (!c.up.empty()) write_from(c.up, c.server.get(), c);
    if (!c.down.empty()) write_from(c.down, c.client.get(), c);
}

// What the connection waits for; how long poll may take for it, at most.
std::chrono::milliseconds wait_of(Connection& c, int to, std::vector<pollfd>& polled) {
    const auto now = Clock::now();
    c.reckon(now);
    const bool open = now >= c.opens;
    const bool has_failed = open && c.server.get() < 0 && !connect_to(to, c);
    polled.push_back(entry(c.client.get(), wanted(c.up, open && c.may_read() > 0, c.down)));
    polled.push_back(entry(c.server.get(), wanted(c.down, true, c.up)));
    if (has_failed) return 0ms;
    if (!open) return std::chrono::ceil<std::chrono::milliseconds>(c.opens - now);
    return c.is_slow() ? std::chrono::milliseconds(kTick) : kLongest;
}

}  // namespace

SlowLine::SlowLine(int port, int to) : to_(to), listener_(listen_on(port)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    if (stop_.get() < 0) throw std::runtime_error("the slow line got no descriptor: " + system_error_text());
    // Only the main thread handles signals.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SlowLine::~SlowLine() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
}

SlowLine::Pace SlowLine::take() {
    const std::lock_guard lock(mutex_);
    const Pace now = pace_;
    if (now.count == 1) pace_ = {};
    if (now.count > 1) --pace_.count;
    return now;
}

void SlowLine::run() {
    std::list<Connection> connections;
    std::vector<pollfd> polled;
    while (true) {
        polled.assign({{stop_.get(), POLLIN, 0},
                       {listener_.get(), static_cast<short>(connections.size() < kMaxConnections ? POLLIN : 0), 0}});
        std::chrono::milliseconds wait = kLongest;
        for (Connection& c : connections) wait = std::min(wait, wait_of(c, to_, polled));
        if (::poll(polled.data(), polled.size(), static_cast<int>(wait.count())) < 0 && errno != EINTR) {
            log::error("slow_line_failed", "why={}", log::quoted(system_error_text()));
            return;
        }
        if (polled[0].revents != 0) return;
        std::size_t i = 2;
        for (auto c = connections.begin(); c != connections.end(); i += 2) {
            step(*c, polled[i].revents, polled[i + 1].revents);
            c = c->is_over() ? connections.erase(c) : std::next(c);
        }
        if ((polled[1].revents & POLLIN) == 0) continue;
        Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client.get() < 0) continue;
        Connection& c = connections.emplace_back();
        c.client = std::move(client);
        c.pace = take();
        c.looked = Clock::now();
        c.opens = c.looked + std::chrono::seconds(c.pace.handshake);
    }
}

}  // namespace o365
