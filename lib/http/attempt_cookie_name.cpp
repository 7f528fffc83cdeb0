#include "lib/http/attempt_cookie_name.h"

#include "lib/base/crypto.h"

namespace o365 {

std::string attempt_cookie_name(std::string_view hash) {
    return std::string(kAttemptCookiePrefix) + hex(hash).substr(0, kAttemptCookieDigits);
}

}  // namespace o365
