// SPDX-License-Identifier: Apache-2.0
#include "router/roster.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

std::string_view to_text(SubscriptionState state)
{
    switch (state) {
    case SubscriptionState::none: return "none";
    case SubscriptionState::to: return "to";
    case SubscriptionState::from: return "from";
    case SubscriptionState::both: return "both";
    }
    return {};
}

/// Returns an iterator to the first record that is not before `contact`, for const and other records alike.
template <class Records> auto place_of(Records& records, std::string_view contact)
{
    return std::lower_bound(records.begin(), records.end(), contact,
        [](const RosterRecord& record, std::string_view text) { return record.contact.text() < text; });
}

} // namespace

Roster::Roster(RosterData data) : records_(std::move(data.items)), version_(data.version)
{
    std::sort(records_.begin(), records_.end(),
        [](const RosterRecord& a, const RosterRecord& b) { return a.contact < b.contact; });
}

const RosterRecord* Roster::find(std::string_view contact) const
{
    const auto place = place_of(records_, contact);
    return place != records_.end() && place->contact.text() == contact ? &*place : nullptr;
}

RosterRecord Roster::find_or_new(const Jid& contact) const
{
    if (const RosterRecord* record = find(contact.bare_text())) {
        return *record;
    }
    RosterRecord record;
    record.contact = contact.bare();
    record.in_roster = false;
    return record;
}

void Roster::put(RosterRecord record)
{
    const auto place = place_of(records_, record.contact.text());
    if (place != records_.end() && place->contact == record.contact) {
        *place = std::move(record);
        return;
    }
    records_.insert(place, std::move(record));
}

void Roster::remove(std::string_view contact)
{
    const auto place = place_of(records_, contact);
    if (place != records_.end() && place->contact.text() == contact) {
        records_.erase(place);
    }
}

bool Roster::is_subscriber(std::string_view contact) const
{
    const RosterRecord* record = find(contact);
    return record != nullptr && sees_us(record->subscription);
}

bool Roster::is_subscribed_to(std::string_view contact) const
{
    const RosterRecord* record = find(contact);
    return record != nullptr && is_seen_by_us(record->subscription);
}

Element Roster::to_item(const RosterRecord& record)
{
    Element item("item", ns::roster);
    item.set_attribute("jid", record.contact.text());
    if (!record.name.empty()) {
        item.set_attribute("name", record.name);
    }
    item.set_attribute("subscription", to_text(record.subscription));
    if (record.pending_out) {
        item.set_attribute("ask", "subscribe");
    }
    if (record.approved) {
        item.set_attribute("approved", "true");
    }
    for (const std::string& group : record.groups) {
        item.add_text_child("group", group);
    }
    return item;
}

} // namespace stonechat
