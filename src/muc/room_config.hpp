// SPDX-License-Identifier: Apache-2.0
// RoomConfig: what an owner can configure for a room (XEP-0045 section 10, FORM_TYPE muc#roomconfig), the
// form for it, and the text in which it is stored. A value; pure functions.
#pragma once

#include "base/result.hpp"
#include "muc/roles.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct RoomConfig {
    std::string name;        ///< muc#roomconfig_roomname
    std::string description; ///< muc#roomconfig_roomdesc
    std::string lang;        ///< muc#roomconfig_lang
    std::string password;    ///< muc#roomconfig_roomsecret; empty: no password
    std::string avatar; ///< hash of the image on the vCard (XEP-0486), set with the vCard; not in the form

    bool persistent = false; ///< stays when the last occupant leaves
    bool listed = false;     ///< muc#roomconfig_publicroom
    bool members_only = false;
    bool moderated = false;
    bool occupants_change_subject = false; ///< muc#roomconfig_changesubject
    bool members_invite = true;            ///< muc#roomconfig_allowinvites; false: moderators only
    bool archived = true; ///< muc#roomconfig_enablelogging: messages are kept in the archive (XEP-0313)
    bool registration =
        true;           ///< others may become members by registering (§7.10); never in a members-only room
    bool ticks = false; ///< tells authors how many have received and read (docs/protocol/group-ticks.md)

    /// muc#roomconfig_whois: who sees real addresses.
    enum class Whois : std::uint8_t { moderators, anyone };
    Whois whois = Whois::moderators;
    bool is_anonymous() const { return whois == Whois::moderators; }

    /// muc#roomconfig_allowpm: who may send private messages.
    enum class PrivateMessages : std::uint8_t { anyone, participants, moderators, nobody };
    PrivateMessages private_messages = PrivateMessages::anyone;

    /// muc#roomconfig_presencebroadcast, by role. Moderators are always shown.
    struct Roles {
        bool visitor = true;
        bool participant = true;
        bool moderator = true;
        bool has(Role role) const
        {
            return (role == Role::visitor && visitor) || (role == Role::participant && participant)
                || (role == Role::moderator && moderator);
        }
        friend bool operator==(const Roles&, const Roles&) = default;
    };
    Roles shown;

    /// muc#roomconfig_getmemberlist. Admins and owners may always get the list.
    Roles member_list { false, true, true };

    std::size_t max_occupants = 200; ///< muc#roomconfig_maxusers
    std::size_t history = 20;        ///< muc#maxhistoryfetch: number of messages sent on entering

    friend bool operator==(const RoomConfig&, const RoomConfig&) = default;
};

/// Limits that no owner may exceed, and which settings exist.
struct RoomLimits {
    std::size_t occupants = 200;
    std::size_t history = 100; ///< 0: no history is sent on entering
    std::size_t text = 1024;   ///< bytes of name and description
    bool archive = true;       ///< messages can be archived (XEP-0313)
};

/// A submitted form with its lists of affiliations.
struct RoomSubmission {
    RoomConfig config;
    std::optional<std::vector<Jid>> owners; ///< muc#roomconfig_roomowners, if in the form: the complete list
    std::optional<std::vector<Jid>> admins; ///< muc#roomconfig_roomadmins, the same
};

/// Returns the owner's form (§10.1.3), filled with the current values. Settings that do not exist under
/// `limits` have no field.
DataForm room_config_form(const RoomConfig& config, const RoomLimits& limits, const std::vector<Jid>& owners,
    const std::vector<Jid>& admins, std::string_view room);
/// Returns the configuration after `form` was submitted. Absent fields keep their value from `now`; unknown
/// fields are ignored. Returns `not-acceptable` for impossible settings (a password-protected room without
/// password, more occupants than allowed), `bad-request` for values that cannot be parsed.
Result<RoomSubmission, StanzaError> read_room_submission(const RoomConfig& now, const DataForm& form,
    const RoomLimits& limits);

/// The text form that is stored (RoomRecord::config). A value that cannot be parsed becomes its default.
std::string to_text(const RoomConfig& config);
RoomConfig room_config_from_text(std::string_view text);

/// Returns the status codes that tell occupants about a change (§10.2.1). 104 stands for all that has no code
/// of its own. Empty if nothing changed.
std::vector<int> config_status_codes(const RoomConfig& before, const RoomConfig& after);

/// The features of a room's disco#info that follow from its configuration (§6.4): muc_hidden, muc_open …
std::vector<std::string_view> config_features(const RoomConfig& config);

} // namespace stonechat
