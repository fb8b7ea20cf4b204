// SPDX-License-Identifier: Apache-2.0
// RoomStore: the rooms of a group chat service (XEP-0045), as far as they must survive a restart. A room's
// key is AccountKey { domain of the service, room }. Its messages are in the ArchiveStore under the same key.
// The format of a room's configuration and subject belongs to muc/.
#pragma once

#include "storage/message_store.hpp"
#include "storage/stored.hpp"
#include "xmpp/jid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// XEP-0045 §5.2. The numbers are the stored values.
enum class Affiliation : std::uint8_t { none = 0, outcast = 1, member = 2, admin = 3, owner = 4 };

/// A user or domain that the room remembers, present or not.
struct RoomMember {
    Jid jid; ///< bare, or a domain
    Affiliation affiliation = Affiliation::none;
    std::string reason;  ///< given by an admin, mostly for a ban
    std::string nick;    ///< reserved nick (XEP-0045 §7.10); empty: none
    std::string choices; ///< the member's own settings for this room, in the room's format

    /// Whether the record is empty and can be deleted.
    bool is_nobody() const { return affiliation == Affiliation::none && nick.empty() && choices.empty(); }
    friend bool operator==(const RoomMember&, const RoomMember&) = default;
};

/// How far a user has received and displayed the messages of a room.
struct RoomProgress {
    Jid jid; ///< bare
    MessageId received = 0;
    MessageId displayed = 0;
    friend bool operator==(const RoomProgress&, const RoomProgress&) = default;
};

struct RoomRecord {
    std::string config;  ///< configuration, in the room's format
    std::string subject; ///< in the room's format
    std::string present; ///< occupants, in the room's format; may be slightly out of date
    bool persistent = false;
    bool listed = false; ///< visible in the list of rooms to users who are not members
    WallTime created;
    std::vector<RoomMember> members;    ///< in order of jid
    std::vector<RoomProgress> progress; ///< in order of jid
};

/// A room in a list.
struct RoomSummary {
    std::string room;
    std::string config;
    bool persistent = false;
    bool listed = false;
    WallTime created;
};

class RoomStore {
public:
    virtual ~RoomStore() = default;

    virtual Stored<std::optional<RoomRecord>> load(const AccountKey& room) = 0;
    /// Returns false, and changes nothing, if the room exists already. Data left under the name of a new room
    /// is deleted. `record.progress` is ignored.
    virtual Stored<bool> create(const AccountKey& room, RoomRecord record) = 0;
    struct Change {
        std::optional<std::string> config;
        std::optional<bool> persistent;
        std::optional<bool> listed;
        std::optional<std::string> subject;
        std::optional<std::string> present;
        std::vector<RoomMember> members;    ///< each replaces the record; one that is_nobody() deletes it
        std::vector<RoomProgress> progress; ///< each replaces the user's progress
        std::vector<Jid> forgotten;         ///< their progress is deleted
    };
    /// Applies the change in one transaction. Absent fields stay as they are. Returns false if there is no
    /// such room.
    virtual Stored<bool> change(const AccountKey& room, Change change) = 0;
    /// Removes the room and everything kept under its name, including its archive. Returns false if there was
    /// none. (Of a long archive only the references are removed at once; ArchiveStore::expire removes the
    /// rest.)
    virtual Stored<bool> remove(const AccountKey& room) = 0;
    /// Returns rooms of a service sorted by name, starting after `after`, `limit` at most. With
    /// `listed_only`, returns listed rooms only.
    virtual Stored<std::vector<RoomSummary>> list(std::string host, std::string after, std::size_t limit,
        bool listed_only) = 0;
    /// Returns how many rooms of the service have `member` as an owner.
    virtual Stored<std::size_t> count_owned(std::string host, Jid member) = 0;
    virtual Stored<std::size_t> count(std::string host, bool listed_only) = 0;
    /// Returns the rooms of the service, sorted by name, that keep something of `user` (bare): an
    /// affiliation, a nick, progress, or a value `name` in the keyval store `store`.
    virtual Stored<std::vector<std::string>> knowing(std::string host, Jid user, std::string store,
        std::string name) = 0;
};

} // namespace stonechat
