// What a program asks of the system for its own process. Main thread, before others are made.
#pragma once

namespace o365 {

// From now on only root can read this process's memory: no core dump is written, and other processes of the same user
// can neither trace it nor open its /proc/<pid>/mem. Does nothing in sanitizer builds (O365_TRACEABLE), because the
// leak check traces the process when it ends.
void hide_memory() noexcept;

}  // namespace o365
