// SPDX-License-Identifier: Apache-2.0
// Roster: a user's contacts in memory, as loaded from the store (RFC 6121 section 2), and the subscription
// states (section 3). Part of its User; shard-bound. A change is made on a copy of the record, stored, and
// put here after the commit: nobody sees a change that a crash could undo, and a failed write needs no
// rollback. Code that changes the roster locks change_mutex() first, so that each change starts from the
// result of the one before.
#pragma once

#include "router/async_mutex.hpp"
#include "storage/storage.hpp"
#include "xmpp/element.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// The contact sees this user's presence: subscription from or both.
constexpr bool sees_us(SubscriptionState state)
{
    return state == SubscriptionState::from || state == SubscriptionState::both;
}

/// This user sees the contact's presence: subscription to or both.
constexpr bool is_seen_by_us(SubscriptionState state)
{
    return state == SubscriptionState::to || state == SubscriptionState::both;
}

class Roster {
public:
    Roster() = default;
    explicit Roster(RosterData data);

    /// Returns the record of a bare JID (text form), or null.
    const RosterRecord* find(std::string_view contact) const;
    /// Returns the record, or a new one with state none, which is not in the roster yet.
    RosterRecord find_or_new(const Jid& contact) const;
    void put(RosterRecord record);
    void remove(std::string_view contact);

    bool is_subscriber(std::string_view contact) const;
    bool is_subscribed_to(std::string_view contact) const;

    const std::vector<RosterRecord>& records() const { return records_; }
    std::uint64_t version() const { return version_; }
    std::uint64_t next_version() { return ++version_; }
    std::size_t size() const { return records_.size(); }

    /// To be locked by code that changes a record: it has to wait for the store on the way.
    AsyncMutex& change_mutex() { return change_mutex_; }
    /// Whether too many changes of this roster wait already: refuse further ones.
    bool is_crowded() const { return change_mutex_.waiting() >= waiting_at_most; }

    /// Returns `<item/>` as clients see it (RFC 6121 §2.1.2).
    static Element to_item(const RosterRecord& record);

private:
    static constexpr std::size_t waiting_at_most = 4096;

    std::vector<RosterRecord> records_; ///< sorted by contact
    std::uint64_t version_ = 0;
    AsyncMutex change_mutex_;
};

} // namespace stonechat
