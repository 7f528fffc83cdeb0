#include "lib/findings/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "lib/base/exit_code.h"

namespace o365 {

std::string_view severity_name(Severity severity) noexcept { return severity == Severity::error ? "error" : "warning"; }

std::string as_lines(const Finding& finding) {
    return fmt::format("{}: {}: {}\n  next: {}\n", severity_name(finding.severity), finding.object, finding.problem,
                       finding.next_step);
}

void Findings::add(Severity severity, std::string object, std::string problem, std::string next_step) {
    findings_.push_back({severity, std::move(object), std::move(problem), std::move(next_step)});
}

bool Findings::look_at(const std::string& object, const std::string& next_step, const std::function<void()>& look) {
    try {
        look();
        return true;
    } catch (const std::exception& error) {
        add(Severity::error, object, error.what(), next_step);
        return false;
    }
}

bool Findings::has_errors() const noexcept {
    return std::ranges::any_of(findings_, [](const Finding& one) { return one.severity == Severity::error; });
}

int print(const Findings& findings, std::string_view can_start) {
    for (const Finding& finding : findings.all()) fmt::print("{}", as_lines(finding));
    if (findings.has_errors()) return exit_code::kFailed;
    fmt::print("ok: {}\n", can_start);
    return exit_code::kDone;
}

}  // namespace o365
