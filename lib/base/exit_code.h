// The exit codes of all programs, those of sysexits.h where it has one. docs/operator.md lists them.
#pragma once

namespace o365::exit_code {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;          // the program could not work; it says why
inline constexpr int kUsage = 64;          // EX_USAGE: wrong options or arguments
inline constexpr int kBadData = 65;        // EX_DATAERR
inline constexpr int kNoInput = 66;        // EX_NOINPUT
inline constexpr int kUnavailable = 69;    // EX_UNAVAILABLE
inline constexpr int kCannotWrite = 73;    // EX_CANTCREAT
inline constexpr int kTryAgainLater = 75;  // EX_TEMPFAIL

}  // namespace o365::exit_code
