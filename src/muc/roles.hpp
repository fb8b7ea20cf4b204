// SPDX-License-Identifier: Apache-2.0
// Roles and affiliations (XEP-0045 section 5): their names, what one has on entering, and who may change
// whose. Affiliation itself is in storage/room_store.hpp, because it lasts. Pure.
#pragma once

#include "storage/room_store.hpp"
#include "xmpp/stanza_error.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

/// For the duration of a visit (§5.1), in order of privilege.
enum class Role : std::uint8_t { none, visitor, participant, moderator };

std::string_view to_text(Role role);
std::string_view to_text(Affiliation affiliation);
std::optional<Role> role_from_text(std::string_view text);
std::optional<Affiliation> affiliation_from_text(std::string_view text);

/// What somebody has when he enters (§5.1.2).
Role role_on_entering(Affiliation affiliation, bool moderated);
/// What somebody who is there with `now` has when his affiliation becomes `affiliation` (§5.1.3): never less
/// than the affiliation implies; who loses moderation with it becomes what he would be on entering.
Role role_after_change(Role now, Affiliation before, Affiliation affiliation, bool moderated);

/// Who somebody is in a room at this moment.
struct RoleAndAffiliation {
    Affiliation affiliation = Affiliation::none;
    Role role = Role::none;
};

/// Why `actor` may not give `target`, who is somebody else or himself, the role `wanted`; nothing if he may
/// (§8.2 to §8.4, §9.6, §9.7).
std::optional<StanzaError> refuse_role_change(const RoleAndAffiliation& actor,
    const RoleAndAffiliation& target, Role wanted);
/// Why `actor` may not change the affiliation of `target` from `now` to `wanted`; nothing if he may (§9,
/// §10). That the last owner stays and that nobody bans himself is looked after by whoever knows them.
std::optional<StanzaError> refuse_affiliation_change(Affiliation actor, Affiliation now, Affiliation wanted);

} // namespace stonechat
