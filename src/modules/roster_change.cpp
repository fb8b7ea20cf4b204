// SPDX-License-Identifier: Apache-2.0
#include "modules/roster_change.hpp"

#include "base/random.hpp"
#include "router/personal_nodes.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

void push(const User& user, const Element& item)
{
    Element query("query", ns::roster);
    query.set_attribute("ver", std::to_string(user.roster().version()));
    query.add(item);
    for (const auto& session : user.sessions()) {
        if (session->is_open() && session->is_interested()) {
            // No `from` means the user's own account; clients check this (§2.1.6).
            Stanza stanza = Stanza::iq(Jid(), session->jid(), IqType::set, random_id());
            stanza.element().add(query);
            session->send(stanza);
        }
    }
}

/// Bytes counted for each name in addition to its text.
constexpr std::size_t around_name = 32;

/// Returns the bytes of the parts of a record that clients have set.
std::size_t written_size(const RosterRecord& record)
{
    std::size_t size = record.in_roster ? record.contact.text().size() + record.name.size() + around_name : 0;
    for (const std::string& group : record.groups) {
        size += group.size() + around_name;
    }
    return size;
}

/// Returns whether the user is still the loaded, enabled account: that may change while waiting for the
/// mutex.
bool is_current(const User& user)
{
    return user.state() == User::State::ready && user.host().find_user(user.jid().local()) == &user;
}

/// Returns whether clients see a difference (§2.1.2). Waiting requests are not shown to clients.
bool looks_different(const RosterRecord* before, const RosterRecord& after)
{
    if (before == nullptr || !before->in_roster) {
        return after.in_roster;
    }
    return !after.in_roster || Roster::to_item(*before) != Roster::to_item(after);
}

/// Returns whether the contact may have been able to read nodes of the account that it cannot read now
/// (XEP-0163 §7.1).
bool may_lose_access(const RosterRecord* before, const RosterRecord& after)
{
    return before != nullptr && sees_us(before->subscription)
        && (!sees_us(after.subscription) || before->groups != after.groups);
}

} // namespace

Task<Result<Done, StoreError>> store_change(std::shared_ptr<User> user, RosterRecord changed)
{
    if (!is_current(*user)) {
        co_return StoreError::unavailable;
    }
    RosterStore& store = user->host().storage().rosters();
    Roster& roster = user->roster();
    const Jid contact = changed.contact;
    const bool visible = looks_different(roster.find(contact.text()), changed);
    const bool loses_access = may_lose_access(roster.find(contact.text()), changed);
    const std::uint64_t version = visible ? roster.version() + 1 : roster.version();
    const bool kept = changed.in_roster || changed.pending_in;
    Stored<Done> writing;
    if (kept) {
        writing = store.put(user->key(), changed, version);
    } else {
        writing = store.remove(user->key(), changed.contact, version);
    }
    const auto written = co_await writing;
    if (!written) {
        co_return written.error();
    }
    if (kept) {
        roster.put(std::move(changed));
    } else {
        roster.remove(contact.text());
    }
    if (visible) {
        roster.next_version();
    }
    if (PersonalNodes* nodes = user->host().personal_nodes(); nodes != nullptr && loses_access) {
        nodes->contact_changed(*user, contact);
    }
    co_return Done();
}

void push_item(const User& user, const RosterRecord& record)
{
    push(user, Roster::to_item(record));
}

void push_removal(const User& user, const Jid& contact)
{
    Element item("item", ns::roster);
    item.set_attribute("jid", contact.text());
    item.set_attribute("subscription", "remove");
    push(user, item);
}

void send_presence(const User& user, const Jid& contact)
{
    if (user.block_list().covers(contact)) {
        return;
    }
    for (const auto& session : user.sessions()) {
        if (session->is_available()) {
            Stanza presence = *session->presence();
            presence.set_to(contact);
            user.host().router().route(std::move(presence));
        }
    }
}

void send_unavailable(const User& user, const Jid& contact)
{
    if (user.block_list().covers(contact)) {
        return;
    }
    for (const auto& session : user.sessions()) {
        if (session->is_available()) {
            user.host().router().route(Stanza::presence(session->jid(), contact, PresenceType::unavailable));
        }
    }
}

bool has_no_room(const Roster& roster, const RosterRecord& before, const RosterRecord& after,
    const Section& limits)
{
    const std::size_t old_size = written_size(before);
    const std::size_t new_size = written_size(after);
    if (new_size <= old_size && before.in_roster) {
        return false;
    }
    std::size_t count = before.in_roster ? 0 : 1;
    std::size_t bytes = new_size - old_size;
    for (const RosterRecord& each : roster.records()) {
        count += each.in_roster ? 1 : 0;
        bytes += written_size(each);
    }
    return count > static_cast<std::size_t>(limits.integer("max_contacts"))
        || bytes > static_cast<std::size_t>(limits.integer("max_bytes"));
}

} // namespace stonechat
