// SPDX-License-Identifier: Apache-2.0
// JoinedRooms: which rooms a host's sessions are in, as their homes know it. A session that can be
// resumed keeps them (XEP-0198): when it comes back after a restart, it goes on being where it was, and gets
// what it has missed. Part of the module `muc`; shard-bound.
#pragma once

#include "net/timer_wheel.hpp"
#include "router/handlers.hpp"
#include "xmpp/jid.hpp"

#include <map>
#include <memory>
#include <string>

namespace stonechat {

class JoinedRooms {
public:
    JoinedRooms();

    void attach(Handlers& on, const Jid& service);

private:
    struct Rooms {
        std::map<std::string, std::string> nicks; ///< by room (bare address)
        WallTime kept; ///< what was written down says that the client had all until then
        bool restored = false;
    };

    Verdict look(const Presence& presence, const Context& context);
    std::optional<Element> save(const Session& session) const;
    void restore(Session& session, const Element& kept);
    void come_back(const Context& context);
    void leave_all(const Session& session) const;
    void refresh();

    Host* host_ = nullptr;
    Jid service_;
    SessionSlot<Rooms> rooms_;
    Timer timer_;
};

} // namespace stonechat
