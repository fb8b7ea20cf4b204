// SPDX-License-Identifier: Apache-2.0
// What every backend promises of the nodes of pubsub services (storage/node_store.hpp).
#include "backends.hpp"
#include "storage/sqlite/connection.hpp"

#include <algorithm>
#include <random>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

using Ids = std::vector<std::string>;
using Outcome = NodeStore::Published::Outcome;
using Creation = NodeStore::Creation;

const AccountKey service { "pubsub.capulet.example", "" };
const std::string blocks = "blocking";

Jid jid(std::string_view text)
{
    return *Jid::parse(text);
}

const Jid romeo_bare = jid("romeo@montague.example");
const Jid nurse_bare = jid("nurse@capulet.example");

NodeRecord record(std::string name, std::string config = "config")
{
    NodeRecord record;
    record.name = std::move(name);
    record.config = std::move(config);
    record.creator = jid("juliet@capulet.example");
    record.created = WallTime(1'700'000'000s);
    record.affiliates = { { record.creator, NodeAffiliation::owner } };
    return record;
}

NodeSubscriber subscriber(std::string_view address, std::string id = "1")
{
    return { jid(address), NodeSubscriptionState::subscribed, std::move(id), "options" };
}

NodeItem item(std::string id, std::string payload = "<p/>", WallTime modified = WallTime(1'700'000'001s))
{
    NodeItem item;
    item.id = std::move(id);
    item.publisher = romeo_bare;
    item.payload = std::move(payload);
    item.modified = modified;
    return item;
}

NodeStore::Publication publication(std::string node, std::vector<NodeItem> items, std::size_t keep = 100)
{
    NodeStore::Publication publication;
    publication.node = std::move(node);
    publication.create = record(publication.node);
    publication.items = std::move(items);
    publication.keep_items = keep;
    return publication;
}

Ids ids_of(const std::vector<NodeItem>& items)
{
    Ids ids;
    for (const auto& each : items) {
        ids.push_back(each.id);
    }
    return ids;
}

template <class Where> struct Nodes : Opened<Where> {
    NodeStore& nodes() { return this->storage->nodes(); }

    NodeStore::Published publish(NodeStore::Publication publication, const AccountKey& key = juliet)
    {
        return value(this->home, nodes().publish(key, std::move(publication)));
    }
    NodeStore::Published publish(const std::string& node, std::vector<NodeItem> items, std::size_t keep = 100)
    {
        return publish(publication(node, std::move(items), keep));
    }
    NodeStore::ItemPage page(const std::string& node, NodeStore::ItemQuery query = {})
    {
        return value(this->home, nodes().items(juliet, node, std::move(query)));
    }
    Ids ids(const std::string& node) { return ids_of(page(node).items); }
    std::optional<NodeRecord> find(const std::string& node, const AccountKey& key = juliet)
    {
        return value(this->home, nodes().find(key, node));
    }
    Creation create(NodeRecord record, NodeLimits limits = {})
    {
        return value(this->home, nodes().create(juliet, std::move(record), limits));
    }
    auto change(const std::string& node, NodeStore::Change change)
    {
        return value(this->home, nodes().change(juliet, node, std::move(change)));
    }
    std::vector<NodeStore::Expired> expire(WallTime now, std::size_t limit = 100)
    {
        return value(this->home, nodes().expire(now, limit));
    }
    std::vector<NodeStore::LastItem> last_items(const Jid& reader, std::vector<AccountKey> accounts,
        Ids names = { "tune" })
    {
        return value(this->home,
            nodes().last_items({ reader, std::move(accounts), std::move(names), blocks }));
    }
    void befriend(const AccountKey& key, const Jid& contact, SubscriptionState subscription,
        std::vector<std::string> groups = {})
    {
        RosterRecord record;
        record.contact = contact;
        record.subscription = subscription;
        record.groups = std::move(groups);
        value(this->home, this->rosters().put(key, record, 1));
    }
};

} // namespace

TEST_CASE_TEMPLATE("nodes: what was created is found, with its lists in order of address", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    CHECK_FALSE(at.find("princely_musings").has_value());
    NodeRecord made = record("princely_musings", "a <config/>");
    made.item_lifetime = 60s;
    made.affiliates = { { jid("z.example"), NodeAffiliation::outcast },
        { romeo_bare, NodeAffiliation::publisher }, { nurse_bare, NodeAffiliation::none } };
    made.subscribers = { subscriber("romeo@montague.example/orchard"), subscriber("francisco@denmark.lit") };
    made.subscribers[0].state = NodeSubscriptionState::pending;
    CHECK_EQ(at.create(made), Creation::created);
    const auto found = at.find("princely_musings");
    REQUIRE(found.has_value());
    CHECK_EQ(found->name, "princely_musings");
    CHECK_EQ(found->config, "a <config/>");
    CHECK_EQ(found->creator.text(), "juliet@capulet.example");
    CHECK(found->created == made.created);
    CHECK(found->item_lifetime == 60s);
    CHECK(found->affiliates
        == std::vector<NodeAffiliate> {
            { romeo_bare, NodeAffiliation::publisher }, { jid("z.example"), NodeAffiliation::outcast } });
    CHECK(found->subscribers == std::vector<NodeSubscriber> { made.subscribers[1], made.subscribers[0] });
    CHECK_EQ(found->items, 0);
    CHECK_EQ(found->item_bytes, 0);
    CHECK_EQ(at.create(record("princely_musings", "other")), Creation::exists);
    CHECK_EQ(at.find("princely_musings")->config, "a <config/>");
    CHECK_FALSE(at.find("princely_musings", service).has_value());
}

TEST_CASE_TEMPLATE("nodes: a service with a domain of its own has no account and keeps nodes", Where,
    InMemory, InSqlite)
{
    Nodes<Where> at;
    at.publish(publication("n", { item("1") }), service);
    CHECK_EQ(value(at.home, at.nodes().items(service, "n", {})).items.size(), 1);
    CHECK_FALSE(at.find("n").has_value());
    CHECK_EQ(value(at.home, at.accounts().count(service.host)), 0);
}

TEST_CASE_TEMPLATE("nodes: they are listed by name, page by page", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    for (const auto* name : { "b", "a", "\xc3\xa4", "B" }) {
        at.create(record(name, std::string("config of ") + name));
    }
    value(at.home, at.nodes().create(service, record("c"), {}));
    const auto all = value(at.home, at.nodes().list(juliet, "", 10));
    REQUIRE_EQ(all.size(), 4);
    CHECK_EQ(all[0].name, "B");
    CHECK_EQ(all[1].name, "a");
    CHECK_EQ(all[1].config, "config of a");
    CHECK(all[1].affiliates == record("a").affiliates);
    CHECK_EQ(all[3].name, "\xc3\xa4");
    const auto page = value(at.home, at.nodes().list(juliet, "B", 2));
    REQUIRE_EQ(page.size(), 2);
    CHECK_EQ(page[1].name, "b");
    CHECK(value(at.home, at.nodes().list(romeo, "", 10)).empty());
}

TEST_CASE_TEMPLATE("nodes: names and ids are bytes: nothing in them is SQL, equal or special", Where,
    InMemory, InSqlite)
{
    Nodes<Where> at;
    const Ids names { "a", "A", "a ", "' OR 1=1 --", "\"; DROP TABLE node;", "%", "_", "\xc3\xa4",
        "a\xcc\x88", "\xff\xfe", "?1", "\x01", "x'00'", "1", "1.0", "01" };
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(at.publish(name, { item(name, "of " + name) }).created);
    }
    for (const auto& name : names) {
        CAPTURE(name);
        at.publish("all", { item(name, "of " + name) });
        const auto items = at.page(name).items;
        REQUIRE_EQ(items.size(), 1);
        CHECK_EQ(items[0].id, name);
        CHECK_EQ(items[0].payload, "of " + name);
    }
    CHECK_EQ(at.ids("all"), names);
    NodeStore::ItemQuery query;
    query.ids = names;
    CHECK_EQ(ids_of(at.page("all", query).items), names);
    CHECK_EQ(value(at.home, at.nodes().retract(juliet, "all", { "%", "' OR 1=1 --" })),
        Ids { "%", "' OR 1=1 --" });
    CHECK_EQ(at.find("all")->items, names.size() - 2);
    CHECK(value(at.home, at.nodes().remove(juliet, "%")));
    CHECK(at.find("a").has_value());
}

TEST_CASE_TEMPLATE("nodes: a change takes what it names and leaves the rest", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    CHECK_FALSE(at.change("n", {}).has_value());
    auto made = record("n");
    made.subscribers = { subscriber("romeo@montague.example"), subscriber("nurse@capulet.example") };
    at.create(made);
    at.publish("n", { item("1"), item("2"), item("3") });
    NodeStore::Change change;
    change.affiliates = { { romeo_bare, NodeAffiliation::member },
        { nurse_bare, NodeAffiliation::publisher } };
    change.subscribers = { subscriber("romeo@montague.example", "other id"),
        { nurse_bare, NodeSubscriptionState::none, "", "" } };
    CHECK_EQ(at.change("n", change), Ids {});
    auto found = at.find("n");
    CHECK_EQ(found->config, "config");
    CHECK_EQ(found->affiliates.size(), 3);
    CHECK(found->subscribers == std::vector<NodeSubscriber> { change.subscribers[0] });
    CHECK_EQ(found->items, 3);

    NodeStore::Change other;
    other.config = "new";
    other.keep_items = 1;
    other.affiliates = { { nurse_bare, NodeAffiliation::none } };
    CHECK_EQ(at.change("n", other), Ids { "1", "2" });
    found = at.find("n");
    CHECK_EQ(found->config, "new");
    CHECK_EQ(found->affiliates.size(), 2);
    CHECK_EQ(found->items, 1);
    CHECK_EQ(found->item_bytes, 5);
    CHECK_EQ(at.ids("n"), Ids { "3" });
}

TEST_CASE_TEMPLATE("nodes: with a node goes everything in it", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    at.publish("n", { item("1") });
    NodeStore::Change change;
    change.subscribers = { subscriber("romeo@montague.example") };
    at.change("n", change);
    CHECK(value(at.home, at.nodes().remove(juliet, "n")));
    CHECK_FALSE(value(at.home, at.nodes().remove(juliet, "n")));
    CHECK(value(at.home, at.nodes().involving(juliet, romeo_bare)).empty());
    at.create(record("n"));
    CHECK_EQ(at.find("n")->items, 0);
    CHECK(at.find("n")->subscribers.empty());
    CHECK(at.ids("n").empty());
    CHECK(value(at.home, at.accounts().holdings(juliet)).stores[0].second == 0);
}

TEST_CASE_TEMPLATE("nodes: a published item is the newest, and keeps the time of its first publication",
    Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    const WallTime first(1000s);
    const WallTime later(2000s);
    CHECK(at.publish("n", { item("a", "1", first), item("b", "2", first) }).created);
    auto again = item("a", "longer", later);
    again.publisher = Jid();
    CHECK_FALSE(at.publish("n", { again }).created);
    const auto items = at.page("n").items;
    REQUIRE_EQ(ids_of(items), Ids { "b", "a" });
    CHECK(items[1].created == first);
    CHECK(items[1].modified == later);
    CHECK_EQ(items[1].payload, "longer");
    CHECK(items[1].publisher.empty());
    CHECK(items[0].publisher == romeo_bare);
    CHECK_EQ(at.find("n")->items, 2);
    CHECK_EQ(at.find("n")->item_bytes, 1 + 6 + 1 + 1);
    NodeStore::ItemQuery query;
    query.order = NodeStore::ItemOrder::created;
    query.with_payload = false;
    const auto by_creation = at.page("n", query).items;
    CHECK_EQ(ids_of(by_creation), Ids { "a", "b" });
    CHECK(by_creation[0].payload.empty());
    value(at.home, at.nodes().retract(juliet, "n", { "a" }));
    at.publish("n", { item("a", "3", later) });
    CHECK(at.page("n").items[1].created == later);
}

TEST_CASE_TEMPLATE("nodes: a node keeps the items that were published last", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    CHECK(at.publish("n", { item("1"), item("2"), item("3") }, 3).trimmed.empty());
    CHECK_EQ(at.publish("n", { item("1"), item("4") }, 3).trimmed, Ids { "2" });
    CHECK_EQ(at.ids("n"), Ids { "3", "1", "4" });
    CHECK_EQ(at.publish("n", { item("5"), item("6"), item("7") }, 2).trimmed, Ids { "3", "1", "4", "5" });
    CHECK_EQ(at.publish("n", { item("8"), item("8", "twice") }, 0).trimmed, Ids { "6", "7" });
    CHECK_EQ(at.page("n").items[0].payload, "twice");
    CHECK_EQ(at.find("n")->items, 1);
    CHECK_EQ(at.find("n")->item_bytes, 6);
}

TEST_CASE_TEMPLATE("nodes: a publication creates its node, or nothing of it happens", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    auto without = publication("n", { item("1") });
    without.create.reset();
    CHECK_EQ(at.publish(without).outcome, Outcome::no_node);
    auto large = publication("n", { item("1", "12345"), item("2", "12345") });
    large.limits.bytes = 11;
    const auto refused = at.publish(large);
    CHECK_EQ(refused.outcome, Outcome::too_many_bytes);
    CHECK_FALSE(refused.created);
    CHECK_FALSE(at.find("n").has_value());
    CHECK(value(at.home, at.accounts().holdings(juliet)).stores.empty());
    value(at.home, at.keyval().set(juliet, "s", "k", "v")); // the account's number is not stale
    CHECK_EQ(value(at.home, at.keyval().get(juliet, "s", "k")), "v");
    large.limits.bytes = 12;
    large.create->name = "another name";
    const auto published = at.publish(large);
    CHECK_EQ(published.outcome, Outcome::published);
    CHECK(published.created);
    CHECK_EQ(at.ids("n"), Ids { "1", "2" });
    CHECK_EQ(at.find("n")->name, "n");
    CHECK_FALSE(at.find("another name").has_value());
    CHECK(at.find("n")->affiliates == record("").affiliates);
    CHECK(at.publish("empty", {}).created);
    CHECK_EQ(at.find("empty")->items, 0);
}

TEST_CASE_TEMPLATE("nodes: an account has so many nodes and bytes, whatever its nodes are", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    NodeLimits limits;
    limits.nodes = 2;
    CHECK_EQ(at.create(record("a"), limits), Creation::created);
    CHECK_EQ(at.create(record("b"), limits), Creation::created);
    CHECK_EQ(at.create(record("a"), limits), Creation::exists);
    CHECK_EQ(at.create(record("c"), limits), Creation::too_many_nodes);
    auto third = publication("c", { item("1") });
    third.limits = limits;
    CHECK_EQ(at.publish(third).outcome, Outcome::too_many_nodes);
    CHECK_FALSE(at.find("c").has_value());
    value(at.home, at.nodes().remove(juliet, "b"));
    CHECK_EQ(at.publish(third).outcome, Outcome::published); // 5 bytes

    auto more = publication("a", { item("1", "1234") });
    more.limits.bytes = 9;
    CHECK_EQ(at.publish(more).outcome, Outcome::too_many_bytes);
    CHECK(at.ids("a").empty());
    more.limits.bytes = 10;
    CHECK_EQ(at.publish(more).outcome, Outcome::published);
    CHECK_EQ(at.publish(more).outcome, Outcome::published); // replaces itself
    more.items = { item("2", "1234") };
    CHECK_EQ(at.publish(more).outcome, Outcome::too_many_bytes);
    CHECK_EQ(at.ids("a"), Ids { "1" });
    more.keep_items = 1;
    CHECK_EQ(at.publish(more).outcome, Outcome::published); // displaces the other
    more.limits.bytes = 3;
    more.items = { item("3", "123") };
    CHECK_EQ(at.publish(more).outcome, Outcome::published); // less than before
    CHECK_EQ(value(at.home, at.accounts().holdings(juliet)).stores[0],
        std::pair<std::string, std::uint64_t>("nodes", 9));
}

TEST_CASE_TEMPLATE("nodes: items are retracted by id, and all together", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    CHECK_FALSE(value(at.home, at.nodes().retract(juliet, "n", { "1" })).has_value());
    CHECK_FALSE(value(at.home, at.nodes().purge(juliet, "n")));
    at.publish("n", { item("1"), item("2"), item("3") });
    at.publish("other", { item("1") });
    CHECK_EQ(value(at.home, at.nodes().retract(juliet, "n", { "3", "?", "1", "3" })), Ids { "3", "1" });
    CHECK_EQ(at.ids("n"), Ids { "2" });
    CHECK(value(at.home, at.nodes().purge(juliet, "n")));
    CHECK(at.ids("n").empty());
    CHECK_EQ(at.find("n")->items, 0);
    CHECK_EQ(at.find("n")->item_bytes, 0);
    CHECK_EQ(at.ids("other"), Ids { "1" });
}

TEST_CASE_TEMPLATE("nodes: those with pending subscriptions are found by their owner (XEP-0060 §8.7)", Where,
    InMemory, InSqlite)
{
    Nodes<Where> at;
    const auto pending = [&at](const Jid& owner, std::size_t limit = 10) {
        return value(at.home, at.nodes().pending(juliet, owner, limit));
    };
    CHECK(pending(Jid()).empty());
    NodeSubscriber waits = subscriber("francisco@denmark.lit/elsinore");
    waits.state = NodeSubscriptionState::pending;
    for (const std::string name : { "c", "a", "b", "quiet", "bare" }) {
        NodeRecord made = record(name);
        made.affiliates = { { romeo_bare, name == "b" ? NodeAffiliation::member : NodeAffiliation::owner },
            { nurse_bare, NodeAffiliation::owner } };
        made.subscribers = { subscriber("bernardo@denmark.lit") };
        if (name.size() == 1) {
            made.subscribers.push_back(waits);
        }
        at.create(made);
    }
    CHECK_EQ(pending(Jid()), Ids { "a", "b", "c" });
    CHECK_EQ(pending(Jid(), 2), Ids { "a", "b" });
    CHECK_EQ(pending(romeo_bare), Ids { "a", "c" });
    CHECK(pending(jid("bernardo@denmark.lit")).empty());
    waits.state = NodeSubscriptionState::subscribed;
    NodeStore::Change change;
    change.subscribers = { waits };
    at.change("a", change);
    CHECK_EQ(pending(romeo_bare), Ids { "c" });
}

TEST_CASE_TEMPLATE("nodes: items are paged in both directions", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    CHECK_EQ(at.page("n").count, 0);
    at.publish("n", { item("3"), item("2"), item("1"), item("4"), item("5") });
    at.publish("n", { item("3") }); // modified: 2 1 4 5 3; created: 3 2 1 4 5
    NodeStore::ItemQuery query;
    query.max = 2;
    auto page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "2", "1" });
    CHECK_EQ(page.first, 0);
    CHECK_EQ(page.count, 5);
    query.after = "1";
    page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "4", "5" });
    CHECK_EQ(page.first, 2);
    query.after.reset();
    query.before = "";
    page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "5", "3" });
    CHECK_EQ(page.first, 3);
    query.before = "5";
    CHECK_EQ(ids_of(at.page("n", query).items), Ids { "1", "4" });
    query.before.reset();
    query.index = 3;
    CHECK_EQ(ids_of(at.page("n", query).items), Ids { "5", "3" });
    query.index = 9;
    page = at.page("n", query);
    CHECK(page.items.empty());
    CHECK_EQ(page.count, 5);
    query.index = 0;
    query.max = 0;
    CHECK_EQ(at.page("n", query).count, 5);
    query.after = "unknown";
    page = at.page("n", query);
    CHECK_FALSE(page.found);
    CHECK_EQ(page.count, 5);
}

TEST_CASE_TEMPLATE("nodes: the archive of a node is what it keeps, in the order of publication (XEP-0442)",
    Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    const auto archive = [&at](ArchiveQuery query = {}) {
        return value(at.home, at.nodes().archive(juliet, "n", std::move(query)));
    };
    CHECK(archive()->items.empty());
    CHECK(archive()->complete);
    for (const std::string id : { "a", "b", "c", "a" }) { // the second `a` replaces the first one
        NodeItem published = item(id, "<p/>", WallTime(1'700'000'000s) + std::chrono::seconds(id[0]));
        published.publisher = id == "b" ? romeo_bare : nurse_bare;
        at.publish("n", { published });
    }
    const auto all = archive();
    REQUIRE_EQ(all->items.size(), 3);
    CHECK_EQ(all->items[0].item.id, "b");
    CHECK_EQ(all->items[2].item.id, "a");
    CHECK(all->items[0].id < all->items[1].id);
    CHECK(all->items[1].id < all->items[2].id);
    CHECK_EQ(all->count, 3);
    CHECK_EQ(all->first_index, 0);
    const auto ids_in = [](const std::optional<NodeStore::ArchivedItems>& page) {
        Ids ids;
        for (const auto& each : page.value().items) {
            ids.push_back(each.item.id);
        }
        return ids;
    };
    ArchiveQuery query;
    query.with = jid("romeo@montague.example/orchard");
    CHECK_EQ(ids_in(archive(query)), Ids { "b" });
    query = {};
    query.start = WallTime(1'700'000'000s) + std::chrono::seconds('b');
    CHECK_EQ(ids_in(archive(query)), Ids { "b", "c" });
    query.end = query.start;
    CHECK_EQ(ids_in(archive(query)), Ids { "b" });
    query = {};
    query.after_id = all->items[0].id;
    CHECK_EQ(ids_in(archive(query)), Ids { "c", "a" });
    query.before_id = all->items[2].id;
    CHECK_EQ(ids_in(archive(query)), Ids { "c" });
    query = {};
    query.ids = { all->items[2].id, all->items[0].id };
    CHECK_EQ(ids_in(archive(query)), Ids { "b", "a" });
    query = {};
    query.limit = 1;
    query.page_after = all->items[0].id;
    auto page = archive(query);
    CHECK_EQ(ids_in(page), Ids { "c" });
    CHECK_FALSE(page->complete);
    CHECK_EQ(page->first_index, 1);
    query.page_after.reset();
    query.from_the_end = true;
    query.page_before = all->items[1].id;
    page = archive(query);
    CHECK_EQ(ids_in(page), Ids { "b" });
    CHECK(page->complete);
    query.limit = 0;
    CHECK_EQ(archive(query)->count, 3);
    query.page_before = all->items[2].id + 1;
    CHECK_FALSE(archive(query).has_value());
    query.page_before = UINT64_MAX;
    CHECK_FALSE(archive(query).has_value());
    at.publish("n", { item("b") });
    query = {};
    query.ids = { all->items[0].id }; // published again: another event
    CHECK_FALSE(archive(query).has_value());
}

TEST_CASE_TEMPLATE("nodes: pages of the newest items know no others", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    at.publish("n", { item("3"), item("2"), item("1"), item("4"), item("5") });
    at.publish("n", { item("3") });
    NodeStore::ItemQuery query;
    query.newest = 3;
    auto page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "4", "5", "3" });
    CHECK_EQ(page.count, 3);
    query.after = "4";
    query.max = 1;
    page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "5" });
    CHECK_EQ(page.first, 1);
    query.after = "1"; // there, but not among them
    CHECK_FALSE(at.page("n", query).found);
    query.after.reset();
    query.order = NodeStore::ItemOrder::created;
    query.before = "5";
    page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "4" });
    CHECK_EQ(page.first, 1);
    query.newest = 100;
    query.before.reset();
    query.max = 100;
    CHECK_EQ(ids_of(at.page("n", query).items), Ids { "3", "2", "1", "4", "5" });
}

TEST_CASE_TEMPLATE("nodes: items are found by id, in the order of the ids and each once", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    at.publish("n", { item("1"), item("2"), item("3") });
    NodeStore::ItemQuery query;
    query.ids = { "3", "unknown", "1", "3" };
    query.newest = 1;
    query.max = 1;
    const auto page = at.page("n", query);
    CHECK_EQ(ids_of(page.items), Ids { "3", "1" });
    CHECK_EQ(page.count, 2);
    CHECK(page.found);
    query.ids = { "unknown" };
    CHECK(at.page("n", query).items.empty());
}

TEST_CASE_TEMPLATE("nodes: those that know somebody are found, and forget it", Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    for (const auto* name : { "c", "b", "a", "stranger" }) {
        at.create(record(name));
    }
    NodeStore::Change change;
    change.affiliates = { { romeo_bare, NodeAffiliation::outcast } };
    at.change("b", change);
    NodeStore::Change subscription;
    subscription.subscribers = { subscriber("romeo@montague.example/orchard"),
        subscriber("romeo@montague.example"), subscriber("romeo@montague.example.org"),
        subscriber("romeo@montague.example-x.org/orchard"), subscriber("montague.example") };
    at.change("c", subscription);
    value(at.home, at.nodes().create(service, record("a"), {}));
    value(at.home, at.nodes().change(service, "a", change));

    const auto found = value(at.home, at.nodes().involving(juliet, romeo_bare));
    REQUIRE_EQ(found.size(), 2);
    CHECK_EQ(found[0].node, "b");
    CHECK_EQ(found[0].affiliation, NodeAffiliation::outcast);
    CHECK(found[0].subscriptions.empty());
    CHECK_EQ(found[1].node, "c");
    CHECK_EQ(found[1].affiliation, NodeAffiliation::none);
    CHECK(found[1].subscriptions
        == std::vector<NodeSubscriber> { subscription.subscribers[1], subscription.subscribers[0] });

    value(at.home, at.nodes().forget(romeo_bare));
    CHECK(value(at.home, at.nodes().involving(juliet, romeo_bare)).empty());
    CHECK(value(at.home, at.nodes().involving(service, romeo_bare)).empty());
    CHECK_EQ(at.find("c")->subscribers.size(), 3);
}

TEST_CASE_TEMPLATE("nodes: an account that goes is forgotten in all others, also as their only owner (PB43)",
    Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    auto shared = record("shared");
    shared.affiliates.push_back({ romeo_bare, NodeAffiliation::owner });
    shared.subscribers = { subscriber("juliet@capulet.example/balcony") };
    value(at.home, at.nodes().create(service, shared, {}));
    value(at.home, at.nodes().create(service, record("alone"), {}));
    value(at.home, at.accounts().create(juliet, {}));
    CHECK(value(at.home, at.accounts().remove(juliet)));
    CHECK(at.find("shared", service)->affiliates
        == std::vector<NodeAffiliate> { { romeo_bare, NodeAffiliation::owner } });
    CHECK(at.find("shared", service)->subscribers.empty());
    CHECK(at.find("alone", service)->affiliates.empty()); // else a new account of this name would own it
}

TEST_CASE_TEMPLATE("nodes: those of an account go with it, and a new account of its name has none", Where,
    InMemory, InSqlite)
{
    Nodes<Where> at;
    value(at.home, at.accounts().create(juliet, {}));
    at.publish("n", { item("1") });
    at.publish(publication("n", { item("1") }), nurse);
    CHECK(value(at.home, at.accounts().remove(juliet)));
    CHECK_FALSE(at.find("n").has_value());
    at.publish("late", { item("1") });
    value(at.home, at.accounts().create(juliet, {}));
    CHECK_FALSE(at.find("late").has_value());
    NodeLimits limits;
    limits.nodes = 1;
    CHECK_EQ(at.create(record("n"), limits), Creation::created);
    CHECK_EQ(at.find("n")->items, 0);
    CHECK_EQ(at.find("n", nurse)->items, 1);
}

TEST_CASE_TEMPLATE("nodes: last items are those of accounts that let the reader see their presence", Where,
    InMemory, InSqlite)
{
    Nodes<Where> at;
    const std::vector<SubscriptionState> states { SubscriptionState::none, SubscriptionState::to,
        SubscriptionState::from, SubscriptionState::both };
    std::vector<AccountKey> accounts;
    for (std::size_t i = 0; i < states.size(); ++i) {
        accounts.push_back({ "capulet.example", "user" + std::to_string(i) });
        at.publish(publication("tune", { item("old"), item("new") }), accounts.back());
        at.publish(publication("mood", { item("m") }), accounts.back());
        at.befriend(accounts.back(), romeo_bare, states[i], { "Friends", "Lovers" });
    }
    accounts.push_back({ "capulet.example", "stranger" });
    at.publish(publication("tune", { item("1") }), accounts.back());
    accounts.push_back({ "capulet.example", "nobody" });
    const auto found = at.last_items(romeo_bare, accounts);
    REQUIRE_EQ(found.size(), 2);
    CHECK(found[0].service == accounts[2]);
    CHECK(found[1].service == accounts[3]);
    CHECK_EQ(found[0].node, "tune");
    CHECK_EQ(found[0].config, "config");
    CHECK_EQ(found[0].item.id, "new");
    CHECK_EQ(found[0].item.payload, "<p/>");
    CHECK(found[0].item.publisher == romeo_bare);
    CHECK_EQ(found[0].groups, std::vector<std::string> { "Friends", "Lovers" });
    CHECK_EQ(at.last_items(romeo_bare, accounts, { "tune", "mood", "unknown" }).size(), 4);
    CHECK(at.last_items(romeo_bare, {}).empty());
    CHECK(at.last_items(nurse_bare, accounts).empty());
}

TEST_CASE_TEMPLATE("nodes: last items know the reader's affiliation, or that of its domain", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    at.publish("tune", { item("1") });
    at.befriend(juliet, romeo_bare, SubscriptionState::both);
    CHECK_EQ(at.last_items(romeo_bare, { juliet })[0].affiliation, NodeAffiliation::none);
    NodeStore::Change change;
    change.affiliates = { { romeo_bare.domain_jid(), NodeAffiliation::outcast } };
    at.change("tune", change);
    CHECK_EQ(at.last_items(romeo_bare, { juliet })[0].affiliation, NodeAffiliation::outcast);
    change.affiliates = { { romeo_bare, NodeAffiliation::member } };
    at.change("tune", change);
    CHECK_EQ(at.last_items(romeo_bare, { juliet })[0].affiliation, NodeAffiliation::member);
    value(at.home, at.nodes().purge(juliet, "tune"));
    CHECK(at.last_items(romeo_bare, { juliet }).empty());
}

TEST_CASE_TEMPLATE("nodes: last items know the best subscription of the reader's addresses", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    at.publish("tune", { item("1") });
    at.befriend(juliet, romeo_bare, SubscriptionState::both);
    const auto subscription = [&at] { return at.last_items(romeo_bare, { juliet })[0].subscription; };
    NodeStore::Change change;
    change.subscribers = { subscriber("romeo@montague.example-x.org/orchard"),
        subscriber("montague.example") };
    at.change("tune", change);
    CHECK_EQ(subscription(), NodeSubscriptionState::none);
    change.subscribers = { subscriber("romeo@montague.example") };
    change.subscribers[0].state = NodeSubscriptionState::pending;
    at.change("tune", change);
    CHECK_EQ(subscription(), NodeSubscriptionState::pending);
    change.subscribers = { subscriber("romeo@montague.example/orchard") };
    at.change("tune", change);
    CHECK_EQ(subscription(), NodeSubscriptionState::subscribed);
}

TEST_CASE_TEMPLATE("nodes: last items of an account that blocks the reader are left out, but not its own",
    Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    const Jid juliet_bare = jid("juliet@capulet.example");
    for (const auto& key : { juliet, nurse }) {
        at.publish(publication("tune", { item("1") }), key);
        at.befriend(key, romeo_bare, SubscriptionState::both);
    }
    CHECK_EQ(at.last_items(romeo_bare, { juliet, nurse }).size(), 2);
    value(at.home, at.keyval().set(juliet, blocks, "romeo@montague.example", ""));
    value(at.home, at.keyval().set(nurse, blocks, "montague.example.org", ""));
    value(at.home, at.keyval().set(nurse, "another store", "montague.example", ""));
    auto found = at.last_items(romeo_bare, { juliet, nurse });
    REQUIRE_EQ(found.size(), 1);
    CHECK(found[0].service == nurse);
    value(at.home, at.keyval().set(nurse, blocks, "montague.example", ""));
    CHECK(at.last_items(romeo_bare, { juliet, nurse }).empty());

    value(at.home, at.keyval().set(juliet, blocks, "capulet.example", ""));
    found = at.last_items(juliet_bare, { juliet, nurse });
    REQUIRE_EQ(found.size(), 1);
    CHECK(found[0].service == juliet);
    CHECK_EQ(found[0].affiliation, NodeAffiliation::owner);
    CHECK(found[0].groups.empty());
}

TEST_CASE_TEMPLATE("nodes: items expire in pieces, those that are due longest first", Where, InMemory,
    InSqlite)
{
    Nodes<Where> at;
    const WallTime start(1000s);
    auto short_lived = publication("short", { item("1", "", start), item("2", "", start + 5s) });
    short_lived.create->item_lifetime = 10s;
    at.publish(short_lived);
    at.publish("eternal", { item("1", "", start) });
    auto other = publication("other", { item("a", "", start + 1s) });
    other.create->item_lifetime = 10s;
    at.publish(other, service);

    CHECK(at.expire(start + 9s).empty());
    auto expired = at.expire(start + 20s, 2);
    REQUIRE_EQ(expired.size(), 2);
    CHECK(expired[0].service == juliet);
    CHECK_EQ(expired[0].node, "short");
    CHECK_EQ(expired[0].ids, Ids { "1" });
    CHECK(expired[1].service == service);
    CHECK_EQ(expired[1].ids, Ids { "a" });
    CHECK_EQ(at.find("short")->items, 1);
    expired = at.expire(start + 20s, 2);
    REQUIRE_EQ(expired.size(), 1);
    CHECK_EQ(expired[0].ids, Ids { "2" });
    CHECK(at.expire(start + 20s, 2).empty());
    CHECK_EQ(at.ids("eternal"), Ids { "1" });
}

TEST_CASE_TEMPLATE("nodes: a new lifetime holds for the items that are there, a publication begins anew",
    Where, InMemory, InSqlite)
{
    Nodes<Where> at;
    const WallTime start(1000s);
    at.publish("n", { item("1", "", start), item("2", "", start), item("3", "", start) });
    NodeStore::Change change;
    change.item_lifetime = 10s;
    at.change("n", change);
    at.publish("n", { item("2", "", start + 5s) });
    const auto expired = at.expire(start + 10s);
    REQUIRE_EQ(expired.size(), 1);
    CHECK_EQ(expired[0].ids, Ids { "1", "3" });
    change.item_lifetime = 0s;
    at.change("n", change);
    CHECK(at.expire(start + 1000h).empty());
    change.item_lifetime = std::chrono::seconds::max();
    at.change("n", change);
    at.publish("n", { item("4", "", start) });
    CHECK(at.expire(start + 1000h).empty());
    CHECK(at.find("n")->item_lifetime == std::chrono::seconds::max());
}

TEST_CASE("nodes: what was answered is there after the database was opened again")
{
    Nodes<InSqlite> at;
    at.publish("n", { item("1"), item("2") });
    at.publish("n", { item("1", "again") });
    at.storage.reset();
    at.backend.reset();
    at.backend = open_at(at.folder.file("stonechat.db"), at.clock, at.log);
    at.storage = at.backend->front(at.home);
    CHECK_EQ(at.ids("n"), Ids { "2", "1" });
    at.publish("n", { item("2") });
    CHECK_EQ(at.ids("n"), Ids { "1", "2" });
    CHECK_EQ(at.find("n")->items, 2);
}

TEST_CASE("nodes: a row that makes no sense is answered as damaged, and only that one")
{
    const auto* const bad_affiliation = "UPDATE node_affiliation SET affiliation = 6";
    const auto* const bad_state = "UPDATE node_subscription SET state = -1";
    const auto* const bad_jid = "UPDATE node_subscription SET jid = '@'";
    const auto* const bad_creator = "UPDATE node SET creator = 'a@@b'";
    for (const auto* damage : { bad_affiliation, bad_state, bad_jid, bad_creator }) {
        CAPTURE(damage);
        Nodes<InSqlite> at;
        at.publish("n", { item("1") });
        NodeStore::Change change;
        change.subscribers = { subscriber("romeo@montague.example") };
        at.change("n", change);
        at.storage.reset();
        at.backend.reset();
        {
            auto db = sqlite::Connection::open(at.folder.file("stonechat.db"),
                sqlite::Connection::Access::read_write);
            db->run_script(damage);
            REQUIRE(db->failure() == sqlite::Failure::none);
        }
        at.backend = open_at(at.folder.file("stonechat.db"), at.clock, at.log);
        at.storage = at.backend->front(at.home);
        CHECK_EQ(answer(at.home, at.nodes().find(juliet, "n")).error(), StoreError::damaged);
        CHECK_EQ(at.ids("n"), Ids { "1" });
    }
}

namespace {

/// Does the same at random in both backends, and compares all answers.
class Twins {
public:
    explicit Twins(unsigned seed) : random_(seed) {}

    void step()
    {
        now_ += std::chrono::seconds(below(3));
        switch (below(12)) {
        case 0: create(); break;
        case 1: change(); break;
        case 2: remove(); break;
        case 3: retract(); break;
        case 4: expire(); break;
        case 5: forget(); break;
        default: publish();
        }
        compare_records();
        compare_page();
    }

    std::size_t items_seen() const { return items_seen_; }

private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    std::string node() { return std::string(1, static_cast<char>('a' + below(4))); }
    std::string id() { return std::to_string(below(12)); }
    Jid somebody() { return below(2) == 0 ? romeo_bare : nurse_bare; }
    NodeLimits limits() { return { below(3) == 0 ? 3U : 0U, below(2) == 0 ? 40 + below(150) : 0 }; }

    template <class Call> auto both(Call call)
    {
        auto expected = value(model_.home, call(model_.nodes()));
        auto actual = value(at_.home, call(at_.nodes()));
        return std::pair(std::move(expected), std::move(actual));
    }
    template <class Call> void agree(Call call)
    {
        const auto [expected, actual] = both(call);
        REQUIRE(actual == expected);
    }

    NodeRecord some_record()
    {
        auto made = record(node(), "config " + id());
        made.item_lifetime = std::chrono::seconds(below(2) * below(60));
        made.affiliates.push_back({ somebody(), NodeAffiliation::owner });
        return made;
    }

    void create()
    {
        const auto made = some_record();
        const auto limit = limits();
        agree([&](NodeStore& store) { return store.create(juliet, made, limit); });
    }
    void change()
    {
        NodeStore::Change change;
        if (below(2) == 0) {
            change.config = "config " + id();
            change.item_lifetime = std::chrono::seconds(below(2) * below(60));
        }
        if (below(4) == 0) {
            change.keep_items = below(8);
        }
        change.affiliates = { { somebody(), static_cast<NodeAffiliation>(below(6)) } };
        change.subscribers = { { *somebody().with_resource(id()),
            static_cast<NodeSubscriptionState>(below(4)), id(), "" } };
        const auto name = node();
        agree([&](NodeStore& store) { return store.change(juliet, name, change); });
    }
    void remove()
    {
        const auto name = node();
        const bool all = below(3) == 0;
        agree([&](NodeStore& store) { return all ? store.remove(juliet, name) : store.purge(juliet, name); });
    }
    void retract()
    {
        const auto name = node();
        const Ids ids { id(), id(), id() };
        agree([&](NodeStore& store) { return store.retract(juliet, name, ids); });
    }
    void forget()
    {
        const auto user = somebody();
        both([&](NodeStore& store) { return store.forget(user); });
    }
    void expire()
    {
        const auto limit = below(6) + 1;
        const auto [expected, actual] = both([&](NodeStore& store) { return store.expire(now_, limit); });
        REQUIRE_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i) {
            REQUIRE_EQ(actual[i].node, expected[i].node);
            REQUIRE_EQ(actual[i].ids, expected[i].ids);
        }
    }
    void publish()
    {
        auto publication = ::publication(node(), {}, below(10));
        publication.create.reset();
        if (below(2) == 0) {
            publication.create = some_record();
        }
        for (std::size_t i = below(4); i > 0; --i) {
            publication.items.push_back(item(id(), std::string(below(20), 'x'), now_));
        }
        publication.limits = limits();
        const auto [expected,
            actual] = both([&](NodeStore& store) { return store.publish(juliet, publication); });
        REQUIRE_EQ(actual.outcome, expected.outcome);
        REQUIRE_EQ(actual.created, expected.created);
        REQUIRE_EQ(actual.trimmed, expected.trimmed);
    }

    void compare_records()
    {
        const auto name = node();
        const auto [expected, actual] = both([&](NodeStore& store) { return store.find(juliet, name); });
        REQUIRE_EQ(actual.has_value(), expected.has_value());
        if (actual) {
            REQUIRE_EQ(actual->config, expected->config);
            REQUIRE(actual->affiliates == expected->affiliates);
            REQUIRE(actual->subscribers == expected->subscribers);
            REQUIRE_EQ(actual->items, expected->items);
            REQUIRE_EQ(actual->item_bytes, expected->item_bytes);
        }
        REQUIRE(value(at_.home, at_.accounts().holdings(juliet)).stores
            == value(model_.home, model_.accounts().holdings(juliet)).stores);
    }
    void compare_page()
    {
        NodeStore::ItemQuery query;
        query.order = static_cast<NodeStore::ItemOrder>(below(2));
        query.newest = below(2) * below(8);
        query.max = below(3) == 0 ? SIZE_MAX : below(6);
        query.with_payload = below(3) != 0;
        if (below(3) == 0) {
            query.after = id();
        }
        if (below(3) == 0) {
            query.before = below(2) == 0 ? "" : id();
        }
        if (below(4) == 0) {
            query.index = below(8);
        }
        const auto name = node();
        const auto [expected,
            actual] = both([&](NodeStore& store) { return store.items(juliet, name, query); });
        REQUIRE(actual.items == expected.items);
        REQUIRE_EQ(actual.first, expected.first);
        REQUIRE_EQ(actual.count, expected.count);
        REQUIRE_EQ(actual.found, expected.found);
        items_seen_ += actual.items.size();
    }

    std::mt19937 random_;
    Nodes<InMemory> model_;
    Nodes<InSqlite> at_;
    WallTime now_ { 1'700'000'000s };
    std::size_t items_seen_ = 0;
};

} // namespace

TEST_CASE("nodes: SQLite does what the plain model does, for any sequence of calls")
{
    for (unsigned seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        Twins twins(seed);
        for (int i = 0; i < 1000; ++i) {
            twins.step();
        }
        CHECK_GT(twins.items_seen(), 300);
    }
}
