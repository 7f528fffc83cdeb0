// What a program, an installation or a connector lacks: the words of --check and of preflight, and the columns of
// o365.health().
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace o365 {

enum class Severity { warning, error };

struct Finding {
    Severity severity;
    std::string object;     // what it is about: "the setting log", "connector desk"
    std::string problem;    // a sentence without its full stop
    std::string next_step;  // what to do
};

// "error" or "warning".
std::string_view severity_name(Severity severity) noexcept;

// "error: the setting log: the file cannot be opened", and the next step on a line below.
std::string as_lines(const Finding& finding);

// The findings of one --check, which looks at all that it can before it ends.
class Findings {
  public:
    void add(Severity severity, std::string object, std::string problem, std::string next_step);
    // Calls `look`; what it throws is an error about `object`. Returns whether it threw nothing.
    bool look_at(const std::string& object, const std::string& next_step, const std::function<void()>& look);

    const std::vector<Finding>& all() const noexcept { return findings_; }
    bool has_errors() const noexcept;

  private:
    std::vector<Finding> findings_;
};

// Prints them to standard output, and last "ok: " and `can_start` where none is an error. Returns the exit code.
int print(const Findings& findings, std::string_view can_start);

}  // namespace o365
