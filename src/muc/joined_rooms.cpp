// SPDX-License-Identifier: Apache-2.0
#include "muc/joined_rooms.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_presence.hpp"
#include "muc/room_restoration.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

using namespace std::chrono_literals;

/// Maximum age of the saved time up to which a client has everything. A resumed session gets at most this
/// span of messages twice.
constexpr std::chrono::milliseconds refresh_interval = 30s;
constexpr std::size_t most_rooms = 1000; ///< per session

bool has_code(const Element& x, int code)
{
    for (const Element* status : x.children("status", ns::muc_user)) {
        if (status->attribute_or("code") == std::to_string(code)) {
            return true;
        }
    }
    return false;
}

/// Finds the service of `room` on the home shard and lets the room take the session back.
void restore_in(Router& home, const Jid& room, const Jid& device, const std::string& nick, WallTime confirmed)
{
    auto* service = dynamic_cast<MucService*>(home.service(room.domain()));
    if (service == nullptr) {
        return; // the module is turned off now
    }
    service->room(room)->when_loaded([device, nick, confirmed](Room& loaded) {
        restore_occupant(loaded, device, nick, confirmed);
    });
}

} // namespace

JoinedRooms::JoinedRooms() : timer_([](void* self) { static_cast<JoinedRooms*>(self)->refresh(); }, this) {}

void JoinedRooms::attach(Handlers& on, const Jid& service)
{
    host_ = &on.host();
    service_ = service;
    rooms_ = on.session_slot<Rooms>();
    on.presence(Flow::to_user, Stage::stamp, [this](Presence p, const Context& c) { return look(p, c); });
    on.session_kept(
        ns::rooms_kept, [this](const Session& session) { return save(session); },
        [this](Session& session, const Element& kept) { restore(session, kept); });
    on.session_resumed([this](const Context& c) { come_back(c); });
    on.session_ended([this](const Context& c) { leave_all(*c.session); });
    host_->shard().post([this] { timer_.start(host_->shard().timers(), refresh_interval); });
}

/// Records a room when its presence with code 110 tells the session that it has entered or left.
Verdict JoinedRooms::look(const Presence& presence, const Context& context)
{
    const Element* x = std::as_const(presence.stanza()).element().child("x", ns::muc_user);
    Session* session = context.user->session(presence.to().resource());
    if (x == nullptr || session == nullptr || presence.from().domain() != service_.text()
        || !has_code(*x, muc_status::self)) {
        return Verdict::pass();
    }
    auto& nicks = rooms_.of(*session).nicks;
    std::string room(presence.from().bare_text());
    if (presence.type() == PresenceType::available && nicks.size() < most_rooms) {
        std::string& nick = nicks[std::move(room)];
        if (nick != presence.from().resource()) {
            nick = presence.from().resource();
            session->snapshot_changed();
        }
    } else if (presence.type() == PresenceType::unavailable && !has_code(*x, muc_status::new_nick)) {
        if (nicks.erase(room) > 0) {
            session->snapshot_changed();
        }
    }
    return Verdict::pass();
}

std::optional<Element> JoinedRooms::save(const Session& session) const
{
    const Rooms* rooms = rooms_.find(session);
    if (rooms == nullptr || rooms->nicks.empty()) {
        return std::nullopt;
    }
    Element kept("rooms", ns::rooms_kept);
    kept.set_attribute("confirmed", to_datetime(std::max(session.confirmed_until(), rooms->kept), true));
    for (const auto& [room, nick] : rooms->nicks) {
        kept.add("room").set_attribute("jid", room).set_attribute("nick", nick);
    }
    return kept;
}

void JoinedRooms::restore(Session& session, const Element& kept)
{
    Rooms& rooms = rooms_.of(session);
    rooms.kept = parse_datetime(kept.attribute_or("confirmed")).value_or(WallTime());
    rooms.restored = true;
    for (const Element* room : kept.children("room", ns::rooms_kept)) {
        rooms.nicks[std::string(room->attribute_or("jid"))] = std::string(room->attribute_or("nick"));
    }
}

void JoinedRooms::come_back(const Context& context)
{
    Rooms* rooms = rooms_.find(*context.session);
    if (rooms == nullptr || !std::exchange(rooms->restored, false)) {
        return; // the server was not restarted: the session is still in its rooms
    }
    for (const auto& [address, nick] : rooms->nicks) {
        const auto room = Jid::parse(address);
        if (room && room->has_local()) {
            host_->router().server().at_home(*room,
                [room = *room, device = context.session->jid(), nick = nick,
                    confirmed = rooms->kept](Router& home) {
                    restore_in(home, room, device, nick, confirmed);
                });
        }
    }
}

/// A session that entered before a restart has no directed presence that would make it leave (RFC 6121
/// §4.6.3). A room that the session has already left ignores this presence.
void JoinedRooms::leave_all(const Session& session) const
{
    Rooms* rooms = rooms_.find(session);
    if (rooms == nullptr) {
        return;
    }
    // Each room answers at once, and look() removes it from the list.
    const auto nicks = std::exchange(rooms->nicks, {});
    for (const auto& [address, nick] : nicks) {
        if (const auto room = Jid::parse(address)) {
            host_->router().route(Stanza::presence(session.jid(), *room, PresenceType::unavailable));
        }
    }
}

/// Saves from time to time up to where clients have received everything.
void JoinedRooms::refresh()
{
    for (const auto& [name, user] : host_->users()) {
        for (const auto& session : user->sessions()) {
            Rooms* rooms = rooms_.find(*session);
            if (rooms == nullptr || rooms->nicks.empty()) {
                continue;
            }
            const WallTime confirmed = session->confirmed_until();
            if (confirmed - rooms->kept >= refresh_interval) {
                rooms->kept = confirmed;
                session->snapshot_changed();
            }
        }
    }
    timer_.start(host_->shard().timers(), refresh_interval);
}

} // namespace stonechat
