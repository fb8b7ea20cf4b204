// SPDX-License-Identifier: Apache-2.0
#include "muc/room_invitations.hpp"

#include "base/background.hpp"
#include "muc/room.hpp"
#include "muc/room_affiliations.hpp"
#include "muc/room_handlers.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t most_invitations = 50;

const Element* user_element(const Stanza& message)
{
    return message.element().child("x", ns::muc_user);
}

/// Whether `inviter` may invite (§7.8.2, muc#roomconfig_allowinvites).
bool may_invite(const Room& room, const Jid& inviter)
{
    const RoleAndAffiliation role_and_affiliation = room.role_and_affiliation(inviter);
    if (role_and_affiliation.role == Role::moderator
        || role_and_affiliation.affiliation >= Affiliation::admin) {
        return role_and_affiliation.role != Role::none;
    }
    const bool is_entitled = !room.config().members_only
        || role_and_affiliation.affiliation >= Affiliation::member;
    return room.config().members_invite && role_and_affiliation.role >= Role::participant && is_entitled;
}

/// Returns the message with the invitation. `what` is an `<invite/>` without addresses.
Stanza invitation(const Room& room, const Jid& inviter, const Jid& invitee, Element what)
{
    what.set_attribute("from", inviter.bare_text());
    Stanza message = Stanza::message(room.address(), invitee);
    Element& x = message.element().add("x", ns::muc_user);
    x.add(std::move(what));
    if (!room.config().password.empty()) {
        x.add_text_child("password", room.config().password);
    }
    return message;
}

Stanza passed_on(const Room& room, const Stanza& request, const Element& invite, const Jid& invitee)
{
    Element passed("invite", ns::muc_user);
    for (const char* name : { "reason", "continue" }) {
        if (const Element* child = invite.child(name)) {
            passed.add(*child);
        }
    }
    Stanza message = invitation(room, request.from(), invitee, std::move(passed));
    if (!request.id().empty()) {
        message.element().set_attribute("id", request.id());
    }
    return message;
}

/// Makes the invitee of a members-only room a member (§7.8.2), then sends the invitation.
Task<Done> invite_as_member(std::shared_ptr<Room> room, Stanza message, Jid invitee, Settlement settlement)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    RoomMember member = room->members().copy_of(invitee);
    if (member.affiliation == Affiliation::none) {
        member.affiliation = Affiliation::member;
        std::vector<RoomMember> members { member };
        auto storing = store_members(*room, std::move(members));
        const auto stored = co_await storing;
        if (!stored) {
            room->refuse(message, to_stanza_error(stored.error()));
            std::move(settlement).settle();
            co_return Done();
        }
    }
    room->host().router().route(std::move(message), std::move(settlement));
    co_return Done();
}

void invite(Room& room, const Stanza& request, const Element& invite, Settlement settlement)
{
    const auto invitee = Jid::parse(invite.attribute_or("to"));
    if (!invitee || !invitee->has_local()) {
        room.refuse(request, StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify));
        std::move(settlement).settle();
        return;
    }
    if (room.affiliation(*invitee) == Affiliation::outcast) {
        room.refuse(request, StanzaError(StanzaError::forbidden));
        std::move(settlement).settle();
        return;
    }
    room.invitations().add(*invitee, request.from());
    Stanza message = passed_on(room, request, invite, *invitee);
    if (!room.config().members_only || room.affiliation(*invitee) != Affiliation::none) {
        room.host().router().route(std::move(message), std::move(settlement));
        return;
    }
    const auto failed = [held = room.shared_from_this(),
                            refusable = request](const std::exception_ptr& failure) {
        held->host().log().error("invitation failed", { { "why", what_of(failure) } });
        held->refuse(refusable, StanzaError(StanzaError::internal_server_error));
    };
    start(
        invite_as_member(room.shared_from_this(), std::move(message), *invitee, std::move(settlement)),
        [](Done) {}, failed);
}

void invite_all(Room& room, const Stanza& request, Settlement& settlement)
{
    if (room.occupants().by_device(request.from()) == nullptr) {
        room.refuse(request, StanzaError(StanzaError::not_acceptable));
        return;
    }
    if (!may_invite(room, request.from())) {
        room.refuse(request, StanzaError(StanzaError::forbidden));
        return;
    }
    const auto invites = user_element(request)->children("invite", ns::muc_user);
    if (invites.size() > most_invitations || !room.rates().allows_message(request.from())) {
        room.refuse(request, StanzaError(StanzaError::resource_constraint));
        return;
    }
    for (const Element* each : invites) { // the SenderPart goes with the first
        invite(room, request, *each, std::exchange(settlement, settlement.share()));
    }
}

void decline(Room& room, const Stanza& message, const Element& decline, Settlement& settlement)
{
    const auto inviter = Jid::parse(decline.attribute_or("to"));
    if (!inviter || !room.invitations().take(message.from(), *inviter)) {
        room.refuse(message, StanzaError(StanzaError::item_not_found));
        return;
    }
    Stanza passed = Stanza::message(room.address(), inviter->bare());
    if (!message.id().empty()) {
        passed.element().set_attribute("id", message.id());
    }
    Element& told = passed.element().add("x", ns::muc_user).add("decline");
    told.set_attribute("from", message.from().bare_text());
    if (const Element* reason = decline.child("reason")) {
        told.add(*reason);
    }
    for (const Occupant* occupant : room.occupants().of_user(*inviter)) {
        passed.set_to(occupant->shown().jid()); // the inviter is present; this device expects the answer
    }
    room.host().router().route(std::move(passed), std::move(settlement));
}

bool is_about(const std::pair<Jid, Jid>& invitation, const Jid& account)
{
    return invitation.first.same_bare(account) || invitation.second.same_bare(account);
}

void receive_invitation(Room& room, const Stanza& message, Settlement& settlement)
{
    if (const Element* refused = user_element(message)->child("decline")) {
        decline(room, message, *refused, settlement);
    } else {
        invite_all(room, message, settlement);
    }
}

} // namespace

void RoomInvitations::add(const Jid& invitee, const Jid& inviter)
{
    if (all_.size() >= most) {
        all_.pop_front();
    }
    all_.emplace_back(invitee.bare(), inviter.bare());
}

bool RoomInvitations::take(const Jid& invitee, const Jid& inviter)
{
    const auto found = std::find(all_.begin(), all_.end(), std::pair(invitee.bare(), inviter.bare()));
    if (found == all_.end()) {
        return false;
    }
    all_.erase(found);
    return true;
}

bool RoomInvitations::knows(const Jid& account) const
{
    return std::any_of(all_.begin(), all_.end(),
        [&account](const auto& each) { return is_about(each, account); });
}

void RoomInvitations::forget(const Jid& account)
{
    std::erase_if(all_, [&account](const auto& each) { return is_about(each, account); });
}

void attach_room_invitations(RoomHandlers& on)
{
    on.message(is_invitation, receive_invitation);
    on.account_removed([](const Room& room, const Jid& account) { return room.invitations().knows(account); },
        [](Room& room, const Jid& account) { room.invitations().forget(account); });
}

void invite_member(Room& room, const Jid& member, const Jid& by)
{
    if (!room.occupants().of_user(member).empty() || !member.has_local()
        || !room.rates().allows_message(by)) {
        return;
    }
    room.invitations().add(member, by);
    room.send(invitation(room, by, member, Element("invite", ns::muc_user)));
}

bool is_invitation(const Stanza& message)
{
    const Element* x = user_element(message);
    return x != nullptr && (x->child("invite") != nullptr || x->child("decline") != nullptr);
}

} // namespace stonechat
