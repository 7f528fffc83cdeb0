// The installation's housekeeping, once a minute: o365_programs.worker_chores and the signing keys of card actions. It
// has a database session and a thread of its own, so that reports and claims do not wait for it.
#pragma once

#include <functional>
#include <stop_token>

#include "lib/database/database.h"
#include "lib/settings/settings.h"
#include "worker/chores/signing_keys.h"

namespace o365 {

class Chores {
  public:
    // `schema_differs` is called, in the thread of run(), when the worker does not work with the schema any more.
    Chores(const Settings& settings, std::function<void()> schema_differs);

    // Does the chores once, then every minute until `ends`. Logs failures and tries again the next minute. `worker`:
    // the worker's number.
    void run(std::stop_token ends, int worker) noexcept;
    // Sets a deadline for all calls and requests, also for one that is running now. From any thread.
    void end_by(Database::Clock::time_point when) noexcept {
        signing_keys_.end_by(when);
        database_.end_by(when);
    }

  private:
    void run_once(const std::stop_token& ends, int worker);

    Database database_;  // connected only while there is something to do
    SigningKeys signing_keys_;
    std::function<void()> schema_differs_;
};

}  // namespace o365
