// The installation's housekeeping, once a minute: o365_programs.worker_chores and the keys of card actions, in a
// session and a thread of its own, which reports and claims do not wait for.
#pragma once

#include <functional>
#include <stop_token>

#include "lib/database/database.h"
#include "lib/settings/settings.h"
#include "worker/chores/signing_keys.h"

namespace o365 {

class Chores {
  public:
    // `schema_differs` is called when the schema was upgraded past what this worker knows.
    Chores(const Settings& settings, std::function<void()> schema_differs);

    // Does them at least once, then every minute until `ends`. Failures are logged, the next minute tries again.
    // `worker`: its number.
    void run(std::stop_token ends, int worker) noexcept;
    // No call and no request goes on after `when`, not even one that is running now. From any thread.
    void end_by(Database::Clock::time_point when) noexcept {
        signing_keys_.end_by(when);
        database_.end_by(when);
    }

  private:
    void run_once(const std::stop_token& ends, int worker);

    Database database_;  // open while they last
    SigningKeys signing_keys_;
    std::function<void()> schema_differs_;
};

}  // namespace o365
