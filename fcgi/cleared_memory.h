// Clears memory that the responder frees. Webhooks, states and tickets come in a request's query and are copied into
// many strings on their way into the database; this covers all copies on the heap. In this program `operator delete`
// clears, for jsoncpp and fmt as well. Sanitizer builds use their own operators.
#pragma once

namespace o365 {

// Does the same for large blocks that C libraries free: libfcgi's buffers, libpq's results. Call it once, before any
// thread is made.
void clear_blocks_of_libraries() noexcept;

}  // namespace o365
