// SPDX-License-Identifier: Apache-2.0
#include "modules/roster_change.hpp"

#include "base/random.hpp"
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
            // Without `from`: from the user's own account, as clients check (§2.1.6).
            Stanza stanza = Stanza::iq(Jid(), session->jid(), IqType::set, random_id());
            stanza.element().add(query);
            session->send(stanza);
        }
    }
}

/// Whether the account is still what it was when the change began to wait for its turn.
bool is_current(const User& user)
{
    return user.state() == User::State::ready && user.host().find_user(user.jid().local()) == &user;
}

/// Whether clients would see a difference (§2.1.2); requests that wait are not shown to them.
bool looks_different(const RosterRecord* before, const RosterRecord& after)
{
    if (before == nullptr || !before->in_roster) {
        return after.in_roster;
    }
    return !after.in_roster || Roster::to_item(*before) != Roster::to_item(after);
}

} // namespace

Task<Result<Done, StoreError>> store_change(std::shared_ptr<User> user, RosterRecord changed)
{
    if (!is_current(*user)) {
        co_return StoreError::unavailable;
    }
    RosterStore& store = user->host().storage().rosters();
    Roster& roster = user->roster();
    const std::string contact = changed.contact.text();
    const bool visible = looks_different(roster.find(contact), changed);
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
        roster.remove(contact);
    }
    if (visible) {
        roster.next_version();
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

std::size_t count_items(const Roster& roster)
{
    return static_cast<std::size_t>(std::count_if(roster.records().begin(), roster.records().end(),
        [](const RosterRecord& record) { return record.in_roster; }));
}

} // namespace stonechat
