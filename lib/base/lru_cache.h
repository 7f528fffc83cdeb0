// A map of bounded size, which drops the entry used least recently when it is full. For values that can be made again:
// an entry may go at any put(). No locks: one thread.
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

    // The value of a key, which becomes the one used last; nullptr when there is none. Valid until the next call that
    // changes the cache.
    template <class SomeKey>
    Value* find(const SomeKey& key) {
        const auto place = places_.find(key);
        if (place == places_.end()) return nullptr;
        entries_.splice(entries_.end(), entries_, place->second);
        return &place->second->second;
    }

    // Sets the value of a key, which becomes the one used last.
    void put(const Key& key, Value value) {
        if (Value* const known = find(key)) {
            *known = std::move(value);
            return;
        }
        if (entries_.size() >= most_) forget_first();
        entries_.emplace_back(key, std::move(value));
        places_.emplace(key, std::prev(entries_.end()));
    }

    // Does nothing when there is no such key.
    void erase(const Key& key) {
        const auto place = places_.find(key);
        if (place == places_.end()) return;
        entries_.erase(place->second);
        places_.erase(place);
    }

    // Drops values, the one used least recently first, as long as `is_old(value)` is true.
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
