// SPDX-License-Identifier: Apache-2.0
#include "muc/room_affiliations.hpp"

#include "muc/room_visit.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"

#include <memory>
#include <utility>

namespace stonechat {

Task<Result<Done, StoreError>> store_members(Room& room, std::vector<RoomMember> members)
{
    const auto held = room.shared_from_this();
    if (room.state() == Room::State::open) {
        RoomStore::Change change;
        change.members = members;
        auto storing = room.host().storage().rooms().change(room.key(), std::move(change));
        const auto stored = co_await storing;
        if (!stored) {
            co_return stored.error();
        }
        if (!*stored) { // the room is gone
            co_return StoreError::unavailable;
        }
    }
    for (const RoomMember& member : members) {
        held->members().apply(member);
    }
    co_return Done();
}

namespace {

/// Returns the status code with which an occupant with this affiliation is removed; 0: the occupant stays.
int code_of_removal(const Room& room, Affiliation now)
{
    if (now == Affiliation::outcast) {
        return muc_status::banned;
    }
    return now == Affiliation::none && room.config().members_only ? muc_status::affiliation_lost : 0;
}

} // namespace

Function<void()> apply_affiliation(Room& room, const Jid& user, Affiliation before, std::string actor,
    std::string reason)
{
    std::vector<Function<void()>> afterwards;
    Notice notice;
    notice.actor = std::move(actor);
    notice.reason = std::move(reason);
    // A ban of a domain affects all its users.
    std::vector<Occupant*> affected;
    room.occupants().for_each([&](Occupant& occupant) {
        const bool is_his = user.has_local() ? occupant.user.same_bare(user)
                                             : occupant.user.domain() == user.domain();
        if (is_his) {
            affected.push_back(&occupant);
        }
    });
    for (Occupant* occupant : affected) {
        const Affiliation now = room.affiliation(occupant->user);
        if (const int code = code_of_removal(room, now); code != 0) {
            notice.codes = { code };
            afterwards.push_back(remove_occupant(room, *occupant, notice));
            continue;
        }
        const Role earlier = occupant->role;
        occupant->role = role_after_change(occupant->role, before, now, room.config().moderated);
        room.occupants().roles_changed();
        afterwards.emplace_back([held = room.shared_from_this(), nick = std::string(occupant->nick()), notice,
                                    earlier] {
            if (Occupant* there = held->occupants().by_nick(nick)) {
                Notice change = notice;
                change.codes.clear();
                show(*held, *there, change);
                hide_if_not_shown(*held, *there, earlier);
            }
        });
    }
    return all_of(std::move(afterwards));
}

Function<void()> remove_strangers(Room& room)
{
    std::vector<Occupant*> strangers;
    room.occupants().for_each([&](Occupant& occupant) {
        if (room.affiliation(occupant.user) == Affiliation::none) {
            strangers.push_back(&occupant);
        }
    });
    Notice notice;
    notice.codes = { muc_status::members_only };
    std::vector<Function<void()>> afterwards;
    for (Occupant* stranger : strangers) {
        afterwards.push_back(remove_occupant(room, *stranger, notice));
    }
    return all_of(std::move(afterwards));
}

Function<void()> all_of(std::vector<Function<void()>> each)
{
    return [each = std::make_shared<std::vector<Function<void()>>>(std::move(each))] {
        for (auto& f : *each) {
            if (f) {
                f();
            }
        }
    };
}

} // namespace stonechat
