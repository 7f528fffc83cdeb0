#include "lib/fastcgi/connection_loop.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/system_error.h"

namespace o365 {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReadAtOnce = 65536;  // bytes, before the next peer is served
constexpr int kAcceptAtOnce = 64;
constexpr int kMostConnections = 512;
constexpr int kLeastConnections = 16;
constexpr auto kLookEvery = 20ms;  // how often deadlines are checked
constexpr auto kRetryListening = 100ms;
constexpr auto kQuiet = 1s;                // how long a peer that has its answer may be silent before it is closed
constexpr auto kGraceForRequests = 500ms;  // after stop(): for the rest of a request
constexpr auto kGraceForAnswers = 1s;      // after stop(): for taking an answer
constexpr auto kWarnEvery = 60s;

bool is_shortage(int number) { return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS; }

// Half of the file descriptors at most: the database needs some too.
int most_connections() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 > static_cast<rlim_t>(kMostConnections)) {
        return kMostConnections;
    }
    return std::max(kLeastConnections, static_cast<int>(limit.rlim_cur / 2));
}

// The user and process of the peer, for the log, where the socket can tell.
std::string credentials(int fd) {
    ucred who{};
    socklen_t length = sizeof(who);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0 || who.pid == 0) return "uid=unknown";
    return fmt::format("uid={} pid={}", who.uid, who.pid);
}

// Whether the peer has closed its connection, as a web server does when its client has gone or its own time is up, or
// has sent ABORT_REQUEST behind its request. False for a peer that has only closed its sending side, because it may
// still read the answer; over TCP a full close cannot be told from that.
bool has_left(int fd) {
    pollfd one{.fd = fd, .events = 0, .revents = 0};
    if (::poll(&one, 1, 0) > 0 && (one.revents & (POLLHUP | POLLERR)) != 0) return true;
    constexpr unsigned char kVersion = 1;
    constexpr unsigned char kAbortRequest = 2;
    std::array<unsigned char, 2> next{};
    return ::recv(fd, next.data(), next.size(), MSG_PEEK | MSG_DONTWAIT) == static_cast<ssize_t>(next.size()) &&
           next[0] == kVersion && next[1] == kAbortRequest;
}

}  // namespace

Connection::Connection(Fd descriptor, std::size_t max_body, std::atomic<int>& counter)
    : socket(std::move(descriptor)), records(max_body), count(counter) {
    ++count;
}

Connection::~Connection() { --count; }

ConnectionLoop::ConnectionLoop(int listener, int signals, const Limits& limits)
    : listener_(listener),
      signals_(signals),
      limits_(limits),
      most_connections_(most_connections()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      buffer_(kReadAtOnce) {
    for (const int fd : {wake_.get(), signals_}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
            throw std::runtime_error(fmt::format("could not wait for connections: {}", system_error_text()));
    }
    if (!listen(true)) throw std::runtime_error(fmt::format("could not wait for connections: {}", system_error_text()));
}

// ---- The loop -------------------------------------------------------------------------------------------------------

bool ConnectionLoop::step(std::chrono::milliseconds wait) {
    if (!listening_ && !stopping_) wait = std::min<std::chrono::milliseconds>(wait, kRetryListening);
    if (someone_waits_) wait = std::min<std::chrono::milliseconds>(wait, kLookEvery);
    std::array<epoll_event, 64> events{};
    const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR)
        throw std::runtime_error(fmt::format("could not wait for connections: {}", system_error_text()));
    if (!stopping_ && count_ < most_connections_) listen(true);
    bool signalled = false;
    try {
        for (int i = 0; i < ready; ++i) {
            const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
            if (fd == listener_) {
                accept_connections();
            } else if (fd == signals_) {
                signalled = true;
            } else if (fd == wake_.get()) {
                std::uint64_t number = 0;
                [[maybe_unused]] const auto count = ::read(fd, &number, sizeof(number));
            } else {
                on_connection(fd);
            }
        }
        take_back();
        if (Clock::now() - looked_at_deadlines_ > kLookEvery) give_up_late();
    } catch (const std::exception& error) {
        // Most likely out of memory: this connection is lost, go on with the next.
        log::error("connection_failed", "why={}", log::quoted(error.what()));
    }
    if (stopping_ && std::none_of(connections_.begin(), connections_.end(), [](const auto& entry) {
            return entry.second->phase == Connection::Phase::reading;
        })) {
        end();
    }
    return signalled;
}

void ConnectionLoop::stop() {
    listen(false);
    stopping_ = true;
    for (const auto& [fd, connection] : connections_) {
        const auto grace = connection->phase == Connection::Phase::writing   ? Clock::duration(kGraceForAnswers)
                           : connection->phase == Connection::Phase::waiting ? Clock::duration::zero()
                                                                             : Clock::duration(kGraceForRequests);
        connection->deadline = std::min(connection->deadline, Clock::now() + grace);
    }
}

bool ConnectionLoop::empty() const {
    const std::lock_guard lock(mutex_);
    return connections_.empty() && returned_.empty();
}

// EPOLLEXCLUSIVE: where several processes share the listener, a connection wakes one of them.
bool ConnectionLoop::listen(bool on) {
    if (on == listening_) return true;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    event.data.fd = listener_;
    if (::epoll_ctl(epoll_.get(), on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_, &event) != 0) return false;
    listening_ = on;
    return true;
}

// Stops accepting until there is room: step() tries again.
void ConnectionLoop::pause() { listen(false); }

void ConnectionLoop::accept_connections() {
    for (int i = 0; i < kAcceptAtOnce; ++i) {
        if (count_ >= most_connections_ && !give_up_oldest()) return pause();
        Fd accepted(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (accepted.get() >= 0) {
            auto connection = std::make_unique<Connection>(std::move(accepted), limits_.max_body, count_);
            connection->deadline = connection->accepted + limits_.patience;
            read(std::move(connection));
            continue;
        }
        const int why = errno;
        if (why == EAGAIN) return;
        if (why == EINTR || why == ECONNABORTED) continue;
        if (!is_shortage(why)) {
            log::debug("accept_failed", "why={}", log::quoted(system_error_text(why)));
            return pause();
        }
        if (due(warned_of_shortage_)) log::warn("accept_waits", "why={}", log::quoted(system_error_text(why)));
        if (!give_up_oldest()) return pause();
    }
}

// Closes the connection that was accepted first. A web server sends its request at once, so that one is the least
// likely to be useful. False when threads have all connections.
bool ConnectionLoop::give_up_oldest() {
    const auto oldest = std::min_element(connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
        return a.second->accepted < b.second->accepted;
    });
    if (oldest == connections_.end()) return false;
    if (oldest->second->phase == Connection::Phase::waiting)
        send_some(*oldest->second);
    else if (oldest->second->phase != Connection::Phase::closing)
        refuse(*oldest->second, "connections ran out and it was the oldest");
    connections_.erase(oldest);
    return true;
}

void ConnectionLoop::give_up_late() {
    looked_at_deadlines_ = Clock::now();
    someone_waits_ = false;
    std::vector<std::unique_ptr<Connection>> due_now;
    for (auto entry = connections_.begin(); entry != connections_.end();) {
        const Connection& connection = *entry->second;
        if (connection.deadline > looked_at_deadlines_) {
            someone_waits_ = someone_waits_ || connection.phase == Connection::Phase::waiting;
            ++entry;
            continue;
        }
        if (connection.phase == Connection::Phase::reading) refuse(connection, "it took too long to send its request");
        if (connection.phase == Connection::Phase::writing) refuse(connection, "it took too long to take its answer");
        if (connection.phase == Connection::Phase::waiting) due_now.push_back(std::move(entry->second));
        entry = connections_.erase(entry);
    }
    for (auto& connection : due_now) send_now(std::move(connection));
}

// ---- One peer -------------------------------------------------------------------------------------------------------

void ConnectionLoop::on_connection(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    std::unique_ptr<Connection> connection = std::move(found->second);
    connections_.erase(found);
    switch (connection->phase) {
        case Connection::Phase::reading:
            return read(std::move(connection));
        case Connection::Phase::waiting:
            return;  // only its end was watched for, so the peer has gone
        case Connection::Phase::writing:
            return send_now(std::move(connection));
        case Connection::Phase::closing:
            return discard(std::move(connection));
    }
}

void ConnectionLoop::keep(std::unique_ptr<Connection> connection) {
    watch(*connection);
    const int fd = connection->socket.get();
    connections_[fd] = std::move(connection);
}

void ConnectionLoop::read(std::unique_ptr<Connection> connection) {
    const ssize_t count = ::recv(connection->socket.get(), buffer_.data(), buffer_.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return keep(std::move(connection));
    if (count <= 0) return;
    const auto state = connection->records.take({buffer_.data(), static_cast<std::size_t>(count)});
    ::explicit_bzero(buffer_.data(), static_cast<std::size_t>(count));
    const bool replied = reply(*connection);
    switch (state) {
        case RecordReader::State::reading:
            if (!replied) return;
            return keep(std::move(connection));
        case RecordReader::State::complete:
            return hand_over(std::move(connection));
        case RecordReader::State::broken:
            refuse(*connection, connection->records.why());
            return close_gently(std::move(connection));
    }
}

// False when the peer does not read: replies are so small that they otherwise fit into the socket's buffer.
bool ConnectionLoop::reply(Connection& connection) {
    const std::string replies = connection.records.take_replies();
    return replies.empty() || ::send(connection.socket.get(), replies.data(), replies.size(), MSG_NOSIGNAL) ==
                                  static_cast<ssize_t>(replies.size());
}

void ConnectionLoop::hand_over(std::unique_ptr<Connection> connection) {
    {
        const std::lock_guard lock(mutex_);
        complete_.push_back(std::move(connection));
    }
    something_came_.notify_one();
}

void ConnectionLoop::take_back() {
    std::vector<std::unique_ptr<Connection>> returned;
    {
        const std::lock_guard lock(mutex_);
        returned.swap(returned_);
    }
    for (auto& connection : returned) {
        if (connection->phase == Connection::Phase::waiting) {
            if (stopping_) connection->deadline = Clock::now();
            someone_waits_ = true;
            keep(std::move(connection));
            continue;
        }
        connection->deadline = deadline_for_answer();
        if (connection->phase == Connection::Phase::writing) {
            keep(std::move(connection));
        } else {
            close_gently(std::move(connection));
        }
    }
}

void ConnectionLoop::send_now(std::unique_ptr<Connection> connection) {
    if (connection->phase == Connection::Phase::waiting) {
        connection->phase = Connection::Phase::writing;
        connection->deadline = deadline_for_answer();
    }
    if (!send_some(*connection)) return;
    if (connection->sent < connection->out.size()) return keep(std::move(connection));
    close_gently(std::move(connection));
}

ConnectionLoop::Clock::time_point ConnectionLoop::deadline_for_answer() const {
    return Clock::now() + (stopping_ ? Clock::duration(kGraceForAnswers) : limits_.patience);
}

// Shuts the sending side down and lets the peer close first: closing with unread bytes would reset the connection, and
// a TCP peer could lose its answer.
void ConnectionLoop::close_gently(std::unique_ptr<Connection> connection) {
    if (::shutdown(connection->socket.get(), SHUT_WR) != 0) return;
    connection->phase = Connection::Phase::closing;
    discard(std::move(connection));
}

void ConnectionLoop::discard(std::unique_ptr<Connection> connection) {
    const ssize_t count = ::recv(connection->socket.get(), buffer_.data(), buffer_.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (count > 0) ::explicit_bzero(buffer_.data(), static_cast<std::size_t>(count));
    // A peer that goes on sending moves this deadline, up to `latest`.
    const auto latest = connection->accepted + 2 * limits_.patience;
    connection->deadline = std::min(latest, Clock::now() + (stopping_ ? Clock::duration(kGraceForRequests) : kQuiet));
    keep(std::move(connection));
}

// EPOLLONESHOT: one event, so that nothing is reported while a thread has the connection.
void ConnectionLoop::watch(Connection& connection) {
    epoll_event event{};
    event.events = EPOLLONESHOT;  // epoll reports a closed connection in any case
    if (connection.phase == Connection::Phase::writing) event.events |= EPOLLOUT;
    if (connection.phase == Connection::Phase::reading || connection.phase == Connection::Phase::closing)
        event.events |= EPOLLIN;
    event.data.fd = connection.socket.get();
    const int what = connection.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    connection.watched = true;
    if (::epoll_ctl(epoll_.get(), what, connection.socket.get(), &event) == 0) return;
    // A connection that is not watched ends at its deadline: now.
    log::debug("watch_failed", "why={}", log::quoted(system_error_text()));
    connection.deadline = Clock::now();
}

// Whether a line that may come at most every kWarnEvery is due; if so, notes that it was written now.
bool ConnectionLoop::due(Clock::time_point& last) {
    const auto now = Clock::now();
    if (last != Clock::time_point() && now - last < kWarnEvery) return false;
    last = now;
    return true;
}

// No peer can flood the log: each refusal is a line at level debug, and at most one line a minute is a warning.
void ConnectionLoop::refuse(const Connection& connection, const char* why) {
    if (stopping_) return;
    const std::string who = credentials(connection.socket.get());
    log::debug("peer_refused", "{} why={}", who, log::quoted(why));
    ++refused_since_warning_;
    if (!due(warned_of_connections_)) return;
    log::warn("peers_refused", "count={} last: {} why={}", std::exchange(refused_since_warning_, 0), who,
              log::quoted(why));
}

// False when the peer is gone.
bool ConnectionLoop::send_some(Connection& connection) {
    while (connection.sent < connection.out.size()) {
        const ssize_t count = ::send(connection.socket.get(), connection.out.data() + connection.sent,
                                     connection.out.size() - connection.sent, MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        connection.sent += static_cast<std::size_t>(count);
    }
    return true;
}

// ---- For the threads ------------------------------------------------------------------------------------------------

std::unique_ptr<Connection> ConnectionLoop::next() {
    while (true) {
        std::unique_ptr<Connection> connection;
        {
            std::unique_lock lock(mutex_);
            something_came_.wait(lock, [&] { return ended_ || !complete_.empty(); });
            if (complete_.empty()) return nullptr;
            connection = std::move(complete_.front());
            complete_.pop_front();
        }
        if (!connection->records.aborted() && !has_left(connection->socket.get())) return connection;
        log::debug("peer_left", "why=\"before its request was looked at\"");
    }
}

void ConnectionLoop::answer(std::unique_ptr<Connection> connection, std::string&& bytes,
                            std::chrono::milliseconds after) {
    connection->out = std::move(bytes);
    if (after > 0ms) {
        connection->phase = Connection::Phase::waiting;
        connection->deadline = Clock::now() + after;
    } else {
        if (!send_some(*connection)) return;
        const bool all = connection->sent == connection->out.size();
        // The usual end: the kernel has the whole answer, and there are no unread bytes, so close now.
        if (all && !connection->records.more_to_come()) return;
        connection->phase = all ? Connection::Phase::closing : Connection::Phase::writing;
    }
    {
        const std::lock_guard lock(mutex_);
        returned_.push_back(std::move(connection));
    }
    wake();
}

void ConnectionLoop::wake() noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop wakes already.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
}

void ConnectionLoop::end() noexcept {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    something_came_.notify_all();
}

}  // namespace o365
