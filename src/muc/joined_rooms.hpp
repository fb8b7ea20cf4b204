// SPDX-License-Identifier: Apache-2.0
// JoinedRooms: records which rooms each session of a host is in, on the home shard of the session. The record
// is saved with a resumable session (XEP-0198). When the session is resumed after a restart of the server, it
// is put back into its rooms and gets the messages that it has missed. Part of the module `muc`; shard-bound.
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
        std::map<std::string, std::string> nicks; ///< key: bare address of the room
        WallTime kept; ///< in the saved snapshot: the client has received everything up to here
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
