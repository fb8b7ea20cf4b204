// SPDX-License-Identifier: Apache-2.0
#include "muc/roles.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 4> role_names { "none", "visitor", "participant", "moderator" };
constexpr std::array<std::string_view, 5> affiliation_names { "none", "outcast", "member", "admin", "owner" };

template <class Value, std::size_t count>
std::optional<Value> value_of(const std::array<std::string_view, count>& names, std::string_view text)
{
    const auto found = std::find(names.begin(), names.end(), text);
    return found == names.end() ? std::nullopt : std::optional(static_cast<Value>(found - names.begin()));
}

} // namespace

std::string_view to_text(Role role)
{
    return role_names[static_cast<std::size_t>(role)];
}

std::string_view to_text(Affiliation affiliation)
{
    return affiliation_names[static_cast<std::size_t>(affiliation)];
}

std::optional<Role> role_from_text(std::string_view text)
{
    return value_of<Role>(role_names, text);
}

std::optional<Affiliation> affiliation_from_text(std::string_view text)
{
    return value_of<Affiliation>(affiliation_names, text);
}

Role role_on_entering(Affiliation affiliation, bool moderated)
{
    switch (affiliation) {
    case Affiliation::none: return moderated ? Role::visitor : Role::participant;
    case Affiliation::outcast: return Role::none;
    case Affiliation::member: return Role::participant;
    case Affiliation::admin:
    case Affiliation::owner: return Role::moderator;
    }
    return Role::none;
}

Role role_after_change(Role now, Affiliation before, Affiliation affiliation, bool moderated)
{
    const Role implied = role_on_entering(affiliation, moderated);
    if (implied == Role::none) {
        return Role::none;
    }
    const bool loses_moderation = before >= Affiliation::admin && affiliation < Affiliation::admin;
    return loses_moderation ? implied : std::max(now, implied);
}

std::optional<StanzaError> role_change_problem(const RoleAndAffiliation& actor,
    const RoleAndAffiliation& target, Role wanted)
{
    const bool is_admin = actor.affiliation >= Affiliation::admin;
    if (actor.role != Role::moderator && !is_admin) {
        return StanzaError(StanzaError::forbidden);
    }
    const bool touches_moderators = wanted == Role::moderator || target.role == Role::moderator;
    if (touches_moderators && wanted != Role::none && !is_admin) {
        return StanzaError(target.affiliation > actor.affiliation ? StanzaError::not_allowed
                                                                  : StanzaError::forbidden); // §9.6, §9.7
    }
    // §8.2, §9.7: a role cannot be taken from a user with a higher affiliation. Giving a role is allowed.
    if (target.affiliation > actor.affiliation && wanted < target.role) {
        return StanzaError(StanzaError::not_allowed);
    }
    // §8.4: voice cannot be taken from a user of the same affiliation, unless that is none.
    const bool takes_voice = wanted == Role::visitor && target.affiliation == actor.affiliation;
    if (takes_voice && target.affiliation != Affiliation::none) {
        return StanzaError(StanzaError::not_allowed);
    }
    // §8.4, §9.7: the role that an affiliation implies cannot be taken away.
    if (target.affiliation >= Affiliation::admin && wanted != Role::none && wanted != Role::moderator) {
        return StanzaError(StanzaError::not_allowed);
    }
    return std::nullopt;
}

std::optional<StanzaError> affiliation_change_problem(Affiliation actor, Affiliation now, Affiliation wanted)
{
    if (actor < Affiliation::admin) {
        return StanzaError(StanzaError::forbidden);
    }
    if (actor == Affiliation::owner) {
        return std::nullopt;
    }
    // §5.2.2: only owners change admins and owners.
    if (wanted >= Affiliation::admin) {
        return StanzaError(StanzaError::forbidden);
    }
    if (now >= Affiliation::admin) { // §9.1 for bans, §10.4 and §10.7 for other changes
        return StanzaError(wanted == Affiliation::outcast ? StanzaError::not_allowed
                                                          : StanzaError::forbidden);
    }
    return std::nullopt;
}

} // namespace stonechat
