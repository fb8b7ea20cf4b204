// SPDX-License-Identifier: Apache-2.0
// RecentMap: a hash map of bounded size that drops the least recently used entries. Entries are in two
// generations: a used entry moves to the young one. When the young generation holds half of the capacity, it
// becomes the old one and the previous old one is dropped. So the `capacity` / 2 most recently used entries
// are always kept, and no scan is needed to make room. Not thread-safe.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <utility>

namespace stonechat {

template <class Key, class Value> class RecentMap {
public:
    explicit RecentMap(std::size_t capacity) : half_(capacity > 2 ? capacity / 2 : 1) {}

    /// Returns the value of `key`, which counts as used; null if there is none. Valid until the next call.
    Value* find(const Key& key)
    {
        if (const auto found = young_.find(key); found != young_.end()) {
            return &found->second;
        }
        const auto found = old_.find(key);
        if (found == old_.end()) {
            return nullptr;
        }
        Value value = std::move(found->second);
        old_.erase(found);
        return &insert(key, std::move(value));
    }

    /// Returns the value of `key` and makes it if there is none.
    Value& operator[](const Key& key)
    {
        Value* const found = find(key);
        return found != nullptr ? *found : insert(key, Value());
    }

    void erase(const Key& key)
    {
        young_.erase(key);
        old_.erase(key);
    }

    std::size_t size() const { return young_.size() + old_.size(); }

private:
    Value& insert(const Key& key, Value value)
    {
        if (young_.size() >= half_) {
            old_ = std::exchange(young_, {});
        }
        return young_.insert_or_assign(key, std::move(value)).first->second;
    }

    std::size_t half_;
    boost::unordered_flat_map<Key, Value> young_;
    boost::unordered_flat_map<Key, Value> old_;
};

} // namespace stonechat
