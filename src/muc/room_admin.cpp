// SPDX-License-Identifier: Apache-2.0
#include "muc/room_admin.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_affiliations.hpp"
#include "muc/room_entrance.hpp"
#include "muc/room_invitations.hpp"
#include "muc/room_visit.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

constexpr std::size_t most_items = 500;
constexpr std::size_t longest_reason = 1024;

/// One `<item/>` of a set, parsed and well-formed.
struct RoleItem {
    std::string nick;
    Role role;
    std::string reason;
};
struct AffiliationItem {
    Jid user;
    Affiliation affiliation;
    std::string reason;
    std::optional<std::string> nick; ///< to be reserved (§9.3)
};
struct Items {
    std::vector<RoleItem> roles;
    std::vector<AffiliationItem> affiliations;
};

StanzaError bad_request(std::string_view why)
{
    return StanzaError(StanzaError::bad_request, why);
}

std::string shortened(std::string reason)
{
    if (reason.size() > longest_reason) {
        std::size_t end = longest_reason;
        while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) {
            --end;
        }
        reason.resize(end);
    }
    return reason;
}

std::string reason_of(const Element& item)
{
    return shortened(item.child_text("reason"));
}

/// §9.2: returns an error if `user` is a domain and the affiliation is neither a ban nor none.
std::optional<StanzaError> target_problem(const Jid& user, Affiliation affiliation)
{
    const bool may_be_domain = affiliation == Affiliation::outcast || affiliation == Affiliation::none;
    return user.has_local() || may_be_domain
        ? std::nullopt
        : std::optional(StanzaError(StanzaError::not_acceptable, "A whole domain can only be banned"));
}

std::optional<StanzaError> read_role(const Element& item, Items& items)
{
    const auto role = role_from_text(item.attribute_or("role"));
    const auto nick = item.attribute("nick");
    if (!role || !nick || nick->empty()) {
        return bad_request("An item for a role has a nick and a known role");
    }
    items.roles.push_back({ std::string(*nick), *role, reason_of(item) });
    return std::nullopt;
}

/// §9.2: addresses are bare; a full address means its user. An item may instead give an occupant's nick, as
/// many clients do (§17.4).
std::optional<StanzaError> read_affiliation(const Room& room, const Element& item, Items& items)
{
    const auto affiliation = affiliation_from_text(item.attribute_or("affiliation"));
    if (!affiliation) {
        return bad_request("There is no such affiliation");
    }
    AffiliationItem read { {}, *affiliation, reason_of(item), std::nullopt };
    const auto nick = item.attribute("nick");
    if (const auto address = item.attribute("jid")) {
        const auto jid = Jid::parse(*address);
        if (!jid) {
            return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify);
        }
        read.user = jid->bare();
        if (nick && !nick->empty()) {
            read.nick = std::string(*nick);
        }
    } else if (const Occupant* occupant = nick ? room.occupants().by_nick(*nick) : nullptr) {
        read.user = occupant->user;
    } else {
        return nick ? StanzaError(StanzaError::item_not_found)
                    : bad_request("An item has neither jid nor nick");
    }
    if (auto refusal = target_problem(read.user, *affiliation)) {
        return refusal;
    }
    items.affiliations.push_back(std::move(read));
    return std::nullopt;
}

Result<Items, StanzaError> read_items(const Room& room, const Element& query)
{
    Items items;
    const auto elements = query.children("item", ns::muc_admin);
    if (elements.empty() || elements.size() > most_items) {
        return bad_request("Between one and 500 items may be changed at once");
    }
    for (const Element* item : elements) {
        const bool has_role = item->has_attribute("role");
        const bool has_affiliation = item->has_attribute("affiliation");
        if (has_role == has_affiliation) { // §17.4
            return bad_request("An item changes either a role or an affiliation");
        }
        auto refusal = has_role ? read_role(*item, items) : read_affiliation(room, *item, items);
        if (refusal) {
            return std::move(*refusal);
        }
    }
    return items;
}

/// Returns the nick of the user who makes the change; empty for an admin who is not in the room.
std::string actor_nick(const Room& room, const Jid& actor)
{
    const Occupant* occupant = room.occupants().by_device(actor);
    return occupant == nullptr ? std::string() : std::string(occupant->nick());
}

// Roles -------------------------------------------------------------------------------------------

std::optional<StanzaError> roles_problem(const Room& room, const Jid& actor,
    const std::vector<RoleItem>& items)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(actor);
    for (const RoleItem& item : items) {
        const Occupant* target = room.occupants().by_nick(item.nick);
        if (role_and_affiliation.role != Role::moderator
            && role_and_affiliation.affiliation < Affiliation::admin) {
            return StanzaError(StanzaError::forbidden);
        }
        if (target == nullptr) {
            return StanzaError(StanzaError::item_not_found);
        }
        const RoleAndAffiliation his { room.affiliation(target->user), target->role };
        if (auto refusal = role_change_problem(role_and_affiliation, his, item.role)) {
            return refusal;
        }
    }
    return std::nullopt;
}

/// Changes the role at once. Returns the announcement to the others.
Function<void()> change_role(Room& room, const RoleItem& item, const std::string& actor)
{
    Occupant& target = *room.occupants().by_nick(item.nick);
    Notice notice;
    notice.actor = actor;
    notice.reason = item.reason;
    if (item.role == Role::none) {
        notice.codes = { muc_status::kicked };
        return remove_occupant(room, target, notice);
    }
    const Role before = target.role;
    target.role = item.role;
    room.occupants().roles_changed();
    return [held = room.shared_from_this(), nick = item.nick, notice, before] {
        if (Occupant* there = held->occupants().by_nick(nick)) {
            show(*held, *there, notice);
            hide_if_not_shown(*held, *there, before);
        }
    };
}

Function<void()> change_roles(Room& room, const Jid& actor, const std::vector<RoleItem>& items)
{
    const std::string nick = actor_nick(room, actor);
    std::vector<Function<void()>> afterwards;
    for (const RoleItem& item : items) {
        if (room.occupants().by_nick(item.nick) != nullptr) { // an earlier item may have kicked the user
            afterwards.push_back(change_role(room, item, nick));
        }
    }
    return all_of(std::move(afterwards));
}

// Affiliations ------------------------------------------------------------------------------------

std::optional<StanzaError> item_problem(const Room& room, const Jid& actor, const AffiliationItem& item)
{
    const Affiliation own = room.affiliation(actor);
    const RoomMember* member = room.members().find(item.user);
    const Affiliation now = member == nullptr ? Affiliation::none : member->affiliation;
    if (item.user.same_bare(actor) && item.affiliation == Affiliation::outcast) {
        return own >= Affiliation::admin ? StanzaError(StanzaError::conflict)
                                         : StanzaError(StanzaError::forbidden);
    }
    if (auto refusal = affiliation_change_problem(own, now, item.affiliation)) {
        return refusal;
    }
    if (item.nick && !item.nick->empty()) {
        const RoomMember* holder = room.members().holder_of(*item.nick);
        if (holder != nullptr && !holder->jid.same_bare(item.user)) {
            return StanzaError(StanzaError::conflict);
        }
    }
    return std::nullopt;
}

/// §10.4: whether no owner would remain after all changes of the request.
bool leaves_no_owner(const Room& room, const std::vector<AffiliationItem>& items)
{
    std::vector<Jid> owners = room.members().jids_with(Affiliation::owner);
    for (const AffiliationItem& item : items) {
        std::erase(owners, item.user);
        if (item.affiliation == Affiliation::owner) {
            owners.push_back(item.user);
        }
    }
    return owners.empty();
}

RoomMember changed_member(const Room& room, const AffiliationItem& item)
{
    RoomMember member = room.members().copy_of(item.user);
    member.affiliation = item.affiliation;
    member.reason = item.reason;
    if (item.nick) {
        member.nick = *item.nick;
    }
    if (item.affiliation == Affiliation::outcast || item.affiliation == Affiliation::none) {
        member.nick.clear(); // §9.1
        member.choices.clear();
    }
    return member;
}

/// Returns by how many bytes the room's stored members grow.
std::size_t bytes_added(const Room& room, const std::vector<AffiliationItem>& items)
{
    std::size_t before = 0;
    std::size_t after = 0;
    for (const AffiliationItem& item : items) {
        const RoomMember* known = room.members().find(item.user);
        before += known != nullptr ? Members::bytes_of(*known) : 0;
        const RoomMember changed = changed_member(room, item);
        after += changed.is_nobody() ? 0 : Members::bytes_of(changed);
    }
    return after > before ? after - before : 0;
}

/// Returns why the outcome is not allowed for any actor, or nothing.
std::optional<StanzaError> outcome_problem(const Room& room, const std::vector<AffiliationItem>& items)
{
    if (leaves_no_owner(room, items)) {
        return StanzaError(StanzaError::conflict, "A room needs an owner");
    }
    const auto most = static_cast<std::size_t>(room.service().settings().integer("max_members"));
    const auto new_people = std::count_if(items.begin(), items.end(), [&room](const AffiliationItem& item) {
        return item.affiliation != Affiliation::none && room.members().find(item.user) == nullptr;
    });
    if (new_people > 0 && room.members().all().size() + static_cast<std::size_t>(new_people) > most) {
        return StanzaError(StanzaError::resource_constraint, "Too many people belong to this room");
    }
    const auto most_bytes = static_cast<std::size_t>(room.service().settings().integer("max_members_bytes"));
    if (const std::size_t added = bytes_added(room, items);
        added > 0 && room.members().bytes() + added > most_bytes) {
        return StanzaError(StanzaError::resource_constraint, "Too much is to be remembered of people here");
    }
    return std::nullopt;
}

std::optional<StanzaError> affiliations_problem(const Room& room, const Jid& actor,
    const std::vector<AffiliationItem>& items)
{
    for (const AffiliationItem& item : items) {
        if (auto refusal = item_problem(room, actor, item)) {
            return refusal;
        }
    }
    return outcome_problem(room, items);
}

Task<RoomAnswer> change_affiliations(std::shared_ptr<Room> room, Jid actor,
    std::vector<AffiliationItem> items)
{
    std::vector<RoomMember> members;
    std::vector<Affiliation> before;
    for (const AffiliationItem& item : items) {
        before.push_back(room->affiliation(item.user));
        members.push_back(changed_member(*room, item));
    }
    auto storing = store_members(*room, std::move(members));
    const auto stored = co_await storing;
    if (!stored) {
        co_return to_stanza_error(stored.error());
    }
    const std::string nick = actor_nick(*room, actor);
    std::vector<Function<void()>> afterwards;
    for (std::size_t i = 0; i < items.size(); ++i) {
        afterwards.push_back(apply_affiliation(*room, items[i].user, before[i], nick, items[i].reason));
        const bool is_new = before[i] == Affiliation::none && items[i].affiliation >= Affiliation::member;
        if (is_new && room->config().members_only) {
            afterwards.emplace_back([room, member = items[i].user,
                                        by = actor.empty() ? room->address() : actor] {
                invite_member(*room, member, by);
            });
        }
    }
    co_return RoomAnswer(std::nullopt, all_of(std::move(afterwards)));
}

// Lists -------------------------------------------------------------------------------------------

/// Whether `asker` may get a list of affiliations (§9.2, §9.5, §9.8, §10.5; muc#roomconfig_getmemberlist).
bool may_list(const Room& room, const Jid& asker, Affiliation listed)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(asker);
    const bool is_of_rulers = listed >= Affiliation::admin;
    if (role_and_affiliation.affiliation == Affiliation::owner
        || (role_and_affiliation.affiliation == Affiliation::admin && !is_of_rulers)) {
        return true;
    }
    const bool belongs = role_and_affiliation.affiliation == Affiliation::member
        || role_and_affiliation.role != Role::none;
    // A user outside is treated like one who has entered (§9.5).
    const Role role = role_and_affiliation.role != Role::none
        ? role_and_affiliation.role
        : role_on_entering(role_and_affiliation.affiliation, room.config().moderated);
    const bool is_secret = listed == Affiliation::outcast || listed == Affiliation::none;
    // §5.2.1: the list contains real addresses.
    if (is_of_rulers && room.config().is_anonymous()) {
        return false;
    }
    return !is_secret && belongs && room.config().member_list.has(role)
        && room.shows_real_addresses_to(asker);
}

Element affiliation_list(const Room& room, Affiliation affiliation)
{
    Element query("query", ns::muc_admin);
    for (const RoomMember* member : room.members().with(affiliation)) {
        Element& item = query.add("item");
        item.set_attribute("affiliation", to_text(affiliation)).set_attribute("jid", member->jid.text());
        if (!member->nick.empty() && affiliation != Affiliation::outcast) {
            item.set_attribute("nick", member->nick);
        }
        if (!member->reason.empty()) {
            item.add_text_child("reason", member->reason);
        }
    }
    return query;
}

Element role_list(const Room& room, Role role)
{
    Element query("query", ns::muc_admin);
    room.occupants().for_each([&](const Occupant& occupant) {
        if (occupant.role == role) {
            query.add("item")
                .set_attribute("affiliation", to_text(room.affiliation(occupant.user)))
                .set_attribute("jid", occupant.shown().jid().text())
                .set_attribute("nick", occupant.nick())
                .set_attribute("role", to_text(role));
        }
    });
    return query;
}

Task<RoomAnswer> answer_admin_get(std::shared_ptr<Room> room, Iq iq)
{
    const auto items = iq.payload().children("item", ns::muc_admin);
    if (items.size() != 1
        || items.front()->has_attribute("role") == items.front()->has_attribute("affiliation")) {
        co_return bad_request("Ask for one role or one affiliation");
    }
    const Element& item = *items.front();
    if (item.has_attribute("role")) {
        const auto role = role_from_text(item.attribute_or("role"));
        if (!role || *role == Role::none) {
            co_return bad_request("There is no such role");
        }
        const RoleAndAffiliation role_and_affiliation = room->role_and_affiliation(iq.from());
        if (role_and_affiliation.role != Role::moderator
            && role_and_affiliation.affiliation < Affiliation::admin) {
            co_return StanzaError(StanzaError::forbidden);
        }
        co_return RoomAnswer(std::optional(role_list(*room, *role)));
    }
    const auto affiliation = affiliation_from_text(item.attribute_or("affiliation"));
    if (!affiliation || *affiliation == Affiliation::none) {
        co_return bad_request("There is no such list");
    }
    if (!may_list(*room, iq.from(), *affiliation)) {
        co_return StanzaError(StanzaError::forbidden);
    }
    co_return RoomAnswer(std::optional(affiliation_list(*room, *affiliation)));
}

Task<RoomAnswer> answer_admin_set(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    const auto items = read_items(*room, iq.payload());
    if (!items) {
        co_return items.error();
    }
    const Jid& actor = iq.from();
    if (auto refusal = roles_problem(*room, actor, items->roles)) {
        co_return std::move(*refusal);
    }
    if (auto refusal = affiliations_problem(*room, actor, items->affiliations)) {
        co_return std::move(*refusal);
    }
    if (items->affiliations.empty()) {
        co_return RoomAnswer(std::nullopt, change_roles(*room, actor, items->roles));
    }
    auto changing = change_affiliations(room, actor, items->affiliations);
    auto answer = co_await changing;
    if (answer.answer && !items->roles.empty()) {
        std::vector<Function<void()>> both;
        both.push_back(std::move(answer.afterwards));
        both.push_back(change_roles(*room, actor, items->roles));
        answer.afterwards = all_of(std::move(both));
    }
    co_return answer;
}

} // namespace

Task<RoomAnswer> change_affiliation(std::shared_ptr<Room> room, Jid user, Affiliation affiliation,
    std::string reason)
{
    if (auto refusal = target_problem(user, affiliation)) {
        co_return std::move(*refusal);
    }
    std::vector<AffiliationItem> items;
    items.push_back({ std::move(user), affiliation, shortened(std::move(reason)), std::nullopt });
    if (auto refusal = outcome_problem(*room, items)) {
        co_return std::move(*refusal);
    }
    auto changing = change_affiliations(room, Jid(), std::move(items));
    auto answer = co_await changing;
    co_return answer;
}

void attach_room_admin(RoomHandlers& on)
{
    on.iq_get(ns::muc_admin, "query", answer_admin_get);
    on.iq_set(ns::muc_admin, "query", answer_admin_set);
}

} // namespace stonechat
