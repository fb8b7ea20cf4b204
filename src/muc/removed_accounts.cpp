// SPDX-License-Identifier: Apache-2.0
#include "muc/removed_accounts.hpp"

#include "base/log.hpp"
#include "muc/at_room.hpp"
#include "muc/room_affiliations.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_visit.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <set>
#include <string>
#include <vector>

namespace stonechat {
namespace {

using RoomNames = std::set<std::string>;

/// Returns whether the room knows the account. Includes what is only in memory: occupants, invitations,
/// authors who get ticks, and owners of rooms that are not configured yet.
bool knows(Room& room, const Jid& account)
{
    return room.members().find(account) != nullptr || room.progress().find(account) != nullptr
        || room.hats().has_hats(account) || !room.occupants().of_user(account).empty()
        || room.service().room_handlers().knows(room, account);
}

RoomNames loaded_that_know(Router& router, const Jid& domain, const Jid& account)
{
    RoomNames names;
    for (const auto& [name, room] : service_at(router, domain)->loaded_rooms()) {
        if (room->exists() && knows(*room, account)) {
            names.insert(name);
        }
    }
    return names;
}

/// Removes what the room knows about the account in memory only.
void forget_in_memory(Room& room, const Jid& account)
{
    room.service().room_handlers().forget(room, account);
    room.kept_occupants().presence_changed();
}

/// Returns the new owners when `leaver` is removed: the admins, if `leaver` is the last owner.
std::vector<RoomMember> heirs_of(const Room& room, const Jid& leaver)
{
    std::vector<RoomMember> heirs;
    const auto owners = room.members().with(Affiliation::owner);
    if (owners.size() != 1 || !owners.front()->jid.same_bare(leaver)) {
        return heirs;
    }
    for (const RoomMember* admin : room.members().with(Affiliation::admin)) {
        heirs.push_back(*admin);
        heirs.back().affiliation = Affiliation::owner;
    }
    return heirs;
}

/// Whether nobody can enter the room after `leaver`, its last owner, is removed: the room is members-only
/// without other admins and members, or not configured yet.
bool is_lost_without(const Room& room, const Jid& leaver)
{
    const auto owners = room.members().with(Affiliation::owner);
    if (owners.size() != 1 || !owners.front()->jid.same_bare(leaver)) {
        return false;
    }
    const bool has_others = !room.members().with(Affiliation::admin).empty()
        || !room.members().with(Affiliation::member).empty();
    return room.state() == Room::State::locked || (room.config().members_only && !has_others);
}

/// Returns the room's entry for `account` after the removal: a ban, or nobody.
RoomMember remainder_of(const Room& room, const Jid& account)
{
    RoomMember member = room.members().copy_of(account);
    member.nick.clear();
    member.choices.clear();
    if (member.affiliation != Affiliation::outcast) {
        member.affiliation = Affiliation::none;
    }
    return member;
}

Task<bool> store_changes(std::shared_ptr<Room> room, std::vector<RoomMember> changes, Jid account)
{
    if (room->state() == Room::State::open) {
        RoomStore::Change change;
        change.members = changes;
        change.forgotten.push_back(account);
        auto storing = room->host().storage().rooms().change(room->key(), std::move(change));
        const auto stored = co_await storing;
        if (!stored) {
            co_return false;
        }
    }
    for (const RoomMember& member : changes) {
        room->members().apply(member);
    }
    room->progress().forget(account);
    co_return true;
}

Task<bool> take_hats(std::shared_ptr<Room> room, Jid account)
{
    if (!room->hats().has_hats(account)) {
        co_return true;
    }
    auto storing = store_hats(room, RoomHats::take_all(account));
    const auto stored = co_await storing;
    co_return stored.has_value();
}

void make_leave(Room& room, const Jid& account)
{
    const auto held = room.shared_from_this();
    for (Occupant* occupant : room.occupants().of_user(account)) {
        auto tell_others = remove_occupant(room, *occupant, Notice {});
        tell_others();
    }
}

Task<bool> forget_in_room(std::shared_ptr<Room> room, Jid account)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (!room->exists()) {
        co_return room->state() != Room::State::failed;
    }
    forget_in_memory(*room, account);
    if (is_lost_without(*room, account)) {
        Element wish("destroy", ns::muc_owner);
        auto destroying = destroy_room(room, std::move(wish));
        const auto destroyed = co_await destroying;
        co_return destroyed.has_value();
    }
    auto taking_hats = take_hats(room, account);
    const bool hats_taken = co_await taking_hats;
    const std::vector<RoomMember> heirs = heirs_of(*room, account);
    std::vector<RoomMember> changes = heirs;
    changes.push_back(remainder_of(*room, account));
    auto storing = store_changes(room, std::move(changes), account);
    const bool stored = co_await storing;
    if (!stored || !hats_taken) {
        co_return false;
    }
    for (const RoomMember& heir : heirs) {
        auto tell_others = apply_affiliation(*room, heir.jid, Affiliation::admin, {}, {});
        tell_others();
    }
    if (room->exists() && room->members().with(Affiliation::owner).empty()) {
        room->host().log().warning("room without owner",
            { { "room", room->address().text() }, { "remedy", "stonechatctl room affiliate" } });
    }
    make_leave(*room, account);
    co_return true;
}

} // namespace

Task<bool> forget_account_in_rooms(MucService& service, Jid account)
{
    RoomStore& store = service.host().storage().rooms();
    auto asking = store.knowing(service.domain().text(), account, std::string(RoomHats::store),
        RoomHats::name_of_wearer(account));
    const auto stored = co_await asking;
    if (!stored) {
        co_return false;
    }
    RoomNames names(stored->begin(), stored->end());
    std::function<RoomNames(Router&)> look = [domain = service.domain(), account](Router& router) {
        return loaded_that_know(router, domain, account);
    };
    Server& server = service.host().router().server();
    auto looking = server.gather<RoomNames>(service.host().shard(), std::move(look));
    const auto shards = co_await looking;
    for (const RoomNames& loaded : shards) {
        names.insert(loaded.begin(), loaded.end());
    }
    const std::function<Task<bool>(std::shared_ptr<Room>)> forget = [account](std::shared_ptr<Room> room) {
        return forget_in_room(std::move(room), account);
    };
    for (const std::string& name : names) {
        const auto address = Jid::from_parts(name, service.domain().text());
        if (!address) {
            continue;
        }
        auto forgetting = at_room<bool>(service, *address, forget, false);
        const bool forgotten = co_await forgetting;
        if (!forgotten) {
            co_return false;
        }
    }
    co_return true;
}

} // namespace stonechat
