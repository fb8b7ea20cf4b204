// SPDX-License-Identifier: Apache-2.0
#include "muc/room_ping.hpp"

#include "muc/room_handlers.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

Task<RoomAnswer> answer_ping(std::shared_ptr<Room>, Iq)
{
    co_return RoomAnswer(std::nullopt);
}

} // namespace

void attach_room_ping(RoomHandlers& on)
{
    on.feature(ns::muc_self_ping);
    on.iq_get(ns::ping, "ping", answer_ping);
}

} // namespace stonechat
