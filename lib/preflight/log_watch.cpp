#include "lib/preflight/log_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "lib/base/system_error.h"

namespace o365 {

LogWatch::LogWatch(std::string path)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat status {};
    if (file_.get() < 0 || ::fstat(file_.get(), &status) != 0) {
        problem_ = system_error_text();
    } else if (!S_ISREG(status.st_mode)) {
        problem_ = "it is no file";
    } else {
        begin_ = status.st_size;
    }
}

std::string LogWatch::written() const {
    constexpr std::size_t kMost = 16U << 20U;
    std::string text;
    if (!problem_.empty()) return text;
    std::string part(65536, '\0');
    while (text.size() < kMost) {
        const ssize_t count =
            ::pread(file_.get(), part.data(), part.size(), begin_ + static_cast<long long>(text.size()));
        if (count <= 0) break;
        text.append(part, 0, static_cast<std::size_t>(count));
    }
    return text;
}

void wait_for_lines(std::span<const LogWatch> logs, std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds kPause{100};
    const auto length = [&] {
        std::size_t bytes = 0;
        for (const LogWatch& log : logs) bytes += log.written().size();
        return bytes;
    };
    const auto end = std::chrono::steady_clock::now() + longest;
    std::size_t before = length();
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kPause);
        const std::size_t now = length();
        if (now > 0 && now == before) return;
        before = now;
    }
}

}  // namespace o365
