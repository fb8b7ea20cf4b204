// SPDX-License-Identifier: Apache-2.0
// Audience: the recipients of the same stanzas, grouped by home shard: the occupants of a room. Immutable
// once it is built, so it is shared between shards and by all stanzas under way to it.
#pragma once

#include "xmpp/jid.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace stonechat {

/// A full JID and the home shard of its account.
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

/// Recipients of an audience that do not get a stanza. Keep it short: it is searched linearly.
using Except = std::vector<RecipientPtr>;

} // namespace stonechat
