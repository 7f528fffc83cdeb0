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

// Sets where lines go: "syslog", "stderr" or a file's path (appended to; created with mode 0600). `least`: lines below
// this level are dropped. `program` is the syslog identity. A line that cannot be written, because the disk is full
// say, is reported to syslog at most once a minute, and never to fd 2. Before the first call lines go nowhere: a
// FastCGI program's stderr is its web server's error log. Throws std::runtime_error when the file cannot be opened,
// with its name and the reason.
void open(const std::string& target, Level least, const std::string& program);

// Opens the log file again under its name, and creates it when it was moved away: call it at SIGHUP, which logrotate
// sends. Logs that it did, or why it could not; then lines go on to the old file. With syslog and stderr it only logs
// that there is no file. Any thread.
void reopen();

// Throws std::runtime_error as open() would, and creates nothing: for --check, which another user may run.
void check(const std::string& target);

// "debug" | "info" | "warn" | "error"; throws std::invalid_argument for anything else.
Level parse_level(std::string_view text);

// Writes one line. `pairs`: "key=value ..." with values from quoted(); "" for none.
void write(Level level, std::string_view event, const std::string& pairs);

// Whether lines of that level are written, so that a caller can skip making them. False before open().
bool writes(Level level) noexcept;

// `value` for a key=value pair: in quotation marks, with \" \\ \n escaped, when it is empty or holds a space, a quote,
// a backslash, = or a control character; else as it is.
std::string quoted(std::string_view value);

// Limits the lines about an event that may repeat for hours: the first is due at once, then one a minute. Make a new
// Repeated when the event has ended. No locks.
class Repeated {
  public:
    using Clock = std::chrono::steady_clock;
    // Counts one event that `text` describes. Returns how many events since the last line the line that is due now
    // stands for, this one included; nullopt when no line is due. Beyond kMostTexts different texts, all others share
    // one count.
    std::optional<int> due(std::string_view text, Clock::time_point now = Clock::now());
    static constexpr std::size_t kMostTexts = 8;

  private:
    struct Repetition {
        std::optional<Clock::time_point> logged_at;
        int count = 0;  // since then
    };
    std::map<std::string, Repetition, std::less<>> texts_;
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
