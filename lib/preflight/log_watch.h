// What a log file got since a moment: for values that may not be in it. One thread.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "lib/base/fd.h"

namespace o365 {

class LogWatch {
  public:
    // Opens the file and notes its end. Where that fails, problem() says why.
    explicit LogWatch(std::string path);

    const std::string& path() const noexcept { return path_; }
    const std::string& problem() const noexcept { return problem_; }
    // What was written since, at most 16 MiB; "" for nothing yet, and where there is a problem. A file that was rotated
    // meanwhile is read on under its old name.
    std::string written() const;

  private:
    std::string path_;
    std::string problem_;
    Fd file_;
    long long begin_ = 0;
};

// Waits until something was written to one of them and then nothing more for a moment, at most `longest`.
void wait_for_lines(std::span<const LogWatch> logs, std::chrono::milliseconds longest);

}  // namespace o365
