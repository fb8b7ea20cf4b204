// SPDX-License-Identifier: Apache-2.0
// Rooms: administration of the rooms of a group chat service. The commands of administrators in a chat and
// `stonechatctl` use it to list, inspect, configure and destroy rooms. Implemented by the feature that has
// the rooms (DomainService::rooms); one per service and shard. Shard-bound: each call is made and answered on
// its own shard, wherever the home of the room is. A change is committed when the call answers.
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

/// Why a call failed, with a sentence that says what to do instead.
struct RoomProblem {
    enum class Kind {
        no_such_room,
        no_such_field,
        bad_value,
        not_allowed, ///< the room would have no owner, or more affiliations than allowed
        store_full,  ///< the disk is full, or the database has reached its size limit
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
    std::optional<WallTime> stored; ///< creation; nullopt until its owner has configured it
};

struct RoomList {
    std::vector<RoomEntry> rooms;    ///< in order of address
    std::optional<std::string> next; ///< if there may be more: pass this as `after`
};

/// Everything about one room.
struct RoomFacts {
    struct Affiliated {
        Jid jid; ///< bare, or a domain
        std::string affiliation;
        std::string nick;   ///< reserved nickname
        std::string reason; ///< mostly of a ban
    };
    struct Present {
        std::string nick;
        std::string affiliation;
        std::string role;
        std::vector<Jid> devices; ///< the full JIDs of this occupant
    };

    DataForm configuration { DataForm::Type::result }; ///< the owner's form without secrets
    std::vector<Affiliated> affiliations;              ///< by rank, owners first, then by address
    std::vector<Present> occupants;                    ///< in order of nick
    std::string subject;
    std::optional<std::size_t> messages; ///< number in the archive; nullopt if there are too many to count
    bool is_configured = true;           ///< false: the owner has not configured it yet, and it is not stored
};

/// A new value of one field of the owner's form. `name` is the field name or its end (`roomname` for
/// `muc#roomconfig_roomname`).
struct RoomSetting {
    std::string name;
    std::vector<std::string> values; ///< more than one only for fields that take several
};

class Rooms {
public:
    virtual ~Rooms() = default;

    virtual const Host& host() const = 0;
    virtual const Jid& domain() const = 0;

    /// Returns the rooms in order of name, beginning behind `after`; at most `limit` stored rooms.
    virtual Task<RoomResult<RoomList>> list(std::string after, std::size_t limit) = 0;
    virtual Task<RoomResult<RoomFacts>> inspect(Jid room) = 0;
    /// Changes these fields as if an owner had submitted the form. Limits that bind users do not bind the
    /// administrator.
    virtual Task<RoomResult<Done>> configure(Jid room, std::vector<RoomSetting> settings) = 0;
    /// Sets an affiliation. `user` is a bare JID, or a domain to be banned; `affiliation` is a word of
    /// XEP-0045 §5.2.
    virtual Task<RoomResult<Done>> affiliate(Jid room, Jid user, std::string affiliation,
        std::string reason) = 0;
    /// Destroys the room and its archive. Occupants are told `reason` and the other room `venue`, if not
    /// empty.
    virtual Task<RoomResult<Done>> destroy(Jid room, std::string reason, Jid venue) = 0;
};

} // namespace stonechat
