// Looks up host names with c-ares: any number at a time on the caller's thread, each with a deadline of its own, so
// that a name server that does not answer delays only its own names. /etc/hosts is read first. Nothing is cached. A
// Resolver belongs to one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace o365 {

struct ResolvedHost {
    std::vector<std::string> addresses;  // numeric, IPv4 first; at least one unless there is a problem
    std::string problem;                 // why there is no address, as a predicate: "has no address"; empty for none
    bool is_ours = false;                // no name server was reached: that is this machine's trouble, not the name's
};

class Resolver {
  public:
    using Clock = std::chrono::steady_clock;
    using Done = std::function<void(ResolvedHost)>;

    // `deadline`: how long a look-up may take. Throws std::runtime_error when there is no file descriptor left.
    explicit Resolver(std::chrono::milliseconds deadline);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    // Ends running look-ups without calling their `done`.
    ~Resolver();

    // Starts a look-up of the IPv4 and IPv6 addresses of `host`. `done` is called from run(), exactly once. After the
    // IPv4 addresses have come it waits at most 100 ms for those of IPv6.
    void look_up(const std::string& host, Done done);
    // A file descriptor that is readable when run() has something to do.
    int descriptor() const noexcept;
    // When run() must be called at the latest; nullopt while no look-up is running.
    std::optional<Clock::time_point> next_run() const;
    // Goes on with all look-ups as far as possible without waiting.
    void run();

  private:
    struct Lookup;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Initializes c-ares. Call it once, before any thread starts. Returns its version, for the log.
std::string start_resolver();

}  // namespace o365
