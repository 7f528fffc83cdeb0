// Memory that the responder frees is cleared first. Webhooks, states and tickets come in every request's query and go
// through many strings on their way into the database; this one place takes care of all copies on the heap. In this
// program `operator delete` clears, for jsoncpp and fmt as well. Sanitizer builds use their own.
#pragma once

namespace o365 {

// The same for large blocks that C libraries free: libfcgi's buffers, results of libpq. Called once, before threads.
void clear_blocks_of_libraries() noexcept;

}  // namespace o365
