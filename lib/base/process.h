// What all long-lived programs ask of the system about their own process.
#pragma once

namespace o365 {

// From here on nothing but root reads this process's memory: no core dump is written, and other processes of its user
// can neither trace it nor open its /proc/<pid>/mem. Does nothing in sanitizer builds (O365_TRACEABLE), because the
// leak check of an ending process traces it.
void hide_memory() noexcept;

}  // namespace o365
