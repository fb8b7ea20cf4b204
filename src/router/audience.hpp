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
struct Recipient {
    Jid jid;
    std::size_t home = 0;
};
using RecipientPtr = std::shared_ptr<const Recipient>;

class Audience {
public:
    using Recipients = std::vector<RecipientPtr>;

    explicit Audience(std::size_t shards) : by_home_(shards) {}

    void add(RecipientPtr recipient)
    {
        const std::size_t home = recipient->home;
        by_home_[home].push_back(std::move(recipient));
        ++size_;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Recipients& at(std::size_t home) const { return by_home_[home]; }

private:
    std::vector<Recipients> by_home_;
    std::size_t size_ = 0;
};

using AudiencePtr = std::shared_ptr<const Audience>;

/// Of an audience, those who are left out this time: few.
using Except = std::vector<RecipientPtr>;

} // namespace stonechat
