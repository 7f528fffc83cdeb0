// All that waits for a peer, in one thread: connections are accepted, requests read to their end, answers sent. A
// request reaches the threads that work on it when it is complete, so a silent, slow or hostile peer costs a descriptor
// and a few bytes for a while, never a thread. Why: docs/decisions/0009-peers-wait-outside-the-library.md.
//
// step(), stop() and empty() belong to the thread that made the loop; next() and answer() to any.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/fastcgi/fastcgi_records.h"

namespace o365 {

// One connection. It belongs to the loop, or to the thread that has its request.
struct Connection {
    using Clock = std::chrono::steady_clock;
    enum class Phase {
        reading,  // its request is not complete
        waiting,  // its answer is not to be sent before the deadline
        writing,  // its answer is not wholly sent
        closing   // its answer is sent; what it still sends is thrown away, so that the answer is not lost
    };

    Connection(Fd descriptor, std::size_t max_body, std::atomic<int>& counter);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();  // closes

    Fd socket;
    RecordReader records;
    Phase phase = Phase::reading;
    Clock::time_point accepted = Clock::now();
    Clock::time_point deadline;
    bool watched = false;  // in the loop's epoll set
    std::string out;       // of the answer
    std::size_t sent = 0;  // bytes of it
    std::atomic<int>& count;
};

class ConnectionLoop {
  public:
    struct Limits {
        std::size_t max_body;                // bytes of STDIN
        std::chrono::milliseconds patience;  // for a whole request from accept on, and for a whole answer
    };

    // `listener` is non-blocking; neither it nor `signals` is closed. Throws std::runtime_error.
    ConnectionLoop(int listener, int signals, const Limits& limits);
    ConnectionLoop(const ConnectionLoop&) = delete;
    ConnectionLoop& operator=(const ConnectionLoop&) = delete;

    // Does what there is to do, after waiting at most `wait` for it. True when `signals` is readable.
    bool step(std::chrono::milliseconds wait);
    // No connection is accepted any more. Peers have 500 ms for the rest of what they send and 1 s to take an answer,
    // which is sent now if it was kept back; next() gives out what is complete, then ends.
    void stop();
    // No connection is left here (threads may have some).
    bool empty() const;

    // Waits for a complete request. nullptr at the end. Requests whose peer has closed its connection or aborted them
    // meanwhile are dropped: nobody takes the answer, and others wait.
    std::unique_ptr<Connection> next();
    // From here on next() gives out what is complete, then ends. What stop() comes to by itself, at once.
    void end() noexcept;
    // Sends the answer and closes the connection, whatever the web server would like: nothing that stands behind a
    // request is ever read as another one. It is kept back for `after`: without a
    // thread, until the peer is gone, the loop stops, or connections run out and this is the oldest.
    void answer(std::unique_ptr<Connection> connection, std::string&& bytes, std::chrono::milliseconds after = {});
    // Has step() return. Any thread.
    void wake() noexcept;

  private:
    using Clock = Connection::Clock;

    void accept_connections();
    bool give_up_oldest();
    bool listen(bool on);
    void pause();
    void on_connection(int fd);
    void keep(std::unique_ptr<Connection> connection);
    void read(std::unique_ptr<Connection> connection);
    bool reply(Connection& connection);
    void hand_over(std::unique_ptr<Connection> connection);
    void take_back();
    void send_now(std::unique_ptr<Connection> connection);
    void give_up_late();
    void watch(Connection& connection);
    void close_gently(std::unique_ptr<Connection> connection);
    void discard(std::unique_ptr<Connection> connection);
    void refuse(const Connection& connection, const char* why);
    Clock::time_point deadline_for_answer() const;
    static bool send_some(Connection& connection);
    static bool due(Clock::time_point& last);

    const int listener_;
    const int signals_;
    const Limits limits_;
    const int most_connections_;
    Fd epoll_;
    Fd wake_;
    bool listening_ = false;
    bool someone_waits_ = false;  // a peer is Phase::waiting
    std::vector<char> buffer_;
    std::atomic<int> count_{0};  // before the peers, which count
    std::map<int, std::unique_ptr<Connection>> connections_;
    Clock::time_point looked_at_deadlines_{};
    Clock::time_point warned_of_connections_{};
    Clock::time_point warned_of_shortage_{};
    int refused_since_warning_ = 0;
    std::atomic<bool> stopping_{false};

    mutable std::mutex mutex_;
    std::condition_variable something_came_;
    std::deque<std::unique_ptr<Connection>> complete_;   // guarded by mutex_
    std::vector<std::unique_ptr<Connection>> returned_;  // guarded by mutex_
    bool ended_ = false;                                 // guarded by mutex_
};

}  // namespace o365
