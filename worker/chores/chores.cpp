#include "worker/chores/chores.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "lib/base/log.h"
#include "lib/database/schema.h"

namespace o365 {

using std::chrono::seconds;

namespace {

constexpr seconds kEvery{60};
constexpr Patience kPatience{.transaction_ms = 65000, .connect = seconds(5), .call = seconds(60)};

}  // namespace

Chores::Chores(const Settings& settings, std::function<void()> schema_differs)
    : database_(settings.database, settings.worker_role, "o365-worker chores", kPatience,
                statements_when(settings.prepared_statements)),
      signing_keys_(settings),
      schema_differs_(std::move(schema_differs)) {}

void Chores::run(std::stop_token ends, int worker) noexcept {
    std::mutex mutex;
    std::condition_variable_any again;
    std::unique_lock lock(mutex);
    do {
        try {
            run_once(ends, worker);
        } catch (const std::exception& error) {
            log::warn("chores_failed", "problem={} again_s={}", log::quoted(error.what()), kEvery.count());
        }
        database_.close();
        again.wait_for(lock, ends, kEvery, [] { return false; });
    } while (!ends.stop_requested());
}

void Chores::run_once(const std::stop_token& ends, int worker) {
    try {
        if (const std::string problem = schema_problem(database_); !problem.empty()) {
            log::error("schema_differs", "why={} then=\"finishing what is in flight\"", log::quoted(problem));
            schema_differs_();
            return;
        }
        const Rows rows = database_.call("select o365_programs.worker_chores($1)", {worker});
        if (!rows.text(0, 0).empty()) log::info("chores", "done={}", log::quoted(rows.text(0, 0)));
        if (const std::string done = signing_keys_.fetch_due(database_); !done.empty())
            log::info("signing_keys", "done={}", log::quoted(done));
    } catch (const DatabaseError& error) {
        // Delivery logs a database that is down. A call that was cut off because the worker ends is not a failure.
        if (error.fault() == Fault::down || (error.timed_out() && ends.stop_requested())) return;
        throw;
    }
}

}  // namespace o365
