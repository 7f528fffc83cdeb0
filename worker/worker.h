// The worker: delivery and its chores over the real database, the real transport and the system's clock. It makes the
// parts and drives them, each in its thread: the caller's for the database, one for the sender, one for the chores.
#pragma once

#include <chrono>

#include "lib/http_client/http_client.h"
#include "lib/keys/key_ring.h"
#include "lib/settings/settings.h"
#include "worker/chores/chores.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/database_outbox.h"
#include "worker/delivery/delivery.h"
#include "worker/delivery/sender.h"
#include "worker/delivery/webhook_store.h"

namespace o365 {

class Worker {
  public:
    Worker(const Settings& settings, KeyRing keys);

    // Delivers until stop(). Waits for a database that is not there yet, or takes no writes, and comes back by itself
    // after it was away; throws DatabaseError when the database refuses the worker's start, std::runtime_error when the
    // sender has failed.
    void run();
    // Delivers what is due and returns when nothing is, or at the deadline: no POST starts after it, those under way
    // are finished. Throws DatabaseError when it cannot start or cannot report, std::runtime_error when the database's
    // environment is another than this worker's or the sender has failed. Once the last POST has ended it returns
    // within Delivery::kLastReports, whatever the database does.
    Outlook run_once(std::chrono::milliseconds deadline);
    // Delivery::stop(). From any thread, not from a signal handler.
    void stop() noexcept { delivery_.stop(); }

  private:
    class Threads;
    void loop();

    const SystemClock clock_;
    KeyRing keys_;
    DatabaseOutbox outbox_;
    HttpClient client_;
    WebhookStore webhooks_;
    Sender sender_;
    Delivery delivery_;
    Chores chores_;
    Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace o365
