// Accepts connections, reads requests and sends answers, in one thread. Handler threads get only complete requests, so
// a silent, slow or hostile peer holds a descriptor and some memory for a while, never a thread. Why:
// docs/decisions/0009-peers-wait-outside-the-library.md.
//
// step(), stop() and empty() are for the thread that made the loop; next(), answer(), end() and wake() for any.
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
        reading,  // the request is not complete
        waiting,  // the answer is kept back until the deadline
        writing,  // the answer is not completely sent
        closing   // the answer is sent; further bytes are read and dropped, so that the answer is not lost
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
    std::string out;       // the answer
    std::size_t sent = 0;  // how many bytes of it are sent
    std::atomic<int>& count;
};

class ConnectionLoop {
  public:
    struct Limits {
        std::size_t max_body;                // of a request, in bytes
        std::chrono::milliseconds patience;  // for reading a request, from accept on, and again for sending its answer
    };

    // `listener`: a non-blocking listening socket. `signals`: a descriptor that step() watches, such as a signalfd. The
    // caller keeps both open and closes them. Throws std::runtime_error.
    ConnectionLoop(int listener, int signals, const Limits& limits);
    ConnectionLoop(const ConnectionLoop&) = delete;
    ConnectionLoop& operator=(const ConnectionLoop&) = delete;

    // Waits at most `wait` for something to happen and handles it. True when `signals` is readable.
    bool step(std::chrono::milliseconds wait);
    // Stops accepting connections. Peers have 500 ms to send the rest of a request and 1 s to take an answer; answers
    // that are kept back are sent now. next() returns the complete requests, then nullptr.
    void stop();
    // Whether the loop has no connection. Threads may have some.
    bool empty() const;

    // Waits for a complete request; nullptr when there will be no more. Drops requests whose peer has closed the
    // connection or aborted them: nobody would read the answer.
    std::unique_ptr<Connection> next();
    // From now on next() returns the complete requests, then nullptr. step() calls it when a stopped loop has read all
    // requests; call it when step() will not be called again.
    void end() noexcept;
    // Sends the answer and closes the connection, even where the web server asked to keep it: bytes behind a request
    // are never read as another request. `after`: how long to keep the answer back. No thread waits for that; it is
    // sent earlier when the loop stops, or when connections run out and this one is the oldest.
    void answer(std::unique_ptr<Connection> connection, std::string&& bytes, std::chrono::milliseconds after = {});
    // Makes step() return. Any thread.
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
    bool someone_waits_ = false;  // a connection is in Phase::waiting
    std::vector<char> buffer_;
    std::atomic<int> count_{0};  // of connections, those of threads too; declared before connections_, which change it
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
