// SPDX-License-Identifier: Apache-2.0
// RoomConfig: what an owner may choose for a room (XEP-0045 section 10, FORM_TYPE muc#roomconfig), the form
// in which he does, and the text in which it is kept. A value; pure.
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
    std::string password;    ///< muc#roomconfig_roomsecret; empty: none is needed
    std::string avatar; ///< hash of the image on its card (XEP-0486), set with that; no field of the form

    bool persistent = false; ///< stays when the last one leaves
    bool listed = false;     ///< muc#roomconfig_publicroom
    bool members_only = false;
    bool moderated = false;
    bool occupants_change_subject = false; ///< muc#roomconfig_changesubject
    bool members_invite = true;            ///< muc#roomconfig_allowinvites: else moderators only
    bool archived = true; ///< muc#roomconfig_enablelogging: kept for those who were away (XEP-0313)
    bool registration =
        true;           ///< who is no member may become one by himself (§7.10); never of a members-only room
    bool ticks = false; ///< tells senders how many have received and read (docs/protocol/group-ticks.md)

    /// muc#roomconfig_whois: who sees real addresses.
    enum class Whois : std::uint8_t { moderators, anyone };
    Whois whois = Whois::moderators;
    bool is_anonymous() const { return whois == Whois::moderators; }

    /// muc#roomconfig_allowpm: who may send private messages.
    enum class PrivateMessages : std::uint8_t { anyone, participants, moderators, nobody };
    PrivateMessages private_messages = PrivateMessages::anyone;

    /// muc#roomconfig_presencebroadcast, by role; a moderator is always shown.
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

    /// muc#roomconfig_getmemberlist. Admins and owners always may.
    Roles member_list { false, true, true };

    std::size_t max_occupants = 200; ///< muc#roomconfig_maxusers
    std::size_t history = 20;        ///< muc#maxhistoryfetch: messages shown to who enters

    friend bool operator==(const RoomConfig&, const RoomConfig&) = default;
};

/// What no owner may exceed, and what there is to be configured.
struct RoomLimits {
    std::size_t occupants = 200;
    std::size_t history = 100; ///< 0: who enters is shown nothing of what was said before
    std::size_t text = 1024;   ///< bytes of name and description
    bool archive = true;       ///< what is said can be kept (XEP-0313)
};

/// A submitted form and what it says about affiliations.
struct RoomSubmission {
    RoomConfig config;
    std::optional<std::vector<Jid>> owners; ///< muc#roomconfig_roomowners, if the form has it: the whole list
    std::optional<std::vector<Jid>> admins; ///< muc#roomconfig_roomadmins
};

/// The form that an owner is given (§10.1.3), filled with what holds now. It has no field for what is not
/// there.
DataForm room_config_form(const RoomConfig& config, const RoomLimits& limits, const std::vector<Jid>& owners,
    const std::vector<Jid>& admins, std::string_view room);
/// What holds when `form` was submitted: fields that are absent stay as they are in `now`. `not-acceptable`
/// for what cannot be (a password-protected room without password, more occupants than allowed),
/// `bad-request` for what cannot be read. Fields that nobody knows are passed over.
Result<RoomSubmission, StanzaError> read_room_submission(const RoomConfig& now, const DataForm& form,
    const RoomLimits& limits);

/// As it is kept (RoomRecord::config); what cannot be read gives defaults.
std::string to_text(const RoomConfig& config);
RoomConfig room_config_from_text(std::string_view text);

/// Codes to tell the occupants after a change, with 104 if none says it (§10.2.1); empty if nothing changed
/// that is theirs to know.
std::vector<int> config_status_codes(const RoomConfig& before, const RoomConfig& after);

/// The features of a room's disco#info that follow from its configuration (§6.4): muc_hidden, muc_open …
std::vector<std::string_view> config_features(const RoomConfig& config);

} // namespace stonechat
