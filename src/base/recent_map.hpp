// SPDX-License-Identifier: Apache-2.0
// RecentMap: a hash map of bounded size that forgets what was not used for longest. Entries live in two
// generations: what is used moves to the young one; when that is half of the whole, it becomes the old one,
// and what was left there is gone. So at least half of `capacity` entries are always those used last, and
// nothing is ever walked through to make room. Not thread-safe.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <utility>

namespace stonechat {

template <class Key, class Value> class RecentMap {
public:
    explicit RecentMap(std::size_t capacity) : half_(capacity > 2 ? capacity / 2 : 1) {}

    /// The value of `key`, which counts as used; null if there is none. Valid until the next call.
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

    /// The same; makes it if there is none.
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
