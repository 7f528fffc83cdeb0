// One event a line: `<time> level=warn event=<event> key=value ...`, to syslog, a file or stderr (spdlog).
// Callers pass the event and the pairs as one fmt string: log::warn("delivery_failed", "card={} http={}", id, status).
// Never a secret: Secret formats as ***, and nothing else that is secret may be passed. Any thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace o365::log {

enum class Level { debug, info, warn, error };

// Where lines go: "syslog", "stderr" or a file's path (appended to; opened 0600 when new). `program` is the syslog
// identity. What cannot be written, because a disk is full, is told to syslog once a minute, and never to fd 2. Before
// the first call lines go nowhere: a FastCGI program's stderr is its web server's error log. Throws
// std::runtime_error when the file cannot be opened, with its name and the reason.
void open(const std::string& target, Level least, const std::string& program);

// Opens the log file again under its name, and makes it when somebody has moved it away: what SIGHUP asks for, after
// logrotate. Says in the log that it did, or why it could not; then the old file stays. Nothing but that line happens
// with another target. Any thread.
void reopen();

// Throws std::runtime_error as open would, and makes nothing: for --check, which somebody else may run.
void check(const std::string& target);

// "debug" | "info" | "warn" | "error"; throws std::invalid_argument for anything else.
Level parse_level(std::string_view text);

void write(Level level, std::string_view event, const std::string& pairs);

// Whether lines of that level go anywhere; for callers that make many.
bool writes(Level level) noexcept;

// Text for a value of a key=value pair: quoted with \" \\ \n escaped when it holds a space, a quote, = or a control
// character.
std::string quoted(std::string_view value);

// For an event that may repeat for hours: what is said of it is due when it is said first, then once a minute. Make a
// new one when the event has ended.
class Repeated {
  public:
    using Clock = std::chrono::steady_clock;
    // How many events a line that says `text` stands for, this one included; nullopt when no line is due. Beyond
    // kMostTexts different ones, all others count as one.
    std::optional<int> due(std::string_view text, Clock::time_point now = Clock::now());
    static constexpr std::size_t kMostTexts = 8;

  private:
    struct Told {
        std::optional<Clock::time_point> at;
        int count = 0;
    };
    std::map<std::string, Told, std::less<>> texts_;
};

template <class... Args>
void debug(std::string_view event, fmt::format_string<Args...> pairs, Args&&... args) {
    if (writes(Level::debug)) write(Level::debug, event, fmt::format(pairs, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view event, fmt::format_string<Args...> pairs, Args&&... args) {
    write(Level::info, event, fmt::format(pairs, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view event, fmt::format_string<Args...> pairs, Args&&... args) {
    write(Level::warn, event, fmt::format(pairs, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view event, fmt::format_string<Args...> pairs, Args&&... args) {
    write(Level::error, event, fmt::format(pairs, std::forward<Args>(args)...));
}

}  // namespace o365::log
