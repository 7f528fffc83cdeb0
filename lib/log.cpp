#include "lib/log.h"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

#include "lib/system_error.h"

namespace o365::log {
namespace {

std::shared_ptr<spdlog::logger>& logger() {
    static std::shared_ptr<spdlog::logger> instance;
    return instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            break;
    }
    return spdlog::level::err;
}

std::string_view level_name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            break;
    }
    return "error";
}

// Made here because spdlog would make it with the process's umask.
void make_private(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        throw std::runtime_error(fmt::format("could not open the log file '{}': {}", path, system_error_text()));
    }
    ::close(fd);
}

}  // namespace

void check(const std::string& target) {
    if (target == "syslog" || target == "stderr") return;
    std::error_code error;
    const std::string folder = std::filesystem::path(target).parent_path().string();
    const std::string place = std::filesystem::exists(target, error) ? target : folder.empty() ? "." : folder;
    const int problem = std::filesystem::is_directory(target, error) ? EISDIR
                        : ::access(place.c_str(), W_OK) != 0         ? errno
                                                                     : 0;
    if (problem != 0) {
        throw std::runtime_error(
            fmt::format("could not open the log file '{}': {}", target, system_error_text(problem)));
    }
}

void open(const std::string& target, Level least, const std::string& program) {
    spdlog::sink_ptr sink;
    std::string pattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
    if (target == "syslog") {
        sink = std::make_shared<spdlog::sinks::syslog_sink_mt>(program, 0, LOG_USER, false);
        pattern = "%v";
    } else if (target == "stderr") {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        make_private(target);
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(target);
    }
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    auto made = std::make_shared<spdlog::logger>(program, sink);
    made->set_level(spdlog_level(least));
    made->flush_on(spdlog::level::debug);
    logger() = made;
}

Level parse_level(std::string_view text) {
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) {
        if (text == level_name(level)) return level;
    }
    throw std::invalid_argument("a log level is debug, info, warn or error");
}

bool writes(Level level) noexcept { return logger() && logger()->should_log(spdlog_level(level)); }

void write(Level level, std::string_view event, const std::string& pairs) {
    if (!writes(level)) return;
    logger()->log(spdlog_level(level), "level={} event={}{}{}", level_name(level), event, pairs.empty() ? "" : " ",
                  pairs);
}

std::optional<int> Repeated::due(std::chrono::steady_clock::time_point now) noexcept {
    constexpr std::chrono::seconds kEvery{60};
    ++count_;
    if (told_ && now - *told_ < kEvery) return std::nullopt;
    told_ = now;
    return std::exchange(count_, 0);
}

std::string quoted(std::string_view value) {
    bool plain = !value.empty();
    for (const char c : value) {
        if (c == ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) < 32) plain = false;
    }
    if (plain) return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            text += '\\';
            text += c;
        } else if (c == '\n') {
            text += "\\n";
        } else {
            text += static_cast<unsigned char>(c) < 32 ? ' ' : c;
        }
    }
    return text + '"';
}

}  // namespace o365::log
