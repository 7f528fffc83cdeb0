// A map of bounded size: what was used least recently makes room for what comes. Nothing in it may be needed for
// anything but speed. No locks: one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <utility>

namespace o365 {

template <class Key, class Value>
class LruCache {
  public:
    // `most`: how many values it keeps, at least one.
    explicit LruCache(std::size_t most) : most_(most) {}

    // The value of a key, which is the last one used from now on; null when there is none. Valid until the next call.
    template <class SomeKey>
    Value* find(const SomeKey& key) {
        const auto place = places_.find(key);
        if (place == places_.end()) return nullptr;
        entries_.splice(entries_.end(), entries_, place->second);
        return &place->second->second;
    }

    // Puts a value in place of what the key has, as the last one used.
    void put(const Key& key, Value value) {
        if (Value* const known = find(key)) {
            *known = std::move(value);
            return;
        }
        if (entries_.size() >= most_) forget_first();
        entries_.emplace_back(key, std::move(value));
        places_.emplace(key, std::prev(entries_.end()));
    }

    void erase(const Key& key) {
        const auto place = places_.find(key);
        if (place == places_.end()) return;
        entries_.erase(place->second);
        places_.erase(place);
    }

    // Forgets values from the one used least recently on, as long as `is_old` says yes.
    template <class IsOld>
    void forget_while(const IsOld& is_old) {
        while (!entries_.empty() && is_old(entries_.front().second)) forget_first();
    }

    std::size_t size() const noexcept { return entries_.size(); }

  private:
    using Entries = std::list<std::pair<Key, Value>>;

    void forget_first() {
        places_.erase(entries_.front().first);
        entries_.pop_front();
    }

    std::size_t most_;
    Entries entries_;  // the one used least recently first
    std::map<Key, typename Entries::iterator, std::less<>> places_;
};

}  // namespace o365
