// Reads what is written to a log file from now on, to search it for values that may not be there. One thread.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "lib/base/fd.h"

namespace o365 {

class LogWatch {
  public:
    // Opens the file and remembers its end. When that fails, problem() says why.
    explicit LogWatch(std::string path);

    const std::string& path() const noexcept { return path_; }
    const std::string& problem() const noexcept { return problem_; }
    // What was written since then, the first 16 MiB; "" for nothing, and when there is a problem. After a rotation it
    // goes on reading the old file.
    std::string written() const;

  private:
    std::string path_;
    std::string problem_;
    Fd file_;
    long long begin_ = 0;
};

// Waits until something has been written to one of them and then nothing for 100 ms, at most `longest`.
void wait_for_lines(std::span<const LogWatch> logs, std::chrono::milliseconds longest);

}  // namespace o365
