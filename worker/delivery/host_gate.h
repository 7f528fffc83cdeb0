// Shares a worker's transfers among the far ends of its webhooks, so that a far end that answers slowly, or not at all,
// leaves transfers to the others. A far end is an entry of the allow-list and may have many hosts: Microsoft's has one
// for each tenant. Its transfers are shared among its hosts in the same way, and the gate learns which hosts answer:
// those get a transfer when others hang. Items (lanes) wait by host, first in first out; far ends take turns, and so do
// the hosts of each. No locks: one thread.
#pragma once

#include <algorithm>
#include <array>
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

    // An item that waited too long.
    struct Late {
        Item item;
        // How long to hold it back, because its far end or host has used up its share; 0: no transfer was free.
        std::chrono::seconds hold{0};
    };

    // `transfers`: how many items may run at once. `patience`: how long an item waits before it is late.
    HostGate(int transfers, std::chrono::milliseconds patience) : transfers_(transfers), patience_(patience) {}

    // Adds an item to wait. `far_end` is `host` itself when it has no other host.
    void add(const std::string& far_end, const std::string& host, Item item, Clock::time_point now) {
        const auto end = far_ends_.try_emplace(far_end).first;
        if (end->second.waiting == 0) turns_.push_back(end);
        const auto place = place_of(end, host, now);
        if (place->second.waiting.empty()) turns_of(end->second, place).push_back(place);
        place->second.waiting.emplace_back(now, std::move(item));
        ++end->second.waiting;
        if (place->second.known == Known::nothing) ++end->second.unknown;
        ++waiting_;
    }

    // The next item that may begin, which counts as running from now on; nullopt when there is none.
    std::optional<Item> next() {
        const int free = transfers_ - running_;
        if (free <= 0) return std::nullopt;
        for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
            FarEnd& far_end = (*turn)->second;
            // The kinds of hosts (Known) take turns as well, or hosts that answer would leave nothing to new ones.
            for (std::size_t i = 0; i < far_end.turns.size(); ++i) {
                Turns& turns = far_end.turns.at((far_end.turn + i) % far_end.turns.size());
                const auto host_turn = std::ranges::find_if(
                    turns, [&](const auto& place) { return may_begin((*turn)->first, far_end, place, free); });
                if (host_turn == turns.end()) continue;
                far_end.turn = (far_end.turn + i + 1) % far_end.turns.size();
                return begin(turn, turns, host_turn);
            }
        }
        return std::nullopt;
    }

    // Says that an item of `host` has ended.
    void ended(const std::string& far_end, const std::string& host) {
        const auto end = far_ends_.find(far_end);
        const auto place = end->second.hosts.find(host);
        --place->second.running;
        --end->second.running;
        if (place->second.known == Known::hangs) --end->second.hanging;
        --running_;
        forget(end->second, place);
        forget(end);
    }

    // Notes the result of a running item of `host`: whether it was answered, and after how long.
    void learn(const std::string& far_end, const std::string& host, bool answered, std::chrono::milliseconds took,
               Clock::time_point now) {
        remember(far_end, host, !answered ? Known::hangs : took <= kQuick ? Known::answers : Known::nothing, now);
    }

    // Removes and returns the items that have waited longer than `patience`. The longer a far end is slow, the longer
    // its items are held, from 2 to 64 seconds, so that they cost little and still find soon that it has recovered. A
    // few items of each far end may wait ten times as long, so that there is always one to begin.
    std::vector<Late> late(Clock::time_point now) {
        Sweep sweep{now, running_ < transfers_, {}, {}};
        for (auto turn = turns_.begin(); turn != turns_.end();) {
            const auto end = *turn;
            sweep_hosts(end, sweep);
            turn = end->second.waiting == 0 ? turns_.erase(turn) : std::next(turn);
            forget(end);
        }
        for (const auto& [far_end, host] : sweep.waited) remember(far_end, host, Known::waited, now);
        return std::move(sweep.late);
    }

    // Removes and returns all items that wait.
    std::vector<Item> take_all() {
        std::vector<Item> result;
        for (const auto& end : turns_) {
            for (Turns& turns : end->second.turns) {
                for (const auto& place : turns) {
                    for (auto& entry : place->second.waiting) result.push_back(std::move(entry.second));
                    place->second.waiting.clear();
                    forget(end->second, place);
                }
                turns.clear();
            }
            end->second.waiting = 0;
            end->second.unknown = 0;
            forget(end);
        }
        turns_.clear();
        waiting_ = 0;
        return result;
    }

    int waiting() const noexcept { return waiting_; }
    int running() const noexcept { return running_; }

  private:
    // A far end may take another transfer while it has fewer than kShare times the free ones: a single one gets four
    // fifths of all, and the next one finds some free. The same rule shares a far end's transfers among its hosts.
    static constexpr int kShare = 4;
    // The factor for hosts that answer: when the others have used up four fifths, a tenth of all is left for these.
    static constexpr int kShareThatAnswers = 9;
    static constexpr std::chrono::seconds kFirstHold{2};
    static constexpr std::chrono::seconds kLongestHold{32};
    // How long, and for how many hosts at most, the gate remembers what it learned.
    static constexpr std::chrono::minutes kRemembers{10};
    static constexpr std::size_t kMostKnown = 65536;
    static constexpr std::chrono::seconds kQuick{2};

    // What the last item of a host showed. hangs: no connection, or no answer in time. waited: it got no transfer, so
    // the host may hang.
    enum class Known { nothing, answers, waited, hangs };
    static constexpr std::size_t kKnown = 4;

    struct Host {
        int running = 0;
        std::deque<std::pair<Clock::time_point, Item>> waiting;  // since when
        Known known = Known::nothing;
    };
    using Hosts = std::map<std::string, Host>;
    using Turns = std::list<typename Hosts::iterator>;
    struct FarEnd {
        int running = 0;
        int hanging = 0;  // how many of `running` are on hosts that hang
        int waiting = 0;
        int unknown = 0;                  // how many of `waiting` are on hosts with Known::nothing
        Hosts hosts;                      // those with items running or waiting
        std::array<Turns, kKnown> turns;  // the hosts with items waiting, by Known
        std::size_t turn = 0;             // the index in `turns` to begin with
        std::chrono::seconds hold{0};
        Clock::time_point held_until{};
        int held = 0;
    };
    using FarEnds = std::map<std::string, FarEnd>;

    // One call of late().
    struct Sweep {
        Clock::time_point now;
        bool crowded;  // transfers are free, but not for the items that wait
        std::vector<Late> late;
        std::vector<std::pair<std::string, std::string>> waited;  // far end and host
    };

    // Removes the late items of one far end. A few items may wait longer, see late().
    void sweep_hosts(typename FarEnds::iterator end, Sweep& sweep) {
        FarEnd& far_end = end->second;
        std::size_t few = static_cast<std::size_t>(transfers_ / 8);
        for (Turns& turns : far_end.turns) {
            // Of hosts that hang only a small share of the items may wait: more would keep other lanes from being
            // claimed.
            const bool hangs = &turns == &far_end.turns[static_cast<std::size_t>(Known::hangs)];
            if (hangs) few = static_cast<std::size_t>(hanging_share());
            const bool held = sweep.crowded || hangs;
            for (auto host_turn = turns.begin(); host_turn != turns.end();) {
                const auto place = *host_turn;
                const auto& waiting = place->second.waiting;
                if (sweep.crowded && place->second.known == Known::nothing &&
                    sweep.now - waiting.front().first >= patience_)
                    sweep.waited.emplace_back(end->first, place->first);
                take_late(far_end, place->second, 0, sweep.crowded ? patience_ * 10 : patience_, held, sweep);
                take_late(far_end, place->second, few, hangs ? std::chrono::milliseconds(0) : patience_, held, sweep);
                few -= std::min(few, waiting.size());
                host_turn = waiting.empty() ? turns.erase(host_turn) : std::next(host_turn);
                forget(far_end, place);
            }
        }
    }

    // Removes the items of a host that have waited for `patience`, except its first `from`. held: they get a hold.
    void take_late(FarEnd& far_end, Host& host, std::size_t from, std::chrono::milliseconds patience, bool held,
                   Sweep& sweep) {
        auto& waiting = host.waiting;
        auto last = waiting.begin() + static_cast<std::ptrdiff_t>(std::min(from, waiting.size()));
        const auto first = last;
        for (; last != waiting.end() && sweep.now - last->first >= patience; ++last) {
            sweep.late.push_back(
                {std::move(last->second), held ? hold_of(far_end, sweep.now) : std::chrono::seconds(0)});
            --far_end.waiting;
            if (host.known == Known::nothing) --far_end.unknown;
            --waiting_;
        }
        waiting.erase(first, last);
    }

    static Turns& turns_of(FarEnd& far_end, typename Hosts::iterator place) {
        return far_end.turns[static_cast<std::size_t>(place->second.known)];
    }

    typename Hosts::iterator place_of(typename FarEnds::iterator end, const std::string& host, Clock::time_point now) {
        const auto [place, is_new] = end->second.hosts.try_emplace(host);
        if (is_new) {
            const auto known = memory_.find(host);
            if (known != memory_.end() && now - known->second.second < kRemembers)
                place->second.known = known->second.first;
        }
        return place;
    }

    void remember(const std::string& far_end, const std::string& host, Known known, Clock::time_point now) {
        if (host == far_end) return;
        if (memory_.size() >= kMostKnown && !memory_.contains(host))
            std::erase_if(memory_, [&](const auto& one) { return now - one.second.second >= kRemembers; });
        if (memory_.size() < kMostKnown || memory_.contains(host)) memory_[host] = {known, now};
        const auto end = far_ends_.find(far_end);
        if (end == far_ends_.end()) return;
        if (const auto place = end->second.hosts.find(host); place != end->second.hosts.end())
            is_known(end->second, place, known);
    }

    void is_known(FarEnd& far_end, typename Hosts::iterator place, Known known) {
        Host& host = place->second;
        if (host.known == known) return;
        if (host.known == Known::hangs) far_end.hanging -= host.running;
        if (known == Known::hangs) far_end.hanging += host.running;
        const int waiting = static_cast<int>(host.waiting.size());
        if (host.known == Known::nothing) far_end.unknown -= waiting;
        if (known == Known::nothing) far_end.unknown += waiting;
        Turns& before = turns_of(far_end, place);
        host.known = known;
        if (host.waiting.empty()) return;
        Turns& after = turns_of(far_end, place);
        after.splice(after.end(), before, std::ranges::find(before, place));
    }

    int hanging_share() const noexcept { return std::max(transfers_ / 8, 1); }
    int few_transfers() const noexcept { return transfers_ / 32; }

    bool may_begin(const std::string& name, const FarEnd& far_end, typename Hosts::iterator place, int free) const {
        const Host& host = place->second;
        if (host.known == Known::hangs && far_end.hanging >= hanging_share()) return false;
        // New hosts count as hosts that answer as long as they are few: if they are many, many of them may hang.
        const bool is_new = host.known == Known::nothing && far_end.unknown <= few_transfers() && place->first != name;
        const int share = host.known == Known::answers || is_new ? kShareThatAnswers : kShare;
        if (far_end.running > 0 && far_end.running >= share * free) return false;
        // The host's share of what its far end may still take; all of it when the host is its whole far end.
        return place->first == name || has_share(host.running, share * free - far_end.running);
    }

    Item begin(typename std::list<typename FarEnds::iterator>::iterator turn, Turns& turns,
               typename Turns::iterator host_turn) {
        FarEnd& far_end = (*turn)->second;
        Host& host = (*host_turn)->second;
        Item item = std::move(host.waiting.front().second);
        host.waiting.pop_front();
        --far_end.waiting;
        if (host.known == Known::nothing) --far_end.unknown;
        --waiting_;
        ++host.running;
        ++far_end.running;
        if (host.known == Known::hangs) ++far_end.hanging;
        ++running_;
        take_turn(turns, host_turn, host.waiting.empty());
        if (far_end.waiting == 0) far_end.hold = std::chrono::seconds(0);  // nothing waits: the far end keeps up again
        take_turn(turns_, turn, far_end.waiting == 0);
        return item;
    }

    static bool has_share(int running, int free) noexcept { return running == 0 || running < kShare * free; }

    // Moves the one whose turn it was to the end, or removes it when nothing of it waits.
    template <class List>
    static void take_turn(List& turns, typename List::iterator turn, bool was_last) {
        if (was_last) {
            turns.erase(turn);
        } else {
            turns.splice(turns.end(), turns, turn);
        }
    }

    // The hold of an item: twice as long in each round, with the items of a round spread over as long again.
    std::chrono::seconds hold_of(FarEnd& far_end, Clock::time_point now) {
        if (now >= far_end.held_until || far_end.hold == std::chrono::seconds(0)) {
            far_end.hold = std::clamp(far_end.hold * 2, kFirstHold, kLongestHold);
            far_end.held_until = now + far_end.hold;
        }
        return far_end.hold + std::chrono::seconds(far_end.held++ % far_end.hold.count());
    }

    static void forget(FarEnd& far_end, typename Hosts::iterator place) {
        if (place->second.running == 0 && place->second.waiting.empty()) far_end.hosts.erase(place);
    }
    void forget(typename FarEnds::iterator end) {
        if (end->second.running == 0 && end->second.waiting == 0) far_ends_.erase(end);
    }

    int transfers_;
    std::chrono::milliseconds patience_;
    int running_ = 0;
    int waiting_ = 0;
    std::map<std::string, std::pair<Known, Clock::time_point>> memory_;  // of hosts, since when
    FarEnds far_ends_;                                                   // with something under way or waiting
    std::list<typename FarEnds::iterator> turns_;                        // of those that have something waiting
};

}  // namespace o365
