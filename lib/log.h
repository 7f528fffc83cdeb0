// One event a line: `<time> level=warn event=<event> key=value ...`, to syslog, a file or stderr (spdlog).
// Callers pass the event and the pairs as one fmt string: log::warn("delivery_failed", "card={} http={}", id, status).
// Never a secret: Secret formats as ***, and nothing else that is secret may be passed. Any thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace o365::log {

enum class Level { debug, info, warn, error };

// Where lines go: "syslog", "stderr" or a file's path (appended to; opened 0600 when new). `program` is the syslog
// identity. Before the first call lines go nowhere: a FastCGI program's stderr is its web server's error log. Throws
// std::runtime_error when the file cannot be opened, with its name and the reason.
void open(const std::string& target, Level least, const std::string& program);

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

// For an event that may repeat for hours: a line is due at the first, then once a minute. Make a new one when the event
// has ended, or when what is said of it changes.
class Repeated {
  public:
    // How many events the line stands for, this one included; nullopt when no line is due.
    std::optional<int> due(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) noexcept;

  private:
    std::optional<std::chrono::steady_clock::time_point> told_;
    int count_ = 0;
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
