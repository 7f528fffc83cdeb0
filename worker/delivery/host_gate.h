// Shares a worker's transfers among the hosts of its webhooks, so that a host that answers slowly, or not at all,
// leaves the others theirs. Items (lanes) wait by host, first in first out, and hosts take turns. No locks: one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/boot_clock.h"

namespace o365 {

template <class Item>
class HostGate {
  public:
    using Clock = BootClock;

    // An item that waited in vain.
    struct Late {
        Item item;
        // How long to leave it alone, because its host has used up its share; 0: there was no transfer free at all.
        std::chrono::seconds hold{0};
    };

    // `transfers`: how many items may be under way together. `patience`: how long an item waits before it is late.
    HostGate(int transfers, std::chrono::milliseconds patience) : transfers_(transfers), patience_(patience) {}

    void add(const std::string& host, Item item, Clock::time_point now) {
        const auto place = hosts_.try_emplace(host).first;
        if (place->second.waiting.empty()) turns_.push_back(place);
        place->second.waiting.emplace_back(now, std::move(item));
        ++waiting_;
    }

    // The next item that may begin, which counts as under way from now on; nullopt when there is none.
    std::optional<Item> next() {
        if (running_ >= transfers_) return std::nullopt;
        for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
            Host& host = (*turn)->second;
            if (!has_share(host)) continue;
            Item item = std::move(host.waiting.front().second);
            host.waiting.pop_front();
            --waiting_;
            ++host.running;
            ++running_;
            if (host.waiting.empty()) {
                host.hold = std::chrono::seconds(0);  // nobody waits: it keeps up again
                turns_.erase(turn);
            } else {
                turns_.splice(turns_.end(), turns_, turn);
            }
            return item;
        }
        return std::nullopt;
    }

    // An item of `host` is not under way any more.
    void ended(const std::string& host) {
        const auto place = hosts_.find(host);
        --place->second.running;
        --running_;
        forget(place);
    }

    // Takes out what has waited for longer than the patience. The longer a host keeps its items waiting, the longer
    // they are held, from 2 to 64 seconds: so they cost little, and find a host that has recovered before long. A few
    // items may wait ten times as long for their host's share, so that there is always one to begin.
    std::vector<Late> late(Clock::time_point now) {
        std::vector<Late> result;
        for (auto turn = turns_.begin(); turn != turns_.end();) {
            const auto place = *turn;
            Host& host = place->second;
            const bool crowded = running_ < transfers_;
            const auto take = [&](std::size_t from, std::chrono::milliseconds patience) {
                auto end = host.waiting.begin() + static_cast<std::ptrdiff_t>(std::min(from, host.waiting.size()));
                const auto begin = end;
                for (; end != host.waiting.end() && now - end->first >= patience; ++end) {
                    result.push_back({std::move(end->second), crowded ? hold_of(host, now) : std::chrono::seconds(0)});
                    --waiting_;
                }
                host.waiting.erase(begin, end);
            };
            take(0, crowded ? patience_ * 10 : patience_);
            take(static_cast<std::size_t>(transfers_ / 8), patience_);
            turn = host.waiting.empty() ? turns_.erase(turn) : std::next(turn);
            forget(place);
        }
        return result;
    }

    // Takes out all that wait.
    std::vector<Item> take_all() {
        std::vector<Item> result;
        for (const auto& place : turns_) {
            for (auto& entry : place->second.waiting) result.push_back(std::move(entry.second));
            place->second.waiting.clear();
            forget(place);
        }
        turns_.clear();
        waiting_ = 0;
        return result;
    }

    int waiting() const noexcept { return waiting_; }
    int running() const noexcept { return running_; }

  private:
    // A host may take another transfer while it has fewer than kShare times those that are free: one host alone gets
    // four fifths of all, and whoever comes next finds some.
    static constexpr int kShare = 4;
    static constexpr std::chrono::seconds kFirstHold{2};
    static constexpr std::chrono::seconds kLongestHold{32};

    struct Host {
        int running = 0;
        std::deque<std::pair<Clock::time_point, Item>> waiting;  // since when
        std::chrono::seconds hold{0};
        Clock::time_point held_until{};
        int held = 0;
    };
    using Hosts = std::map<std::string, Host>;

    bool has_share(const Host& host) const noexcept {
        return host.running == 0 || host.running < kShare * (transfers_ - running_);
    }

    // Twice as long in each round; within one, items are spread over as long again.
    std::chrono::seconds hold_of(Host& host, Clock::time_point now) {
        if (now >= host.held_until) {
            host.hold = std::clamp(host.hold * 2, kFirstHold, kLongestHold);
            host.held_until = now + host.hold;
        }
        return host.hold + std::chrono::seconds(host.held++ % host.hold.count());
    }

    void forget(typename Hosts::iterator place) {
        if (place->second.running == 0 && place->second.waiting.empty()) hosts_.erase(place);
    }

    int transfers_;
    std::chrono::milliseconds patience_;
    int running_ = 0;
    int waiting_ = 0;
    Hosts hosts_;                                // with something under way or waiting
    std::list<typename Hosts::iterator> turns_;  // of those hosts that have something waiting
};

}  // namespace o365
