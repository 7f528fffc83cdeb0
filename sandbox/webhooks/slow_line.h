// A line to the sandbox's webhooks that is slow before HTTP begins: bytes are passed on to the web server unread, TLS
// and all. For faults that come before any path, so they are a property of the line and not of a webhook.
#pragma once

#include <mutex>
#include <thread>

#include "lib/base/fd.h"

namespace o365 {

class SlowLine {
  public:
    // What connections that begin from now on meet. Any thread.
    struct Pace {
        int handshake = 0;  // seconds that the client's first byte is left lying: its TLS handshake waits, and the web
                            // server is not connected to before
        int reading = 0;    // bytes a second that are read of what the client sends afterwards; 0: as fast as it comes
        int count = 0;      // for how many connections; 0: until it is set again
    };

    // Listens on 127.0.0.1:`port` and passes on to 127.0.0.1:`to`, in a thread of its own, until it is destroyed.
    // Throws std::runtime_error, naming the port and the reason.
    SlowLine(int port, int to);
    SlowLine(const SlowLine&) = delete;
    SlowLine& operator=(const SlowLine&) = delete;
    ~SlowLine();

    void set(Pace pace) {
        const std::lock_guard lock(mutex_);
        pace_ = pace;
    }
    Pace pace() const {
        const std::lock_guard lock(mutex_);
        return pace_;
    }

  private:
    void run();
    Pace take();  // for one connection

    mutable std::mutex mutex_;
    Pace pace_{};
    int to_;
    Fd listener_;
    Fd stop_;  // readable: end
    std::thread thread_;
};

}  // namespace o365
