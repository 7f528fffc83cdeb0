// The worker: delivery and chores with the real database, transport and clock. It makes the parts and runs each in its
// thread: delivery in the caller's, the sender and the chores in threads of their own.
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

    // Delivers until stop(). Waits for a database that is not there or does not accept writes. Throws DatabaseError
    // when the database refuses the worker's start, std::runtime_error when the sender has failed.
    void run();
    // Delivers what is due and returns when nothing is, at the latest `deadline` from now: no POST starts after that,
    // running ones are finished. After the last POST it returns within Delivery::kLastReports, whatever the database
    // does. Throws DatabaseError when it cannot start or cannot report, std::runtime_error when the database does not
    // let this worker send or the sender has failed.
    Outlook run_once(std::chrono::milliseconds deadline);
    // See Delivery::stop(). From any thread, not from a signal handler.
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
