// SPDX-License-Identifier: Apache-2.0
// Rooms: the rooms of a group chat service, as whoever runs the server looks after them. Rooms are listed,
// looked at, configured and destroyed in one place, whoever asks: an administrator in a chat, or
// `stonechatctl`. The feature that has the rooms is behind it (DomainService::rooms); one per service and
// shard. Shard-bound: each call is made and answered on its own shard, wherever the room has its home. What
// was changed is committed when it is answered.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/jid.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {

class Host;

/// Why something was not done, with a sentence that says what to do instead.
struct RoomProblem {
    enum class Kind {
        no_such_room,
        no_such_field,
        bad_value,
        not_allowed, ///< a room without owner, more people than it may remember
        store_full,  ///< the disk, or what the database may grow to
        store_failed,
    };

    RoomProblem() = default;
    RoomProblem(Kind its_kind, std::string its_message) : kind(its_kind), message(std::move(its_message)) {}

    Kind kind = Kind::store_failed;
    std::string message;
};

template <class T> using RoomResult = Result<T, RoomProblem>;

/// A room in a list.
struct RoomEntry {
    std::string room; ///< its address
    std::string name; ///< for people; may be empty
    std::size_t occupants = 0;
    bool members_only = false;
    bool persistent = false;
    bool hidden = false;
    std::optional<WallTime> stored; ///< since when; not, while its owner has not configured it yet
};

struct RoomList {
    std::vector<RoomEntry> rooms;    ///< in order of address
    std::optional<std::string> next; ///< there may be more: behind this name
};

/// All that is to be known of one room.
struct RoomFacts {
    struct Affiliated {
        Jid jid; ///< bare, or a domain
        std::string affiliation;
        std::string nick;   ///< reserved for him
        std::string reason; ///< why he was banned, mostly
    };
    struct Present {
        std::string nick;
        std::string affiliation;
        std::string role;
        std::vector<Jid> devices; ///< the real addresses with which he is there
    };

    DataForm configuration { DataForm::Type::result }; ///< the owner's form, but for secrets
    std::vector<Affiliated> affiliations;              ///< from owners down, then in order of address
    std::vector<Present> occupants;                    ///< in order of nick
    std::string subject;
    std::optional<std::size_t> messages; ///< in the archive, if there are not too many to count
    bool is_configured = true;           ///< else its owner is still about to, and it is not stored
};

/// One field of the owner's form, by its name or the end of it (`roomname` for `muc#roomconfig_roomname`).
struct RoomSetting {
    std::string name;
    std::vector<std::string> values; ///< several only where the form takes several
};

class Rooms {
public:
    virtual ~Rooms() = default;

    virtual const Host& host() const = 0;
    virtual const Jid& domain() const = 0;

    /// In order of name, those behind `after`: `limit` stored ones at most.
    virtual Task<RoomResult<RoomList>> list(std::string after, std::size_t limit) = 0;
    virtual Task<RoomResult<RoomFacts>> inspect(Jid room) = 0;
    /// As if an owner had submitted these fields of his form; what users may not exceed, the administrator
    /// may.
    virtual Task<RoomResult<Done>> configure(Jid room, std::vector<RoomSetting> settings) = 0;
    /// `user` is bare, or a domain that is to be banned. `affiliation` is a word of XEP-0045 §5.2.
    virtual Task<RoomResult<Done>> affiliate(Jid room, Jid user, std::string affiliation,
        std::string reason) = 0;
    /// With all that was said in it. Who is there is told `reason` and where to go, if not empty.
    virtual Task<RoomResult<Done>> destroy(Jid room, std::string reason, Jid venue) = 0;
};

} // namespace stonechat
