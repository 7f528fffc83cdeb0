#include "lib/base/process.h"

#include <sys/prctl.h>

namespace o365 {

void hide_memory() noexcept {
#ifndef O365_TRACEABLE
    ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace o365
