// Looks up host names with c-ares: any number at a time on the caller's thread, each with a deadline of its own, so
// that a name server that does not answer delays nothing but the names that it answers for. /etc/hosts is read first.
// Nothing is cached here. A Resolver belongs to one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace o365 {

struct ResolvedHost {
    std::vector<std::string> addresses;  // numeric, IPv4 first; empty: there is a problem
    std::string problem;                 // why there is no address, as a predicate: "has no address"
    bool is_ours = false;                // no name server was reached: that is this machine's trouble, not the name's
};

class Resolver {
  public:
    using Clock = std::chrono::steady_clock;
    using Done = std::function<void(ResolvedHost)>;

    // `deadline`: how long a look-up may take. Throws std::runtime_error without a file descriptor.
    explicit Resolver(std::chrono::milliseconds deadline);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    // Ends look-ups that are under way; their `done` is not called.
    ~Resolver();

    // Looks up IPv4 and IPv6 addresses of `host`. `done` is called from run(), exactly once. Once there are IPv4
    // addresses, those of IPv6 are waited for only 100 ms.
    void look_up(const std::string& host, Done done);
    // Readable when run() has something to do.
    int descriptor() const noexcept;
    // When run() has to be called at the latest; nullopt while no look-up is under way.
    std::optional<Clock::time_point> next_run() const;
    // Does what can be done without waiting.
    void run();

  private:
    struct Lookup;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Once before any thread starts: c-ares' global state, and its version, for the log.
std::string start_resolver();

}  // namespace o365
