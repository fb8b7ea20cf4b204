// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/contents.hpp"

#include <algorithm>

namespace stonechat::memory {
namespace {

KeptRoom* find_room(Everything& all, const AccountKey& key)
{
    auto* owner = all.find(key);
    return owner == nullptr || !owner->room ? nullptr : &*owner->room;
}

void put(KeptRoom& room, const std::vector<RoomMember>& members)
{
    for (const RoomMember& member : members) {
        if (member.is_nobody()) {
            room.members.erase(member.jid.text());
        } else {
            room.members.insert_or_assign(member.jid.text(), member);
        }
    }
}

template <class T> void replace(T& value, std::optional<T>& change)
{
    if (change) {
        value = std::move(*change);
    }
}

} // namespace

Stored<std::optional<RoomRecord>> MemoryRooms::load(const AccountKey& room)
{
    return scheduler_.ask([&room](Everything& all) -> std::optional<RoomRecord> {
        const KeptRoom* kept = find_room(all, room);
        if (kept == nullptr) {
            return std::nullopt;
        }
        RoomRecord record = kept->record;
        for (const auto& [jid, member] : kept->members) {
            record.members.push_back(member);
        }
        for (const auto& [jid, progress] : kept->progress) {
            record.progress.push_back(progress);
        }
        return record;
    });
}

Stored<bool> MemoryRooms::create(const AccountKey& room, RoomRecord record)
{
    return scheduler_.change([&room, &record](Everything& all) {
        if (find_room(all, room) != nullptr) {
            return false;
        }
        all.remove_owner(room);
        KeptRoom& kept = all.owner(room).room.emplace();
        put(kept, record.members);
        record.members.clear();
        record.progress.clear();
        kept.record = std::move(record);
        return true;
    });
}

Stored<bool> MemoryRooms::change(const AccountKey& room, Change change)
{
    return scheduler_.change([&room, &change](Everything& all) {
        KeptRoom* kept = find_room(all, room);
        if (kept == nullptr) {
            return false;
        }
        replace(kept->record.config, change.config);
        replace(kept->record.persistent, change.persistent);
        replace(kept->record.listed, change.listed);
        replace(kept->record.subject, change.subject);
        replace(kept->record.present, change.present);
        put(*kept, change.members);
        for (const RoomProgress& progress : change.progress) {
            kept->progress.insert_or_assign(progress.jid.text(), progress);
        }
        for (const Jid& jid : change.forgotten) {
            kept->progress.erase(jid.text());
        }
        return true;
    });
}

Stored<bool> MemoryRooms::remove(const AccountKey& room)
{
    return scheduler_.change([&room](Everything& all) {
        const bool existed = find_room(all, room) != nullptr;
        all.remove_owner(room);
        return existed;
    });
}

Stored<std::vector<RoomSummary>> MemoryRooms::list(std::string host, std::string after, std::size_t limit,
    bool listed_only)
{
    return scheduler_.ask([&host, &after, limit, listed_only](Everything& all) {
        std::vector<RoomSummary> rooms;
        for (auto at = all.owners.upper_bound({ host, after });
             at != all.owners.end() && at->first.host == host && rooms.size() < limit; ++at) {
            if (at->second.room && (at->second.room->record.listed || !listed_only)) {
                const RoomRecord& record = at->second.room->record;
                rooms.push_back({ at->first.user, record.config, record.persistent, record.listed,
                    record.created });
            }
        }
        return rooms;
    });
}

Stored<std::size_t> MemoryRooms::count(std::string host, bool listed_only)
{
    return scheduler_.ask([&host, listed_only](Everything& all) {
        return static_cast<std::size_t>(std::count_if(all.owners.begin(), all.owners.end(),
            [&host, listed_only](const auto& entry) {
                const auto& room = entry.second.room;
                return entry.first.host == host && room && (room->record.listed || !listed_only);
            }));
    });
}

Stored<std::size_t> MemoryRooms::count_owned(std::string host, Jid member)
{
    return scheduler_.ask([&host, &member](Everything& all) {
        return static_cast<std::size_t>(std::count_if(all.owners.begin(), all.owners.end(),
            [&host, &member](const auto& entry) {
                if (entry.first.host != host || !entry.second.room) {
                    return false;
                }
                const auto found = entry.second.room->members.find(member.text());
                return found != entry.second.room->members.end()
                    && found->second.affiliation == Affiliation::owner;
            }));
    });
}

Stored<std::vector<std::string>> MemoryRooms::knowing(std::string host, Jid user, std::string store,
    std::string name)
{
    return scheduler_.ask([&host, &user, &store, &name](Everything& all) {
        std::vector<std::string> rooms;
        for (const auto& [key, owner] : all.owners) {
            if (key.host != host || !owner.room) {
                continue;
            }
            const auto values = owner.keyval.find(store);
            if (owner.room->members.contains(user.text()) || owner.room->progress.contains(user.text())
                || (values != owner.keyval.end() && values->second.contains(name))) {
                rooms.push_back(key.user);
            }
        }
        return rooms;
    });
}

void forget_in_rooms(Everything& all, const AccountKey& user)
{
    const std::string jid = user.user + "@" + user.host;
    for (auto& [key, owner] : all.owners) {
        if (!owner.room) {
            continue;
        }
        owner.room->progress.erase(jid);
        const auto member = owner.room->members.find(jid);
        if (member == owner.room->members.end()) {
            continue;
        }
        member->second.nick.clear();
        member->second.choices.clear();
        if (member->second.affiliation != Affiliation::outcast) {
            owner.room->members.erase(member);
        }
    }
}

} // namespace stonechat::memory
