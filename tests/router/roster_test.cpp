// SPDX-License-Identifier: Apache-2.0
#include "router/roster.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

RosterRecord contact(std::string_view jid, SubscriptionState subscription = SubscriptionState::none)
{
    RosterRecord record;
    record.contact = *Jid::parse(jid);
    record.subscription = subscription;
    return record;
}

Roster sample()
{
    RosterData data;
    data.version = 7;
    data.items = { contact("tybalt@capulet.lit", SubscriptionState::from),
        contact("juliet@capulet.lit", SubscriptionState::both),
        contact("nurse@capulet.lit", SubscriptionState::to), contact("paris@capulet.lit") };
    return Roster(std::move(data));
}

} // namespace

TEST_CASE("roster: contacts are found by their bare JID, whatever order the store gave them in")
{
    const Roster roster = sample();
    CHECK(roster.version() == 7);
    for (const char* jid :
        { "juliet@capulet.lit", "nurse@capulet.lit", "paris@capulet.lit", "tybalt@capulet.lit" }) {
        REQUIRE(roster.find(jid) != nullptr);
        CHECK(roster.find(jid)->contact.text() == jid);
    }
    CHECK(roster.find("mercutio@verona.lit") == nullptr);
    CHECK(roster.find("") == nullptr);
}

TEST_CASE("roster: from and both see us, to and both are seen by us (RFC 6121 §2.1.2.5)")
{
    const Roster roster = sample();
    CHECK(roster.is_subscriber("juliet@capulet.lit"));
    CHECK(roster.is_subscriber("tybalt@capulet.lit"));
    CHECK_FALSE(roster.is_subscriber("nurse@capulet.lit"));
    CHECK_FALSE(roster.is_subscriber("paris@capulet.lit"));
    CHECK_FALSE(roster.is_subscriber("mercutio@verona.lit"));
    CHECK(roster.is_subscribed_to("juliet@capulet.lit"));
    CHECK(roster.is_subscribed_to("nurse@capulet.lit"));
    CHECK_FALSE(roster.is_subscribed_to("tybalt@capulet.lit"));
    CHECK_FALSE(roster.is_subscribed_to("mercutio@verona.lit"));
}

TEST_CASE("roster: a contact that nobody knows begins outside the roster, in state none")
{
    const RosterRecord record = Roster().find_or_new(*Jid::parse("juliet@capulet.lit/balcony"));
    CHECK(record.contact.text() == "juliet@capulet.lit");
    CHECK_FALSE(record.in_roster);
    CHECK(record.subscription == SubscriptionState::none);
}

TEST_CASE("roster: put replaces, remove removes, order stays")
{
    Roster roster = sample();
    RosterRecord changed = roster.find_or_new(*Jid::parse("nurse@capulet.lit"));
    changed.name = "Nurse";
    roster.put(changed);
    roster.put(contact("benvolio@montague.lit"));
    roster.remove("paris@capulet.lit");
    roster.remove("nobody@capulet.lit");
    REQUIRE(roster.size() == 4);
    CHECK(roster.find("nurse@capulet.lit")->name == "Nurse");
    CHECK(roster.find("paris@capulet.lit") == nullptr);
    CHECK(roster.records().front().contact.text() == "benvolio@montague.lit");
    CHECK(roster.records().back().contact.text() == "tybalt@capulet.lit");
}

TEST_CASE("roster: an item shows what clients may see, and no more (RFC 6121 §2.1.2)")
{
    RosterRecord record = contact("nurse@capulet.lit");
    CHECK(to_xml(Roster::to_item(record), ns::roster)
        == "<item jid='nurse@capulet.lit' subscription='none'/>");
    record.name = "Nurse";
    record.groups = { "Servants", "Capulets" };
    record.pending_out = true;
    record.approved = true;
    record.pending_in = "<presence/>";
    const Element item = Roster::to_item(record);
    CHECK(item.attribute("name") == "Nurse");
    CHECK(item.attribute("ask") == "subscribe");
    CHECK(item.attribute("approved") == "true");
    CHECK(item.child_count() == 2);
    CHECK(item.attributes().size() == 5);
    CHECK(item.child_text("group") == "Servants");
}

TEST_CASE("async mutex: one at a time, in the order of asking")
{
    AsyncMutex change_mutex;
    std::vector<int> order;
    auto first = std::make_unique<Pending<AsyncMutex::Lock>>(change_mutex.lock());
    for (const int number : { 1, 2, 3 }) {
        change_mutex.lock().then([&order, number](AsyncMutex::Lock) { order.push_back(number); });
    }
    CHECK(order.empty());
    CHECK(change_mutex.waiting() == 3);
    first.reset(); // the turn goes with it
    CHECK(order == std::vector { 1, 2, 3 });
    CHECK(change_mutex.waiting() == 0);
}

TEST_CASE("async mutex: who holds the lock keeps the others waiting")
{
    AsyncMutex change_mutex;
    std::vector<int> order;
    auto held = std::make_shared<std::optional<AsyncMutex::Lock>>();
    change_mutex.lock().then([held](AsyncMutex::Lock turn) { held->emplace(std::move(turn)); });
    change_mutex.lock().then([&order](AsyncMutex::Lock) { order.push_back(1); });
    CHECK(order.empty());
    held->reset();
    CHECK(order == std::vector { 1 });
    change_mutex.lock().then([&order](AsyncMutex::Lock) { order.push_back(2); });
    CHECK(order == std::vector { 1, 2 });
}

TEST_CASE("async mutex: who asks again stands at the end of the line")
{
    AsyncMutex change_mutex;
    std::vector<int> order;
    auto first = std::make_unique<Pending<AsyncMutex::Lock>>(change_mutex.lock());
    change_mutex.lock().then([&order](AsyncMutex::Lock) { order.push_back(1); });
    change_mutex.lock().then([&change_mutex, &order](AsyncMutex::Lock turn) {
        order.push_back(2);
        {
            const AsyncMutex::Lock over = std::move(turn);
        }
        change_mutex.lock().then([&order](AsyncMutex::Lock) { order.push_back(4); });
    });
    change_mutex.lock().then([&order](AsyncMutex::Lock) { order.push_back(3); });
    first.reset();
    CHECK(order == std::vector { 1, 2, 3, 4 });
}

TEST_CASE("async mutex: very many who are done at once need no deep stack")
{
    AsyncMutex change_mutex;
    std::size_t done = 0;
    auto first = std::make_unique<Pending<AsyncMutex::Lock>>(change_mutex.lock());
    for (int i = 0; i < 200'000; ++i) {
        change_mutex.lock().then([&done](AsyncMutex::Lock) { ++done; });
    }
    first.reset();
    CHECK(done == 200'000);
}
