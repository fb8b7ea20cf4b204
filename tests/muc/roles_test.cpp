// SPDX-License-Identifier: Apache-2.0
#include "muc/roles.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace stonechat;

namespace {

using enum Affiliation;

std::string verdict(const std::optional<StanzaError>& refusal)
{
    return refusal ? std::string(to_text(refusal->condition())) : "allowed";
}

std::string change_role(RoleAndAffiliation actor, RoleAndAffiliation target, Role wanted)
{
    return verdict(role_change_problem(actor, target, wanted));
}

} // namespace

// XEP-0045 §5.1.2-1
TEST_CASE("roles: who enters has what his affiliation implies (XEP-0045 §5.1.2)")
{
    CHECK(role_on_entering(none, false) == Role::participant);
    CHECK(role_on_entering(none, true) == Role::visitor);
    CHECK(role_on_entering(member, true) == Role::participant);
    CHECK(role_on_entering(admin, true) == Role::moderator);
    CHECK(role_on_entering(owner, false) == Role::moderator);
    CHECK(role_on_entering(outcast, false) == Role::none);
}

// XEP-0045 §5.1.3-1
TEST_CASE("roles: a new affiliation gives the role it implies, and only lost moderation takes one (XEP-0045 "
          "§5.1.3)")
{
    CHECK(role_after_change(Role::visitor, none, member, true) == Role::participant);
    CHECK(role_after_change(Role::participant, member, admin, false) == Role::moderator);
    CHECK(role_after_change(Role::moderator, admin, member, false) == Role::participant);
    CHECK(role_after_change(Role::moderator, none, member, false) == Role::moderator);
    CHECK(role_after_change(Role::participant, member, none, true) == Role::participant);
    CHECK(role_after_change(Role::participant, none, outcast, false) == Role::none);
}

TEST_CASE("roles: names are the wire's, both ways")
{
    for (const Role role : { Role::none, Role::visitor, Role::participant, Role::moderator }) {
        CHECK(role_from_text(to_text(role)) == role);
    }
    for (const Affiliation affiliation : { none, outcast, member, admin, owner }) {
        CHECK(affiliation_from_text(to_text(affiliation)) == affiliation);
    }
    CHECK_FALSE(role_from_text("queen").has_value());
    CHECK_FALSE(affiliation_from_text("").has_value());
}

// XEP-0045 §8.2-2
TEST_CASE("kick: by a moderator, and never from below (XEP-0045 §8.2)")
{
    const RoleAndAffiliation moderator { none, Role::moderator };
    CHECK(change_role(moderator, { none, Role::participant }, Role::none) == "allowed");
    CHECK(change_role(moderator, { member, Role::participant }, Role::none) == "not-allowed");
    CHECK(change_role({ member, Role::moderator }, { admin, Role::moderator }, Role::none) == "not-allowed");
    CHECK(change_role({ admin, Role::moderator }, { owner, Role::moderator }, Role::none) == "not-allowed");
    CHECK(change_role({ owner, Role::moderator }, { owner, Role::moderator }, Role::none) == "allowed");
    CHECK(change_role({ member, Role::participant }, { none, Role::visitor }, Role::none) == "forbidden");
}

// XEP-0045 §8.4-2
TEST_CASE("voice: is taken from nobody of the same affiliation, and from no admin or owner (XEP-0045 §8.4)")
{
    const RoleAndAffiliation moderator { none, Role::moderator };
    CHECK(change_role(moderator, { none, Role::visitor }, Role::participant) == "allowed");
    CHECK(change_role(moderator, { none, Role::participant }, Role::visitor) == "allowed");
    CHECK(change_role(moderator, { member, Role::visitor }, Role::participant) == "allowed"); // §8.3: given
    CHECK(change_role(moderator, { member, Role::participant }, Role::visitor) == "not-allowed");
    CHECK(change_role({ member, Role::moderator }, { member, Role::participant }, Role::visitor)
        == "not-allowed");
    CHECK(change_role({ owner, Role::moderator }, { admin, Role::moderator }, Role::visitor)
        == "not-allowed");
    CHECK(change_role({ none, Role::participant }, { none, Role::visitor }, Role::participant)
        == "forbidden");
}

// XEP-0045 §9.6-1 §9.7-2
TEST_CASE(
    "moderation: is given and taken by admins and owners, and not from their like (XEP-0045 §9.6, §9.7)")
{
    const RoleAndAffiliation admin_there { admin, Role::moderator };
    CHECK(change_role(admin_there, { member, Role::participant }, Role::moderator) == "allowed");
    CHECK(change_role(admin_there, { member, Role::moderator }, Role::participant) == "allowed");
    CHECK(change_role(admin_there, { admin, Role::moderator }, Role::participant) == "not-allowed");
    CHECK(change_role(admin_there, { owner, Role::moderator }, Role::participant) == "not-allowed");
    CHECK(change_role(admin_there, { owner, Role::moderator }, Role::moderator) == "allowed"); // as it is
    CHECK(change_role({ none, Role::moderator }, { none, Role::participant }, Role::moderator)
        == "forbidden");
}

// XEP-0045 §10.4-1 §10.7-1
TEST_CASE("affiliations: who may change which (XEP-0045 §5.2.2), row by row")
{
    constexpr std::array all { none, outcast, member, admin, owner };
    for (const Affiliation now : all) {
        for (const Affiliation wanted : all) {
            CHECK(verdict(affiliation_change_problem(owner, now, wanted)) == "allowed");
            for (const Affiliation low : { none, outcast, member }) {
                CHECK(verdict(affiliation_change_problem(low, now, wanted)) == "forbidden");
            }
            const bool concerns_owners = wanted >= admin || now >= admin;
            const bool bans = wanted == outcast; // §9.1
            const std::string expected = !concerns_owners ? "allowed" : bans ? "not-allowed" : "forbidden";
            CHECK(verdict(affiliation_change_problem(admin, now, wanted)) == expected);
        }
    }
}
