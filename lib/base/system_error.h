// The message of an errno value: "No such file or directory". Safe from any thread, which strerror() is not.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace o365 {

inline std::string system_error_text(int number = errno) { return std::generic_category().message(number); }

}  // namespace o365
