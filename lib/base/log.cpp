#include "lib/base/log.h"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/system_error.h"

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

// spdlog's own file sink would create the file with the mode that the umask leaves.
Fd open_private(const std::string& path) {
    Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.get() < 0)
        throw std::runtime_error(fmt::format("could not open the log file '{}': {}", path, system_error_text()));
    return file;
}

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit FileSink(std::string path) : path_(std::move(path)), file_(open_private(path_)) {}
    void reopen() {
        Fd fresh = open_private(path_);
        const std::lock_guard lock(mutex_);
        file_ = std::move(fresh);
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        for (std::size_t done = 0; done < line.size();) {
            const ssize_t count = ::write(file_.get(), line.data() + done, line.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) throw spdlog::spdlog_ex(fmt::format("could not write to '{}'", path_), errno);
            done += static_cast<std::size_t>(count);
        }
    }
    void flush_() override {}

  private:
    const std::string path_;
    Fd file_;
};

std::shared_ptr<FileSink>& file_sink() {
    static std::shared_ptr<FileSink> instance;
    return instance;
}

// Reports to syslog that a line could not be written. spdlog itself would print that to fd 2, the web server's error
// log.
void report_to_syslog(const std::string& why) noexcept {
    static std::mutex mutex;
    static Repeated failures;
    try {
        const std::lock_guard lock(mutex);
        const auto count = failures.due(why);
        if (count)
            ::syslog(LOG_USER | LOG_ERR, "level=error event=log_failed count=%d why=\"%s\"", *count, why.c_str());
    } catch (const std::exception&) {
        // Out of memory: there is no way left to report it.
    }
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
    std::shared_ptr<FileSink> file;
    std::string pattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
    if (target == "syslog") {
        sink = std::make_shared<spdlog::sinks::syslog_sink_mt>(program, 0, LOG_USER, false);
        pattern = "%v";
    } else if (target == "stderr") {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        sink = file = std::make_shared<FileSink>(target);
    }
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    auto made = std::make_shared<spdlog::logger>(program, sink);
    made->set_level(spdlog_level(least));
    made->flush_on(spdlog::level::debug);
    made->set_error_handler(report_to_syslog);
    logger() = made;
    file_sink() = file;
}

void reopen() {
    if (!file_sink()) return info("log_not_reopened", "why=\"the log is not a file\"");
    try {
        file_sink()->reopen();
        info("log_reopened", "");
    } catch (const std::exception& problem) {
        error("log_not_reopened", "why={} then=\"lines still go to the old file\"", quoted(problem.what()));
    }
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

std::optional<int> Repeated::due(std::string_view text, Clock::time_point now) {
    constexpr std::chrono::seconds kEvery{60};
    const bool own_count = texts_.size() < kMostTexts || texts_.contains(text);
    Repetition& repetition = texts_[std::string(own_count ? text : std::string_view())];
    ++repetition.count;
    if (repetition.logged_at && now - *repetition.logged_at < kEvery) return std::nullopt;
    repetition.logged_at = now;
    return std::exchange(repetition.count, 0);
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
