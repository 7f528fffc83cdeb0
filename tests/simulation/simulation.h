// Runs one seed: some workers, some subscriptions, an application, an operator and everything that may go wrong, then
// calm until all cards have ended. All of it in one thread and in virtual time; a seed always runs the same way.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/ledger.h"
#include "tests/simulation/scripted_worker.h"
#include "tests/simulation/world.h"

namespace o365::simulation {

class Simulation {
  public:
    Simulation(std::uint64_t seed, Plant plant, Keys& keys, bool traces = false)
        : world_(seed), ledger_(world_), keys_(keys), plant_(plant) {
        world_.traces = traces;
        workers_wanted_ = static_cast<int>(1 + world_.up_to(2));
        weather_.others = workers_wanted_ - 1;
        // Some seeds have fair weather: what is wrong there is not covered up by what may go wrong. In some, far ends
        // are slow.
        if (world_.chance(300)) weather_ = fair_weather();
        if (world_.chance(400)) weather_.post_is_slow = 400;
        disturbs_ = world_.chance(700);
        // In some, workers are stopped past their leases again and again, with POSTs under way and cards behind them.
        sleeps_ = world_.chance(250);
        if (sleeps_) weather_.post_is_slow = 700;
        for (std::int64_t id = 1; id <= kSubscriptions; ++id) ledger_.subscriptions[id].id = id;
    }

    // What was wrong, the first of each kind.
    const std::map<std::string, std::string>& run() {
        for (int i = 0; i < workers_wanted_; ++i) start_worker();
        script_application();
        script_operator();
        script_far_ends();
        if (disturbs_) script_disturbances();
        if (sleeps_) script_sleep();
        world_.run(kBegin + kRough);
        calm_down();
        const Time last = world_.now() + kLongest;
        while ((!ledger_.all_ended() && world_.now() < last) || somebody_stands_still()) {
            resume_all();
            world_.run(world_.now() + seconds(1));
        }
        for (const auto& worker : workers_) stop(worker);
        world_.run(world_.now() + kPostTimeout + Delivery::kLastReports + seconds(2));
        for (const auto& worker : workers_) {
            if (!worker->gone) ledger_.wrong(fmt::format("hangs: worker {} did not end", worker->number()));
        }
        ledger_.judge_end();
        return ledger_.wrongs();
    }
    const std::deque<std::string>& trace() const noexcept { return world_.trace(); }
    std::size_t posts() const {
        std::size_t count = 0;
        for (const auto& [position, card] : ledger_.cards) count += card.posts.size();
        return count;
    }

  private:
    static constexpr std::int64_t kSubscriptions = 8;
    static constexpr int kTransfers = 5;
    static constexpr seconds kRough{25};
    static constexpr seconds kLongest{120};

    struct SimulatedWorker {
        SimulatedWorker(Simulation& all, std::shared_ptr<Suspect> suspect)
            : self(std::move(suspect)),
              clock(all.world_),
              outbox(all.world_, all.ledger_, all.weather_, all.keys_, self, all.plant_),
              transport(all.world_, all.ledger_, all.weather_, self, all.plant_,
                        [this, &all](Time when) { all.schedule_sender(number(), when); }),
              webhooks(all.keys_.ring(), "keys", outbox, clock),
              sender(transport, clock, kTransfers),
              delivery(clock, outbox, webhooks, sender, kTransfers) {}
        int number() const noexcept { return self->number; }

        std::shared_ptr<Suspect> self;
        WorkerClock clock;
        ScriptedOutbox outbox;
        ScriptedTransport transport;
        WebhookStore webhooks;
        Sender sender;
        Delivery delivery;
        bool stops = false;
        bool in_step = false;   // of delivery: within a call to the database others go on
        bool finishes = false;  // delivery has ended
        bool gone = false;
        Time delivery_at = kNever;
        Time sender_at = kNever;
    };
    using WorkerPtr = std::shared_ptr<SimulatedWorker>;

    void start_worker(bool may_be_once = true) {
        auto suspect = std::make_shared<Suspect>();
        suspect->number = static_cast<int>(workers_.size()) + 1;
        auto worker = std::make_shared<SimulatedWorker>(*this, suspect);
        workers_.push_back(worker);
        world_.note("worker {} starts", suspect->number);
        if (may_be_once && world_.chance(200)) {
            suspect->sends_until = world_.now() + world_.between(seconds(1), seconds(10));
            worker->delivery.end_at(suspect->sends_until);
        }
        schedule_delivery(worker, world_.now());
        schedule_sender(suspect->number, world_.now());
    }

    // ---- the threads of a worker ----

    void schedule_delivery(const WorkerPtr& worker, Time when) {
        when = std::max(when, worker->outbox.stalled_until);
        if (when >= worker->delivery_at) return;
        worker->delivery_at = when;
        world_.at(when, [this, worker, when] {
            if (worker->delivery_at != when) return;
            worker->delivery_at = kNever;
            if (world_.now() < worker->outbox.stalled_until) return schedule_delivery(worker, world_.now());
            step_delivery(worker);
        });
    }

    void step_delivery(const WorkerPtr& worker) {
        if (worker->gone || worker->finishes || worker->in_step || worker->self->killed) return;
        worker->in_step = true;
        const std::optional<Delivery::Wait> wait = try_step(worker);
        worker->in_step = false;
        if (worker->self->killed) {
            worker->gone = true;
            return;
        }
        if (!wait) {
            world_.note("delivery of worker {} ends", worker->number());
            worker->finishes = true;
            worker->sender.finish();
            if (!worker->delivery.started()) leave(worker);
            return;
        }
        schedule_sender(worker->number(), world_.now());
        schedule_delivery(worker, world_.now() + std::max<Clock::duration>(wait->longest, milliseconds(1)));
    }

    std::optional<Delivery::Wait> try_step(const WorkerPtr& worker) {
        try {
            return worker->delivery.step();
        } catch (const Killed&) {
            return std::nullopt;
        } catch (const DatabaseError& error) {
            // Of a worker that could not start: --once does not wait.
            world_.note("worker {} could not start: {}", worker->number(), error.what());
            return std::nullopt;
        }
    }

    void schedule_sender(int number, Time when) {
        const WorkerPtr& worker = workers_.at(static_cast<std::size_t>(number) - 1);
        when = std::max(when, worker->outbox.stalled_until);
        if (when >= worker->sender_at) return;
        worker->sender_at = when;
        world_.at(when, [this, worker, when] {
            if (worker->sender_at != when) return;
            worker->sender_at = kNever;
            if (world_.now() < worker->outbox.stalled_until) return schedule_sender(worker->number(), world_.now());
            step_sender(worker);
        });
    }

    void step_sender(const WorkerPtr& worker) {
        if (worker->gone || worker->self->killed) return;
        if (!worker->delivery.started()) return;
        if (!worker->sender.step(milliseconds(0))) return leave(worker);
        schedule_sender(worker->number(), world_.now() + milliseconds(100));
        // Reports wake the database thread, at once or when they are worth a call.
        if (!worker->in_step && world_.chance(300))
            schedule_delivery(worker, world_.now() + milliseconds(world_.up_to(2)));
    }

    void leave(const WorkerPtr& worker) {
        world_.note("worker {} is gone", worker->number());
        worker->gone = true;
        if (is_rough() && !calm_) start_worker();
    }

    // ---- what goes on around them ----

    static Weather fair_weather() { return {0, 0, 0, 0, 0, {}, {}, 0}; }
    bool is_rough() const { return world_.now() < kBegin + kRough; }
    Time some_time() { return kBegin + world_.between(seconds(0), kRough); }
    Subscription& some_subscription() { return ledger_.subscriptions.at(1 + world_.up_to(kSubscriptions - 1)); }

    void script_application() {
        for (int i = 0; i < 20; ++i) {
            world_.at(some_time(), [this] {
                const std::int64_t id = some_subscription().id;
                const std::int64_t count = 1 + world_.up_to(5);
                for (std::int64_t n = 0; n < count; ++n) ledger_.send(id);
            });
        }
    }

    void script_operator() {
        for (int i = 0; i < 10; ++i) {
            world_.at(some_time(), [this] {
                Subscription& sub = some_subscription();
                if (sub.removed) return;
                switch (world_.up_to(9)) {
                    case 0:
                        ledger_.remove(sub);
                        break;
                    case 1:
                        ledger_.renew(sub);
                        break;
                    case 2:
                        sub.locked_until = world_.now() + world_.between(seconds(0), seconds(20));
                        break;
                    default: {
                        ledger_.set_paused(sub, true);
                        world_.at(world_.now() + world_.between(milliseconds(100), seconds(12)), [this, &sub] {
                            if (!sub.removed) ledger_.set_paused(sub, false);
                        });
                    }
                }
            });
        }
    }

    void script_far_ends() {
        if (world_.chance(400)) {
            world_.at(some_time(), [this] {
                const auto far_end = static_cast<std::size_t>(world_.up_to(kFarEnds - 1));
                world_.note("far end {} is down", far_end);
                weather_.far_end_down_until.at(far_end) = world_.now() + world_.between(seconds(3), seconds(12));
            });
        }
        if (world_.chance(700)) {
            world_.at(some_time(), [this] {
                const auto far_end = static_cast<std::size_t>(world_.up_to(kFarEnds - 1));
                ledger_.set_held(far_end, true);
                world_.at(world_.now() + world_.between(seconds(1), seconds(12)),
                          [this, far_end] { ledger_.set_held(far_end, false); });
            });
        }
    }

    void script_sleep() {
        for (int i = 0; i < 8; ++i) {
            world_.at(some_time(), [this] {
                for (const WorkerPtr& worker : std::vector<WorkerPtr>(workers_))
                    if (!worker->gone && world_.chance(500)) stall(worker, seconds(6));
            });
        }
    }

    void script_disturbances() {
        for (int i = 0; i < 5; ++i) {
            world_.at(some_time(), [this] {
                const WorkerPtr worker =
                    workers_.at(static_cast<std::size_t>(world_.up_to(static_cast<std::int64_t>(workers_.size()) - 1)));
                if (worker->gone) return;
                switch (world_.up_to(3)) {
                    case 0:
                        return kill(worker);
                    case 1:
                        return stall(worker);
                    case 2:
                        return stop(worker);
                    default: {
                        world_.note("the database is down");
                        weather_.database_down_until = world_.now() + world_.between(seconds(0), seconds(20));
                    }
                }
            });
        }
    }

    void kill(const WorkerPtr& worker) {
        world_.note("worker {} is killed", worker->number());
        worker->self->killed = true;
        if (!worker->in_step) worker->gone = true;
        start_worker();
    }

    void stall(const WorkerPtr& worker, milliseconds least = milliseconds(100)) {
        const milliseconds lasts = world_.between(least, seconds(25));
        world_.note("worker {} is stopped for {} ms", worker->number(), lasts.count());
        worker->outbox.stalled_until = world_.now() + lasts;
        worker->self->stalled_at = worker->self->disturbed_at = world_.now() + lasts;
        if (plant_ == Plant::clock_stands_still) worker->clock.behind += lasts;
        // Its threads go on afterwards.
        schedule_delivery(worker, worker->outbox.stalled_until);
        schedule_sender(worker->number(), worker->outbox.stalled_until);
    }

    void stop(const WorkerPtr& worker) {
        if (worker->gone || worker->stops) return;
        world_.note("worker {} is asked to end", worker->number());
        worker->stops = true;
        worker->self->sends_until = std::min(worker->self->sends_until, world_.now());
        worker->delivery.stop();
        schedule_delivery(worker, world_.now());
    }

    void calm_down() {
        world_.note("calm");
        calm_ = true;
        weather_ = fair_weather();
        for (auto& [id, sub] : ledger_.subscriptions) sub.locked_until = {};
        for (std::size_t i = 0; i < kFarEnds; ++i) ledger_.set_held(i, false);
        start_worker(false);
    }

    bool somebody_stands_still() const {
        return std::ranges::any_of(workers_, [this](const WorkerPtr& worker) {
            return !worker->gone && (worker->outbox.stalled_until > world_.now() || worker->in_step);
        });
    }

    void resume_all() {
        for (auto& [id, sub] : ledger_.subscriptions) {
            if (!sub.removed && sub.held()) ledger_.set_paused(sub, false);
        }
    }

    World world_;
    Ledger ledger_;
    Weather weather_;
    Keys& keys_;
    const Plant plant_;
    int workers_wanted_ = 1;
    bool disturbs_ = false;
    bool sleeps_ = false;
    bool calm_ = false;
    std::vector<WorkerPtr> workers_;  // all that ever were, the gone ones too
};

}  // namespace o365::simulation
