// SPDX-License-Identifier: Apache-2.0
// RoomStore: the rooms of a group chat service (XEP-0045): what has to be there again after a restart.
// A room is named like an account: AccountKey { domain of the service, room }. Its messages are in the
// ArchiveStore under the same key. What a room's configuration and subject say is the business of muc/.
#pragma once

#include "storage/message_store.hpp"
#include "storage/stored.hpp"
#include "xmpp/jid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// XEP-0045 §5.2, with the numbers that are kept.
enum class Affiliation : std::uint8_t { none = 0, outcast = 1, member = 2, admin = 3, owner = 4 };

/// Somebody a room remembers, whether present or not.
struct RoomMember {
    Jid jid; ///< bare, or a domain
    Affiliation affiliation = Affiliation::none;
    std::string reason;  ///< why he was banned, mostly
    std::string nick;    ///< reserved for him (XEP-0045 §7.10); empty: none
    std::string choices; ///< his own for this room, as the room writes them

    /// Nothing is left that is worth keeping.
    bool is_nobody() const { return affiliation == Affiliation::none && nick.empty() && choices.empty(); }
    friend bool operator==(const RoomMember&, const RoomMember&) = default;
};

/// How far somebody has received and read the messages of a room.
struct RoomProgress {
    Jid jid; ///< bare
    MessageId received = 0;
    MessageId displayed = 0;
    friend bool operator==(const RoomProgress&, const RoomProgress&) = default;
};

struct RoomRecord {
    std::string config;  ///< as the room writes it
    std::string subject; ///< the same
    std::string present; ///< who was there, the same; may be a little old
    bool persistent = false;
    bool listed = false; ///< others than its members may find it
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
    /// False if there is a room of that name (it is left alone). A new room owns nothing: what was kept under
    /// its name goes. `record.progress` is not looked at.
    virtual Stored<bool> create(const AccountKey& room, RoomRecord record) = 0;
    struct Change {
        std::optional<std::string> config;
        std::optional<bool> persistent;
        std::optional<bool> listed;
        std::optional<std::string> subject;
        std::optional<std::string> present;
        std::vector<RoomMember> members;    ///< each replaces what was there; one that is nobody goes
        std::vector<RoomProgress> progress; ///< the same
        std::vector<Jid> forgotten;         ///< their progress goes
    };
    /// All of it in one transaction, or nothing; what is absent stays. False if there is no such room.
    virtual Stored<bool> change(const AccountKey& room, Change change) = 0;
    /// Removes the room and everything kept under its name, its archive too. False if there was none. (Of a
    /// long archive, it is the way there that goes; the rest follows with ArchiveStore::expire.)
    virtual Stored<bool> remove(const AccountKey& room) = 0;
    /// Rooms of a service in order of name, those behind `after`, `limit` at most; with `listed_only` just
    /// those that are listed.
    virtual Stored<std::vector<RoomSummary>> list(std::string host, std::string after, std::size_t limit,
        bool listed_only) = 0;
    /// How many rooms of the service have `member` among their owners.
    virtual Stored<std::size_t> count_owned(std::string host, Jid member) = 0;
    virtual Stored<std::size_t> count(std::string host, bool listed_only) = 0;
    /// Rooms of the service that keep something of `user` (bare): an affiliation, a nick, progress, or a
    /// value `name` in the keyval store `store`. In order of name.
    virtual Stored<std::vector<std::string>> knowing(std::string host, Jid user, std::string store,
        std::string name) = 0;
};

} // namespace stonechat
