// SPDX-License-Identifier: Apache-2.0
// Dispatches requests to a room and to its occupants to their handlers. A handler returns its answer and the
// announcement to the other occupants, which is sent after the asker has the answer (XEP-0045 section 8.2).
#pragma once

#include "base/function.hpp"
#include "base/task.hpp"
#include "router/handlers.hpp"
#include "router/settlement.hpp"
#include "xmpp/stanza.hpp"

#include <memory>

namespace stonechat {

class Room;

struct RoomAnswer {
    RoomAnswer(IqAnswer its_answer) : answer(std::move(its_answer)) {}
    RoomAnswer(StanzaError error) : answer(std::move(error)) {}
    RoomAnswer(IqAnswer its_answer, Function<void()> its_rest)
        : answer(std::move(its_answer)), afterwards(std::move(its_rest))
    {}

    IqAnswer answer;
    Function<void()> afterwards; ///< the announcement; may be empty
};

/// Answers a request. The room and the request outlive the task.
using RoomHandler = Task<RoomAnswer> (*)(std::shared_ptr<Room> room, Iq iq);

void receive_request(Room& room, Stanza stanza, Settlement settlement);

} // namespace stonechat
