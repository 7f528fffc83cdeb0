#include "worker/worker.h"

#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace o365 {
namespace {

constexpr std::size_t kMaxBody = 8192;  // of an answer's body; rules look at the first half

HttpClientOptions client_options(const Settings& settings) {
    HttpClientOptions options;
    options.ca_file = settings.ca_file;
    options.proxy = settings.proxy;
    options.allow_loopback = settings.allow_loopback;
    options.max_transfers = settings.max_transfers;
    options.max_body = kMaxBody;
    return options;
}

}  // namespace

// The threads of the chores and of the sender. They end in order, however the loop ends.
class Worker::Threads {
  public:
    explicit Threads(Worker& worker) : worker_(worker) {
        chores_ = std::jthread([&worker, number = worker.outbox_.worker()](std::stop_token ends) {
            worker.chores_.run(std::move(ends), number);
        });
        // Start it last: it ends only by finish().
        sender_ = std::jthread([&worker] { worker.sender_.run(); });
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() {
        // A worker that ends because there is nothing left to send lets the chores finish. One that was told to end
        // does not wait for them: the next run does them.
        const bool hurries = worker_.sender_.stopped() || worker_.clock_.now() >= worker_.deadline_;
        chores_.request_stop();
        worker_.chores_.end_by(Database::Clock::now() + (hurries ? std::chrono::seconds(0) : Delivery::kLastReports));
        chores_.join();
        worker_.sender_.finish();
        sender_.join();
    }

  private:
    Worker& worker_;
    std::jthread sender_;
    std::jthread chores_;
};

Worker::Worker(const Settings& settings, KeyRing keys)
    : keys_(std::move(keys)),
      outbox_(settings),
      client_(client_options(settings)),
      webhooks_(keys_, settings.key_file, outbox_, clock_),
      sender_(client_, clock_, settings.max_transfers),
      delivery_(clock_, outbox_, webhooks_, sender_, settings.max_transfers),
      chores_(settings, [this] { delivery_.stop(); }) {}

void Worker::run() {
    loop();
    delivery_.report_stop(false);
}

Outlook Worker::run_once(std::chrono::milliseconds deadline) {
    deadline_ = clock_.now() + deadline;
    delivery_.end_at(deadline_);
    loop();
    return delivery_.outlook();
}

void Worker::loop() {
    std::optional<Threads> threads;
    while (const auto wait = delivery_.step()) {
        if (!threads && delivery_.started()) threads.emplace(*this);
        delivery_.wait(*wait);
    }
}

}  // namespace o365
