// SPDX-License-Identifier: Apache-2.0
#include "muc/room_owner.hpp"

#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_affiliations.hpp"
#include "muc/room_visit.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

RoomLimits limits_for(const Room& room, const Jid& owner)
{
    RoomLimits limits = room.service().limits();
    if (room.service().is_admin(owner)) {
        limits.occupants = 0; // the limit does not apply to administrators
    }
    return limits;
}

bool has(const std::optional<std::vector<Jid>>& list, const Jid& jid)
{
    return list
        && std::any_of(list->begin(), list->end(), [&jid](const Jid& each) { return each.same_bare(jid); });
}

/// Returns the affiliation after the submission. A list in the form is complete. An owner who is not in the
/// list of owners becomes an admin, unless the form has a list of admins. Users in neither list become
/// members (§10.2).
Affiliation submitted_affiliation(const RoomSubmission& submission, const Jid& jid, Affiliation now)
{
    const bool stays_owner = !submission.owners && now == Affiliation::owner && !has(submission.admins, jid);
    if (has(submission.owners, jid) || stays_owner) {
        return Affiliation::owner;
    }
    const bool stays_admin = !submission.admins && now >= Affiliation::admin;
    if (has(submission.admins, jid) || stays_admin) {
        return Affiliation::admin;
    }
    return std::min(now, Affiliation::member);
}

Result<std::vector<RoomMember>, StanzaError> member_changes(const Room& room,
    const RoomSubmission& submission)
{
    std::vector<Jid> concerned;
    for (const Affiliation high : { Affiliation::admin, Affiliation::owner }) {
        for (const Jid& jid : room.members().jids_with(high)) {
            concerned.push_back(jid.bare());
        }
    }
    for (const auto* list : { &submission.admins, &submission.owners }) {
        for (const Jid& jid : list->value_or(std::vector<Jid>())) {
            concerned.push_back(jid.bare());
        }
    }
    std::sort(concerned.begin(), concerned.end());
    concerned.erase(std::unique(concerned.begin(), concerned.end()), concerned.end());
    std::vector<RoomMember> changes;
    for (const Jid& jid : concerned) {
        const Affiliation now = room.affiliation(jid);
        const Affiliation wanted = submitted_affiliation(submission, jid, now);
        if (wanted != now) {
            RoomMember changed = room.members().copy_of(jid);
            changed.affiliation = wanted;
            changes.push_back(std::move(changed));
        }
    }
    const bool has_owner = std::any_of(room.members().all().begin(), room.members().all().end(),
                               [&changes](const auto& entry) {
                                   const RoomMember& member = entry.second;
                                   const bool changed = std::any_of(changes.begin(), changes.end(),
                                       [&member](const RoomMember& each) { return each.jid == member.jid; });
                                   return !changed && member.affiliation == Affiliation::owner;
                               })
        || std::any_of(changes.begin(), changes.end(),
            [](const RoomMember& each) { return each.affiliation == Affiliation::owner; });
    if (!has_owner) {
        return StanzaError(StanzaError::conflict, "A room needs an owner"); // §10.2
    }
    return changes;
}

RoomRecord record_of(const Room& room, const RoomConfig& config, const std::vector<RoomMember>& changes)
{
    RoomRecord record;
    record.config = to_text(config);
    record.persistent = config.persistent;
    record.listed = config.listed;
    record.created = room.host().clock().wall();
    Members members = room.members();
    for (const RoomMember& each : changes) {
        members.apply(each);
    }
    for (const auto& [jid, member] : members.all()) {
        record.members.push_back(member);
    }
    return record;
}

/// Applies a stored configuration. Occupants keep their roles when the room becomes moderated or stops being
/// so; the setting applies to those who enter later.
Function<void()> apply_config(Room& room, RoomConfig config, const std::vector<RoomMember>& changes,
    const std::vector<Affiliation>& before)
{
    const RoomConfig old = room.config();
    const std::vector<int> codes = config_status_codes(old, config);
    const bool closes = config.members_only && !old.members_only;
    room.set_config(std::move(config));
    std::vector<Function<void()>> afterwards;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        afterwards.push_back(apply_affiliation(room, changes[i].jid, before[i], {}, {}));
    }
    if (closes) {
        afterwards.push_back(remove_strangers(room));
    }
    afterwards.emplace_back([held = room.shared_from_this(), codes] {
        tell_config(*held, codes);
        held->after_leaving(); // an empty room may no longer be persistent
    });
    return all_of(std::move(afterwards));
}

/// Stores the configuration. Returns false if there was no room to store it for.
Stored<bool> store_config(Room& room, RoomConfig config, std::vector<RoomMember> members)
{
    RoomStore& store = room.host().storage().rooms();
    if (room.state() == Room::State::locked) {
        RoomRecord record = record_of(room, config, members);
        return store.create(room.key(), std::move(record));
    }
    RoomStore::Change change;
    change.config = to_text(config);
    change.persistent = config.persistent;
    change.listed = config.listed;
    change.members = std::move(members);
    return store.change(room.key(), std::move(change));
}

/// §10.1.1, §10.1.3: cancelling the first form destroys the room.
RoomAnswer cancel(Room& room)
{
    if (room.state() == Room::State::locked) {
        destroy_room(room, Notice {});
    }
    return RoomAnswer(std::nullopt);
}

} // namespace

void tell_config(Room& room, const std::vector<int>& codes)
{
    if (codes.empty() || room.occupants().empty()) {
        return;
    }
    Stanza message = Stanza::message(room.address(), Jid(), MessageType::groupchat);
    Element& x = message.element().add("x", ns::muc_user);
    for (const int code : codes) {
        x.add("status").set_attribute("code", std::to_string(code));
    }
    room.say(std::move(message), room.occupants().everybody());
}

Task<RoomAnswer> submit(std::shared_ptr<Room> room, DataForm form, RoomLimits limits)
{
    auto submission = read_room_submission(room->config(), form, limits);
    if (!submission) {
        co_return submission.error();
    }
    auto members = member_changes(*room, *submission);
    if (!members) {
        co_return members.error();
    }
    auto configuring = configure(room, std::move(submission->config), std::move(*members));
    auto answer = co_await configuring;
    co_return answer;
}

Task<RoomAnswer> configure(std::shared_ptr<Room> room, RoomConfig config, std::vector<RoomMember> members)
{
    std::vector<Affiliation> before;
    for (const RoomMember& member : members) {
        before.push_back(room->affiliation(member.jid));
    }
    auto storing = store_config(*room, config, members);
    const auto stored = co_await storing;
    if (!stored) {
        co_return to_stanza_error(stored.error());
    }
    if (!*stored || !room->exists()) {
        co_return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    for (const RoomMember& member : members) {
        room->members().apply(member);
    }
    if (room->state() == Room::State::locked) {
        room->open();
    }
    co_return RoomAnswer(std::nullopt, apply_config(*room, std::move(config), members, before));
}

Task<bool> accept_default(std::shared_ptr<Room> room)
{
    if (room->state() != Room::State::locked) {
        co_return true;
    }
    std::vector<RoomMember> nobody;
    auto configuring = configure(room, room->config(), std::move(nobody));
    auto answer = co_await configuring;
    if (answer.afterwards) {
        answer.afterwards();
    }
    co_return answer.answer.has_value();
}

Task<Result<Done, StoreError>> destroy_room(std::shared_ptr<Room> room, Element destroy)
{
    Notice notice;
    Element told("destroy", ns::muc_user);
    if (const auto venue = Jid::parse(destroy.attribute_or("jid"))) {
        told.set_attribute("jid", venue->text());
    }
    for (const char* name : { "reason", "password" }) {
        if (const Element* child = destroy.child(name)) {
            told.add_text_child(name, child->text());
        }
    }
    notice.destroy = std::move(told);
    if (room->state() == Room::State::open) {
        auto removing = room->host().storage().rooms().remove(room->key());
        const auto removed = co_await removing;
        if (!removed) {
            co_return removed.error();
        }
    }
    destroy_room(*room, notice);
    co_return Done();
}

namespace {

Task<RoomAnswer> answer_owner_get(std::shared_ptr<Room> room, Iq iq)
{
    if (room->affiliation(iq.from()) != Affiliation::owner) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (room->state() == Room::State::locked) {
        room->being_set_up();
    }
    Element query("query", ns::muc_owner);
    const DataForm form = room_config_form(room->config(), limits_for(*room, iq.from()),
        room->members().jids_with(Affiliation::owner), room->members().jids_with(Affiliation::admin),
        room->address().local());
    query.add(form.to_element());
    co_return RoomAnswer(std::optional(std::move(query)));
}

Task<RoomAnswer> answer_owner_set(std::shared_ptr<Room> room, Iq iq)
{
    auto locking = room->change_mutex().lock();
    const auto lock = co_await locking;
    if (room->affiliation(iq.from()) != Affiliation::owner) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (const Element* wish = iq.payload().child("destroy")) {
        auto destroying = destroy_room(room, *wish);
        const auto destroyed = co_await destroying;
        if (!destroyed) {
            co_return to_stanza_error(destroyed.error());
        }
        co_return RoomAnswer(std::nullopt);
    }
    const Element* x = iq.payload().child("x", ns::data_forms);
    if (x == nullptr) {
        co_return StanzaError(StanzaError::bad_request);
    }
    const auto form = DataForm::from_element(*x);
    if (!form) {
        co_return form.error();
    }
    if (form->type() == DataForm::Type::cancel) {
        co_return cancel(*room);
    }
    const bool is_ours = form->fields().empty() || form->form_type() == ns::room_config_form;
    if (form->type() != DataForm::Type::submit || !is_ours) {
        co_return StanzaError(StanzaError::bad_request);
    }
    auto submitting = submit(room, *form, limits_for(*room, iq.from()));
    auto answer = co_await submitting;
    co_return answer;
}

} // namespace

void attach_room_owner(RoomHandlers& on)
{
    on.features([](const Room& room) { return config_features(room.config()); });
    on.iq_get(ns::muc_owner, "query", answer_owner_get);
    on.iq_set(ns::muc_owner, "query", answer_owner_set);
}

} // namespace stonechat
