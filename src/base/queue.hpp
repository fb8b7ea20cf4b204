// SPDX-License-Identifier: Apache-2.0
// Queue<T>: a FIFO queue with access by index, in one block of memory that grows. A queue that was never used
// has no memory, and an empty one little. A std::deque allocates six hundred bytes with its first element,
// which is too much for something that every session has. Taking from the front is amortised constant. A
// value; pure.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace stonechat {

template <class T> class Queue {
public:
    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size() - first_; }

    T& front() { return items_[first_]; }
    const T& front() const { return items_[first_]; }
    T& operator[](std::size_t place) { return items_[first_ + place]; }
    const T& operator[](std::size_t place) const { return items_[first_ + place]; }

    void push_back(T item) { items_.push_back(std::move(item)); }

    void pop_front()
    {
        items_[first_] = T(); // destroy the item now
        ++first_;
        if (first_ == items_.size()) {
            first_ = 0;
            items_.clear();
            if (items_.capacity() * sizeof(T) > kept_bytes) {
                items_.shrink_to_fit();
            }
        } else if (first_ > items_.size() / 2 && first_ >= moved_at_once) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
    }

    auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
    auto end() const { return items_.end(); }

private:
    static constexpr std::size_t kept_bytes = 256; ///< of memory, kept while the queue is empty
    static constexpr std::size_t moved_at_once = 16;

    std::vector<T> items_; ///< items before `first_` have been taken
    std::size_t first_ = 0;
};

} // namespace stonechat
