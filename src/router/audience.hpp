// SPDX-License-Identifier: Apache-2.0
// Audience: those who get the same stanzas, by home: the occupants of a room. Made once and then
// unchanging, so that it is shared between shards and by all that is on its way to it.
#pragma once

#include "xmpp/jid.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace stonechat {

/// A full address and the shard where its account has its home.
struct Listener {
    Jid jid;
    std::size_t home = 0;
};
using ListenerPtr = std::shared_ptr<const Listener>;

class Audience {
public:
    using Listeners = std::vector<ListenerPtr>;

    explicit Audience(std::size_t shards) : by_home_(shards) {}

    void add(ListenerPtr listener)
    {
        const std::size_t home = listener->home;
        by_home_[home].push_back(std::move(listener));
        ++size_;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Listeners& at(std::size_t home) const { return by_home_[home]; }

private:
    std::vector<Listeners> by_home_;
    std::size_t size_ = 0;
};

using AudiencePtr = std::shared_ptr<const Audience>;

} // namespace stonechat
