// SPDX-License-Identifier: Apache-2.0
// Roles and affiliations (XEP-0045 section 5): their names, the role on entering, and who may change them.
// Affiliation itself is in storage/room_store.hpp, because it is stored. Pure functions.
#pragma once

#include "storage/room_store.hpp"
#include "xmpp/stanza_error.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

/// A role lasts for one visit (§5.1). In order of privilege.
enum class Role : std::uint8_t { none, visitor, participant, moderator };

std::string_view to_text(Role role);
std::string_view to_text(Affiliation affiliation);
std::optional<Role> role_from_text(std::string_view text);
std::optional<Affiliation> affiliation_from_text(std::string_view text);

/// Returns the role of a user who enters (§5.1.2).
Role role_on_entering(Affiliation affiliation, bool moderated);
/// Returns the new role of an occupant with the role `now` whose affiliation changes from `before` to
/// `affiliation` (§5.1.3). The role is at least the one that the affiliation implies. An occupant who stops
/// being admin or owner gets the role of a user who enters.
Role role_after_change(Role now, Affiliation before, Affiliation affiliation, bool moderated);

/// A user's affiliation and role in a room at this moment.
struct RoleAndAffiliation {
    Affiliation affiliation = Affiliation::none;
    Role role = Role::none;
};

/// Returns why `actor` may not give `target` the role `wanted`, or nothing if the actor may (§8.2 to §8.4,
/// §9.6, §9.7). `target` may be the actor.
std::optional<StanzaError> role_change_problem(const RoleAndAffiliation& actor,
    const RoleAndAffiliation& target, Role wanted);
/// Returns why an actor with the affiliation `actor` may not change an affiliation from `now` to `wanted`, or
/// nothing if the actor may (§9, §10). The caller checks that an owner remains and that nobody bans
/// themselves.
std::optional<StanzaError> affiliation_change_problem(Affiliation actor, Affiliation now, Affiliation wanted);

} // namespace stonechat
