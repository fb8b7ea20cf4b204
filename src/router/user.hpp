// SPDX-License-Identifier: Apache-2.0
// User: a local account in memory: its sessions, roster and the modules' state. Lives on the home shard of
// its bare JID, owned by that shard's Host. Loaded from the store when first addressed; stanzas that arrive
// meanwhile wait in order. Unloaded when idle.
#pragma once

#include "base/task.hpp"
#include "router/block_list.hpp"
#include "router/delivery.hpp"
#include "router/entity.hpp"
#include "router/roster.hpp"
#include "router/session.hpp"
#include "router/settlement.hpp"
#include "router/slot.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class Host;

class User : public Entity, public std::enable_shared_from_this<User> {
public:
    enum class State {
        loading, ///< being read from the store
        absent,  ///< no such account, or it is disabled
        ready,
        failed, ///< the store could not be read; the user is dropped when idle and then loaded again
    };

    User(Host& host, Jid bare_jid);
    ~User();

    const Jid& jid() const { return address(); }
    AccountKey key() const;
    Host& host() const { return host_; }
    State state() const { return state_; }

    Roster& roster() { return roster_; }
    const Roster& roster() const { return roster_; }

    /// Addresses that this user has blocked (XEP-0191); set by the blocking module, honoured by everybody.
    BlockList& block_list() { return block_list_; }
    const BlockList& block_list() const { return block_list_; }

    const std::vector<std::shared_ptr<Session>>& sessions() const { return sessions_; }
    Session* session(std::string_view resource) const;
    /// Sends to the sessions that are open now and for which `wanted` is true.
    template <class Wanted> void send_to_sessions(const Stanza& stanza, Wanted wanted) const;
    bool has_available_session() const;
    /// Returns the case of RFC 6121 §8.5.2 and §8.5.3 for a stanza to `to`, an address of this user.
    Addressee addressee(const Jid& to) const;

    /// Runs `task` once the account is loaded (now, if it is); in order with stanzas.
    void when_loaded(Function<void(User&)> task);

    /// Whether `other` (any JID) may see this user's presence: the user itself, or a contact with
    /// subscription from or both.
    bool shows_presence_to(const Jid& other) const;

    // Called by the host.
    void add_session(std::shared_ptr<Session> session);
    void remove_session(Session& session);
    void become(State state);
    void set_roster(RosterData data) { roster_ = Roster(std::move(data)); }
    /// Discards the load in progress, because the account was made, disabled or removed meanwhile: load
    /// again.
    void read_again() { read_again_ = true; }
    bool has_to_be_read_again() { return std::exchange(read_again_, false); }

    SlotTable& slots() { return slots_; }
    const SlotTable& slots() const { return slots_; }

private:
    Host& host_;
    State state_ = State::loading;
    bool read_again_ = false;
    Roster roster_;
    BlockList block_list_;
    std::vector<std::shared_ptr<Session>> sessions_;
    SlotTable slots_;
};

template <class Wanted> void User::send_to_sessions(const Stanza& stanza, Wanted wanted) const
{
    for (const auto& session : sessions_) {
        if (session->is_open() && wanted(*session)) {
            session->send(stanza);
        }
    }
}

} // namespace stonechat
