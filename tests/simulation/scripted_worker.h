// A worker in a simulation: the product's Delivery, Sender and WebhookStore over a database and a far end that a seed
// scripts. Each call to the database takes time, in which everybody else goes on, and may fail in any way that a
// connection can. See simulation.h for who drives it.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/http_client/transport.h"
#include "lib/keys/key_ring.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/world.h"
#include "worker/delivery/delivery.h"

namespace o365::simulation {

// A fault of ours that the judge has to find, put into what surrounds the product's code.
enum class Plant {
    none,
    loses_posts,             // the transport says that a POST was answered which never left
    loses_results,           // a report gives the lane back without what came of its cards
    reverses_cards,          // the cards of a lane come in the wrong order
    never_rechecks,          // the state of lanes is taken for what it was at the claim
    clock_stands_still,      // while the process is stopped or the machine suspended
    overstates_leases,       // the worker takes a lease for twice as long as it is
    ignores_may_start,       // a POST whose connection came late leaves all the same
    claims_closed_far_ends,  // lanes are claimed although their far end is held or fails
    claims_waiting_lanes,    // lanes are claimed before the time that they wait for
    loses_expiry,            // cards come without the time by which they are to leave
};

// The webhooks of all simulations, sealed once.
class Keys {
  public:
    Keys() : ring_(new_key_file(), "keys") {}
    KeyRing& ring() noexcept { return ring_; }
    const SealedMessage& sealed(std::int64_t subscription_id, int version) {
        SealedMessage& message = sealed_[{subscription_id, version}];
        if (message.sealed.empty()) {
            message = ring_.seal(
                Secret(fmt::format(R"({{"purpose": "webhook", "id": "{0}", "webhook": "{1}", "user_object_id": "o"}})",
                                   subscription_id, webhook(subscription_id, version))));
        }
        return message;
    }
    // The hosts of far_end_of.
    static std::string webhook(std::int64_t subscription_id, int version) {
        static constexpr const char* kHosts[] = {"one.far.example", "two.far.example", "other.example"};
        return fmt::format("https://{}/webhookb2/{}/{}", kHosts[subscription_id % 3], subscription_id, version);
    }

  private:
    KeyRing ring_;
    std::map<std::pair<std::int64_t, int>, SealedMessage> sealed_;
};

// Thrown through a call to the database whose process is gone. No std::exception: nothing of ours may catch it.
struct Killed {};

// What may go wrong, in thousandths; all 0 once a simulation comes to its end.
struct Weather {
    int call_fails = 30;    // of calls to the database, half of them after they were committed
    int call_hangs = 8;     // of calls to the database: they take up to 20 s
    int call_refused = 2;   // of reports
    int post_fails = 150;   // of POSTs, in any way
    int post_is_slow = 60;  // of POSTs: the answer takes up to the timeout
    Time database_down_until{};
    std::array<Time, kFarEnds> far_end_down_until{};
    std::int64_t others = 0;  // workers beside one, as the database says
};

class ScriptedOutbox : public Outbox {
  public:
    ScriptedOutbox(World& world, Ledger& ledger, Weather& weather, Keys& keys, std::shared_ptr<Suspect> self,
                   Plant plant)
        : world_(world), ledger_(ledger), weather_(weather), keys_(keys), self_(std::move(self)), plant_(plant) {}

    // The process stands still until then.
    Time stalled_until{};

    SettingsSnapshot start() override {
        return call([&] { return snapshot(); });
    }
    SettingsSnapshot heartbeat() override {
        return call([&] { return snapshot(); });
    }
    void describe(const std::vector<std::string>& /*key_ids*/) override {
        call([] { return 0; });
    }
    std::vector<std::string> keys_in_use() override { return {}; }
    void stop(bool /*comes_back*/) override {}

    ReportedAndClaimed report_and_claim(const std::vector<Ended>& ended, int lanes) override {
        if (!ended.empty() && world_.chance(weather_.call_refused)) {
            disturb();
            throw DatabaseError(Fault::refused, "22000", "refused");
        }
        std::vector<Ended> reported = ended;
        if (plant_ == Plant::loses_results) {
            for (Ended& one : reported)
                if (one.releases && one.lease.lease_no % 3 == 0) one.results = {};
        }
        return call([&] {
            ReportedAndClaimed answer;
            answer.reported = ledger_.report(self_->number, reported);
            if (!answer.reported.busy.empty()) disturb();
            if (lanes > 0) {
                answer.fed = ledger_.feed();
                answer.claimed =
                    ledger_.claim(self_->number, lanes,
                                  {plant_ == Plant::claims_closed_far_ends, plant_ == Plant::claims_waiting_lanes});
                // The cards of few lanes come with them.
                const bool few = answer.claimed.size() <= 4 && world_.chance(500);
                for (Claimed& one : answer.claimed) {
                    if (plant_ == Plant::overstates_leases) one.lasts *= 2;
                    if (few) one.cards = cards_of(one.lease);
                }
            }
            return answer;
        });
    }

    std::vector<std::vector<Card>> cards(const std::vector<Lease>& leases, int /*bytes*/) override {
        return call([&] {
            std::vector<std::vector<Card>> result;
            // Not all of them fit into one answer.
            const auto fit = static_cast<std::size_t>(1 + world_.up_to(static_cast<std::int64_t>(leases.size())));
            for (const Lease& lease : leases) {
                if (result.size() == fit) break;
                result.push_back(cards_of(lease));
            }
            return result;
        });
    }

    std::vector<Rechecked> recheck(const std::vector<Lease>& leases) override {
        return call([&] {
            std::vector<Rechecked> result;
            for (const Lease& lease : leases) {
                const bool may_send = plant_ == Plant::never_rechecks || ledger_.may_send(self_->number, lease);
                result.push_back({lease.subscription_id, may_send});
            }
            return result;
        });
    }

    std::vector<SealedWebhook> secrets(const std::vector<std::int64_t>& subscription_ids) override {
        return call([&] {
            std::vector<SealedWebhook> result;
            for (const std::int64_t id : subscription_ids) {
                const Subscription& sub = ledger_.subscriptions.at(id);
                if (!sub.removed) result.push_back({id, sub.version, keys_.sealed(id, sub.version)});
            }
            return result;
        });
    }

    void adopt(std::int64_t /*subscription_id*/, int /*secret_version*/, const SealedMessage& /*message*/) override {}
    Backlog backlog() override { return {}; }
    void end_by(Clock::time_point when) noexcept override { end_by_ = when; }
    void close() noexcept override {}

  private:
    std::vector<Card> cards_of(const Lease& lease) {
        std::vector<Card> cards = ledger_.cards_of(self_->number, lease);
        if (plant_ == Plant::reverses_cards) std::ranges::reverse(cards);
        if (plant_ == Plant::loses_expiry)
            for (Card& card : cards) card.expires_in.reset();
        return cards;
    }

    SettingsSnapshot snapshot() const {
        SettingsSnapshot answer;
        answer.worker = self_->number;
        answer.sends = true;
        answer.others = weather_.others;
        answer.post_timeout = kPostTimeout;
        Json::Value rules(Json::arrayValue);
        const auto add = [&](int id, int from, int to, const char* pattern, const char* outcome) {
            Json::Value rule;
            rule["rule_id"] = id;
            rule["name"] = outcome;
            rule["dialect"] = "connector";
            rule["status_from"] = from;
            rule["status_to"] = to;
            if (pattern != nullptr) rule["body_pattern"] = pattern;
            rule["outcome"] = outcome;
            rules.append(rule);
        };
        add(1, 200, 299, "^1$", "delivered");
        add(2, 400, 400, nullptr, "dead");
        add(3, 403, 403, nullptr, "suspend");
        add(4, 429, 429, nullptr, "throttled");
        answer.classifier = Classifier(rules);
        answer.hosts = AllowList(std::vector<AllowedHost>{{"connector", "far.example", true, 443, "*.far.example"},
                                                          {"connector", "other.example", false, 443, "other.example"}});
        return answer;
    }

    void disturb() { self_->disturbed_at = std::max(self_->disturbed_at, world_.now()); }

    // Everybody else goes on for so long, or until the call's time is over: then it is false. The process may be killed
    // or stopped meanwhile.
    bool pass(Clock::duration time, Time last) {
        const Time target = world_.now() + time;
        const auto latest = [&] { return std::min(last, end_by_); };  // stop() may set it while the call runs
        while (world_.now() < target && world_.now() < latest())
            world_.run(std::min({target, latest(), world_.now() + milliseconds(100)}));
        while (!self_->killed && world_.now() < stalled_until) world_.run(stalled_until);
        if (self_->killed) throw Killed{};
        return world_.now() < latest();
    }

    template <class Transaction>
    auto call(const Transaction& transaction) -> decltype(transaction()) {
        constexpr seconds kPatience{30};
        const Time began = world_.now();
        self_->calls_since = began;
        const bool hangs = world_.chance(weather_.call_hangs);
        const auto latency = [&] {
            return hangs ? world_.between(seconds(0), seconds(20)) : milliseconds(world_.up_to(4));
        };
        if (began >= end_by_) fail(Fault::down, true);
        if (began < weather_.database_down_until) fail(Fault::down, false);
        if (!pass(latency(), began + kPatience)) fail(Fault::in_doubt, true);
        const bool fails = world_.chance(weather_.call_fails);
        if (fails && world_.chance(500)) fail(world_.chance(500) ? Fault::retry : Fault::in_doubt, false);
        auto answer = transaction();
        if (!pass(latency(), began + kPatience)) fail(Fault::in_doubt, true);
        if (fails) fail(Fault::in_doubt, false);
        if (world_.now() - began > seconds(1)) disturb();
        self_->calls_since = kNever;
        return answer;
    }
    [[noreturn]] void fail(Fault fault, bool timed_out) {
        disturb();
        self_->calls_since = kNever;
        world_.note("worker {}: a call fails", self_->number);
        throw DatabaseError(fault, "", "the simulation has it fail", timed_out);
    }

    World& world_;
    Ledger& ledger_;
    Weather& weather_;
    Keys& keys_;
    std::shared_ptr<Suspect> self_;
    const Plant plant_;
    Time end_by_ = kNever;
};

class ScriptedTransport : public Transport {
  public:
    // `something_to_do` is called at a time at which run_once() has something to do.
    ScriptedTransport(World& world, Ledger& ledger, const Weather& weather, std::shared_ptr<const Suspect> self,
                      Plant plant, std::function<void(Time)> something_to_do)
        : world_(world),
          ledger_(ledger),
          weather_(weather),
          self_(std::move(self)),
          plant_(plant),
          something_to_do_(std::move(something_to_do)) {}
    ~ScriptedTransport() override {
        for (const auto& request : requests_) close(*request);
    }

    void post(const Secret& url, std::string body, MayStart may_start, Done done, milliseconds timeout) override {
        auto request = std::make_unique<Request>();
        read_url(url.reveal(), *request);
        request->position = std::stoll(body.substr(body.find("card ") + 5));
        request->may_start = std::move(may_start);
        request->done = std::move(done);
        request->timeout = timeout;
        request->gives_up_at = world_.now() + timeout;
        script(*request);
        something_to_do_(request->connected_at);
        requests_.push_back(std::move(request));
    }
    int in_flight() const noexcept override { return static_cast<int>(requests_.size()); }
    void run_once(milliseconds /*longest*/) override {
        // What is done may post: by number, not by iterator.
        for (std::size_t i = 0; i < requests_.size();) {
            Request& request = *requests_[i];
            if (!request.result && world_.now() >= request.connected_at) connect(request);
            if (!request.result && request.sent && world_.now() >= std::min(request.answered_at, request.gives_up_at))
                answer(request);
            if (!request.result) {
                ++i;
                continue;
            }
            close(request);
            const std::unique_ptr<Request> ended = std::move(requests_[i]);
            requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
            ended->done(std::move(*ended->result));
        }
    }
    void wake() noexcept override { something_to_do_(world_.now()); }

  private:
    enum class Script { answers, refuses_connection, our_side, loses_answer };
    struct Request {
        std::int64_t subscription_id = 0;
        int version = 0;
        std::int64_t position = 0;
        MayStart may_start;
        Done done;
        milliseconds timeout{0};
        Script script = Script::answers;
        int status = 200;
        std::string body = "1";
        Time connected_at{};
        Time answered_at{};
        Time gives_up_at{};
        bool sent = false;
        std::optional<std::size_t> seen;  // its number in StoredCard::posts
        std::optional<PostResult> result;
    };

    static void read_url(const std::string& url, Request& request) {
        const std::size_t version = url.rfind('/') + 1;
        const std::size_t id = url.rfind('/', version - 2) + 1;
        request.version = std::stoi(url.substr(version));
        request.subscription_id = std::stoll(url.substr(id));
    }

    void script(Request& request) {
        const bool slow = world_.chance(weather_.post_is_slow);
        request.connected_at =
            world_.now() + (slow ? world_.between(seconds(0), seconds(3)) : milliseconds(world_.up_to(5)));
        request.answered_at =
            request.connected_at + (slow ? world_.between(seconds(0), seconds(5)) : milliseconds(world_.up_to(50)));
        if (world_.now() < weather_.far_end_down_until.at(far_end_of(request.subscription_id))) {
            request.script = world_.chance(500) ? Script::refuses_connection : Script::answers;
            request.status = 503;
            return;
        }
        if (!world_.chance(weather_.post_fails)) return;
        switch (world_.up_to(8)) {
            case 0:
                request.script = Script::refuses_connection;
                break;
            case 1:
                request.script = Script::our_side;
                break;
            case 2:
                request.script = Script::loses_answer;
                break;
            case 3:
                request.body = "what is this?";
                break;
            case 4:
                request.status = 400;
                break;
            case 5:
                request.status = 403;
                break;
            case 6:
                request.status = 429;
                break;
            default:
                request.status = 500;
                break;
        }
    }

    void connect(Request& request) {
        if (request.sent) return;
        if (request.script == Script::refuses_connection || request.script == Script::our_side ||
            world_.now() >= request.gives_up_at) {
            request.result.emplace();
            request.result->transport =
                request.script == Script::our_side ? TransportStatus::our_side : TransportStatus::not_sent;
            request.result->problem = "no connection";
            return;
        }
        if (!request.may_start() && plant_ != Plant::ignores_may_start) {
            request.result.emplace();
            request.result->transport = TransportStatus::withdrawn;
            return;
        }
        request.sent = true;
        if (plant_ != Plant::loses_posts || request.position % 5 != 0)
            request.seen = ledger_.receive(self_, request.subscription_id, request.version, request.position,
                                           request.gives_up_at - world_.now());
        something_to_do_(std::min(request.answered_at, request.gives_up_at));
    }

    void answer(Request& request) {
        request.result.emplace();
        request.result->took = request.timeout;
        if (request.script == Script::loses_answer || request.answered_at > request.gives_up_at) {
            request.result->transport = TransportStatus::in_doubt;
            request.result->problem = "no answer";
            return;
        }
        request.result->transport = TransportStatus::answered;
        request.result->status = request.status;
        request.result->body = request.body;
        if (!request.seen) return;
        StoredCard& card = ledger_.cards.at(request.position);
        const bool delivered = request.status == 200 && request.body == "1";
        card.delivered = card.delivered || delivered;
        card.posts[*request.seen].final = delivered || request.status == 400;
    }

    void close(const Request& request) {
        if (request.seen) ledger_.cards.at(request.position).posts[*request.seen].open = false;
    }

    World& world_;
    Ledger& ledger_;
    const Weather& weather_;
    std::shared_ptr<const Suspect> self_;
    const Plant plant_;
    std::function<void(Time)> something_to_do_;
    std::vector<std::unique_ptr<Request>> requests_;
};

}  // namespace o365::simulation
