// SPDX-License-Identifier: Apache-2.0
// Bookmarks with all modules: the list of an account as new and old clients read and write it.
#include "modules/house.hpp"
#include "pubsub/pep.hpp"
#include "router/capabilities.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::vector<ModuleEntry> modules_with_pep()
{
    std::vector<ModuleEntry> all { { make_pep, true } };
    all.insert(all.end(), module_table().begin(), module_table().end());
    return all;
}

const std::string old_row = "storage:bookmarks storage";

std::string room(const std::string& name, const std::string& inside = {})
{
    return "<conference jid='" + name + "@rooms.lit' name='" + name + "'>" + inside + "</conference>";
}

std::string old_list(const std::string& inside)
{
    return "<storage xmlns='storage:bookmarks'>" + inside + "</storage>";
}

std::string private_query(const std::string& inside)
{
    return "<query xmlns='jabber:iq:private'>" + inside + "</query>";
}

std::string pubsub(const std::string& inside, const std::string& ns = "http://jabber.org/protocol/pubsub")
{
    return "<pubsub xmlns='" + ns + "'>" + inside + "</pubsub>";
}

/// All names of rooms below an element, in its order.
std::string rooms_in(const Element& element)
{
    std::string names;
    for (const Element* child : element.children()) {
        if (child->name() == "conference") {
            names += (names.empty() ? "" : " ") + std::string(child->attribute_or("name"));
        }
        const std::string inner = rooms_in(*child);
        names += (names.empty() || inner.empty() ? "" : " ") + inner;
    }
    return names;
}

struct Desk : Verona {
    Desk() : Verona(modules_with_pep()) {}

    /// A client that knows the new form.
    static std::string publishes(Client& client, const std::string& name, const std::string& inside = {},
        const std::string& options = {})
    {
        return House::verdict(House::asks(client, "set",
            pubsub("<publish node='urn:xmpp:bookmarks:1'><item id='" + name
                + "@rooms.lit'><conference xmlns='urn:xmpp:bookmarks:1' name='" + name + "'>" + inside
                + "</conference></item></publish>" + options)));
    }
    static std::string new_rooms(Client& client)
    {
        return rooms_in(House::asks(client, "get", pubsub("<items node='urn:xmpp:bookmarks:1'/>")));
    }

    static std::string stores(Client& client, const std::string& list)
    {
        return House::verdict(House::asks(client, "set", private_query(old_list(list))));
    }
    static Element private_list(Client& client)
    {
        return House::asks(client, "get", private_query(old_list("")));
    }
    static std::string publishes_list(Client& client, const std::string& list)
    {
        return House::verdict(House::asks(client, "set",
            pubsub("<publish node='storage:bookmarks'><item id='current'>" + old_list(list)
                + "</item></publish>")));
    }
    static Element node_list(Client& client)
    {
        return House::asks(client, "get", pubsub("<items node='storage:bookmarks'/>"));
    }

    static void wants_events_of(Client& client, const std::string& node)
    {
        client.set_capabilities(std::make_shared<const Capabilities>(std::vector<std::string> {
            node + "+notify" }));
    }
    /// The events that came, as `published a b`, `retracted id`.
    static Lines events(Client& client)
    {
        client.hears();
        return events_in(client.received);
    }
    static Lines events_in(const std::vector<Element>& stanzas)
    {
        Lines lines;
        for (const Element& stanza : stanzas) {
            const Element* event = stanza.child("event", ns::pubsub_event);
            if (event == nullptr) {
                continue;
            }
            const Element& items = *event->first_child();
            const Element* retract = items.child("retract");
            lines.push_back(retract ? "retracted " + std::string(retract->attribute_or("id"))
                                    : std::string(items.attribute_or("node")) + " " + rooms_in(items));
        }
        return lines;
    }

    void keeps(const std::string& name, const std::string& value)
    {
        result_of(store().keyval().set({ "localhost", name }, "private", old_row, value));
        host().forget_user(name);
    }
    std::string kept(const std::string& name)
    {
        const auto found = result_of(store().keyval().get({ "localhost", name }, "private", old_row));
        return found->value_or("nothing");
    }
    std::vector<NodeItem> items(const std::string& node)
    {
        return result_of(store().nodes().items({ "localhost", "romeo" }, node, {}))->items;
    }
    void publish_at_store(const std::string& node, const std::string& id, const std::string& payload)
    {
        NodeStore::Publication publication;
        publication.node = node;
        publication.create.emplace();
        publication.create->name = node;
        publication.create->creator = *Jid::parse("romeo@localhost");
        publication.keep_items = 100;
        publication.items.push_back({ id, *Jid::parse("romeo@localhost"), payload, {}, {} });
        result_of(store().nodes().publish({ "localhost", "romeo" }, publication));
        host().forget_user("romeo");
    }
};

const std::string presence_options =
    "<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='pubsub#access_model'><value>presence</value></field></x></publish-options>";

} // namespace

TEST_CASE("bookmarks: all clients see one list, in the form that they know (PB29)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    auto fresh = world.comes_online("romeo@localhost/new");
    CHECK(rooms_in(Desk::private_list(*old)).empty());
    CHECK(Desk::node_list(*old).attribute_or("type") == "result");
    CHECK(Desk::publishes(*fresh, "a") == "result");
    CHECK(rooms_in(Desk::private_list(*old)) == "a");
    CHECK(rooms_in(Desk::node_list(*old)) == "a");
    CHECK(Desk::stores(*old, room("a") + room("b")) == "result");
    CHECK(Desk::publishes_list(*old, room("a") + room("b") + room("c")) == "result");
    CHECK(Desk::new_rooms(*fresh) == "a b c");
    CHECK(Desk::stores(*old, room("c")) == "result");
    CHECK(Desk::new_rooms(*fresh) == "c");
    CHECK(Desk::publishes_list(*old, "") == "result");
    CHECK(Desk::new_rooms(*fresh).empty());
}

TEST_CASE("bookmarks: a stale list does not remove the rooms that its client has not seen (PB29)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    auto fresh = world.comes_online("romeo@localhost/new");
    CHECK(Desk::stores(*old, room("a") + room("b") + room("c")) == "result");
    Desk::publishes(*fresh, "d");
    Desk::publishes(*fresh, "e");
    CHECK(Desk::stores(*old, room("a") + room("b")) == "result");
    CHECK(Desk::new_rooms(*fresh) == "a b d e");
    CHECK(rooms_in(Desk::private_list(*old)) == "a b d e");
    CHECK(Desk::stores(*old, room("a")) == "result"); // it has seen them now
    CHECK(Desk::new_rooms(*fresh) == "a");
}

TEST_CASE("bookmarks: a client that has read nothing in its session removes nothing (PB29)")
{
    Desk world;
    auto fresh = world.comes_online("romeo@localhost/new");
    Desk::publishes(*fresh, "a");
    auto old = world.comes_online("romeo@localhost/old");
    for (const auto stores : { Desk::stores, Desk::publishes_list }) {
        CHECK(stores(*old, room("b")) == "result");
        CHECK(Desk::new_rooms(*fresh) == "a b");
    }
}

TEST_CASE("bookmarks: a list of an old client sends events for changed rooms only (PB29, XEP-0402 §5.3.2)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    auto fresh = world.comes_online("romeo@localhost/new");
    Desk::stores(*old, room("a") + room("b") + room("c"));
    Desk::wants_events_of(*fresh, "urn:xmpp:bookmarks:1");
    Desk::stores(*old, room("a") + room("b") + room("c"));
    CHECK(Desk::events(*fresh).empty());
    Desk::stores(*old, room("a") + room("b", "<nick>JC</nick>") + room("d"));
    CHECK(Desk::events(*fresh)
        == Lines { "urn:xmpp:bookmarks:1 b", "urn:xmpp:bookmarks:1 d", "retracted c@rooms.lit" });
}

TEST_CASE("bookmarks: a client of the old node gets one event for all changes, and knows the list (PB31, "
          "XEP-0411 §3)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    auto fresh = world.comes_online("romeo@localhost/new");
    auto stranger = world.comes_online("juliet@localhost/balcony");
    Desk::wants_events_of(*old, "storage:bookmarks");
    Desk::wants_events_of(*stranger, "storage:bookmarks");
    Desk::publishes(*fresh, "a");
    CHECK(Desk::events(*old) == Lines { "storage:bookmarks a" });
    Desk::stores(*fresh, room("a") + room("b") + room("c"));
    CHECK(Desk::events(*old) == Lines { "storage:bookmarks a b c" });
    Desk::stores(*fresh, room("a") + room("b") + room("c"));
    CHECK(Desk::events(*old).empty());
    Desk::stores(*fresh, room("a") + room("b") + room("c") + "<url url='http://example.org/'/>");
    CHECK(Desk::events(*old) == Lines { "storage:bookmarks a b c" });
    Desk::publishes_list(*old, room("c")); // it has read nothing but the events
    CHECK(Desk::events_in(old->received) == Lines { "storage:bookmarks c" });
    CHECK(Desk::new_rooms(*fresh) == "c");
    CHECK(Desk::events(*stranger).empty());
}

TEST_CASE("bookmarks: what is no room is kept for old clients (PB30)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    const std::string url = "<url name='Works' url='http://example.org/'/>";
    Desk::stores(*old, url + room("a"));
    for (const auto read : { Desk::private_list, Desk::node_list }) {
        CHECK(to_xml(read(*old), ns::client).find(url) != std::string::npos);
    }
    CHECK(Desk::new_rooms(*old) == "a");
    Desk::stores(*old, room("a"));
    CHECK(to_xml(Desk::private_list(*old), ns::client).find("<url") == std::string::npos);
    CHECK(world.kept("romeo") == "nothing");
    world.set("private_xml", "max_bytes", std::int64_t { 1024 });
    CHECK(Desk::stores(*old, "<url url='" + std::string(1024, 'x') + "'/>" + room("b"))
        == "cancel resource-constraint");
    CHECK(Desk::new_rooms(*old) == "a");
}

TEST_CASE("bookmarks: an old client keeps the extensions of rooms, and bad addresses do not fail its list "
          "(PB30)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    const std::string settings =
        "<extensions><notify xmlns='urn:xmpp:notification-settings:1'><always/></notify></extensions>";
    Desk::publishes(*old, "a", settings);
    Desk::publishes(*old, "b", settings);
    CHECK(rooms_in(Desk::private_list(*old)) == "a b");
    CHECK(Desk::stores(*old, room("a") + room("b", "<nick>JC</nick>") + "<conference jid='@' name='bad'/>")
        == "result");
    CHECK(Desk::new_rooms(*old) == "a b");
    for (const NodeItem& item : world.items("urn:xmpp:bookmarks:1")) {
        CHECK(item.payload.find(settings) != std::string::npos);
    }
}

TEST_CASE("bookmarks: only a list is taken for one (XEP-0048 §3)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    Desk::stores(*old, room("a"));
    const std::string wrong = "<bookmarks xmlns='storage:bookmarks'/>";
    CHECK(House::verdict(House::asks(*old, "set", private_query(wrong))) == "modify bad-request");
    CHECK(House::verdict(House::asks(*old, "set",
              pubsub("<publish node='storage:bookmarks'><item>" + wrong + "</item></publish>")))
        == "modify bad-request");
    CHECK(House::verdict(House::asks(*old, "set",
              pubsub("<publish node='storage:bookmarks'><item/></publish>")))
        == "modify bad-request payload-required");
    CHECK(Desk::new_rooms(*old) == "a");
}

TEST_CASE("bookmarks: other private data in the same request is stored too (XEP-0049 §2.2)")
{
    Desk world;
    auto old = world.comes_online("romeo@localhost/old");
    const std::string prefs = "<exodus xmlns='exodus:prefs'><a/></exodus>";
    CHECK(House::verdict(House::asks(*old, "set", private_query(prefs + old_list(room("a"))))) == "result");
    CHECK(Desk::new_rooms(*old) == "a");
    const Element answer = House::asks(*old, "get", private_query("<exodus xmlns='exodus:prefs'/>"));
    CHECK(to_xml(*answer.first_child(), ns::client) == private_query(prefs));
}

TEST_CASE("bookmarks: the account says that all its forms are one (PB31)")
{
    Desk world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    const Element answer = House::asks(*romeo, "get",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>", "romeo@localhost");
    std::vector<std::string> features;
    for (const Element* feature : answer.first_child()->children("feature", ns::disco_info)) {
        features.emplace_back(feature->attribute_or("var"));
    }
    for (const char* wanted : { "urn:xmpp:bookmarks:1#compat", "urn:xmpp:bookmarks:1#compat-pep",
             "urn:xmpp:bookmarks-conversion:0" }) {
        CHECK(std::count(features.begin(), features.end(), wanted) == 1);
    }
}

TEST_CASE("bookmarks: no publication, configuration or affiliation opens them to others (PB32)")
{
    Desk world;
    world.befriend("romeo", "juliet");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    CHECK(Desk::publishes(*romeo, "a", "", presence_options) == "cancel conflict precondition-not-met");
    CHECK(world.items("urn:xmpp:bookmarks:1").empty());
    CHECK(Desk::publishes(*romeo, "a") == "result");
    CHECK(Desk::publishes(*romeo, "b", "", presence_options) == "cancel conflict precondition-not-met");
    const auto configures = [&romeo](const std::string& var, const std::string& value) {
        return House::verdict(House::asks(*romeo, "set",
            pubsub("<configure node='urn:xmpp:bookmarks:1'><x xmlns='jabber:x:data' type='submit'><field "
                   "var='"
                    + var + "'><value>" + value + "</value></field></x></configure>",
                "http://jabber.org/protocol/pubsub#owner")));
    };
    for (const char* model : { "presence", "open", "roster", "authorize" }) {
        CHECK(configures("pubsub#access_model", model) == "modify not-acceptable unsupported-access-model");
    }
    CHECK(configures("pubsub#publish_model", "open") == "modify not-acceptable");
    CHECK(configures("pubsub#access_model", "whitelist") == "result");
    House::asks(*romeo, "set",
        pubsub("<affiliations node='urn:xmpp:bookmarks:1'><affiliation jid='juliet@localhost' "
               "affiliation='publisher'/></affiliations>",
            "http://jabber.org/protocol/pubsub#owner"));
    const std::string invitation = pubsub("<publish node='urn:xmpp:bookmarks:1'><item id='trap@rooms.lit'>"
                                          "<conference xmlns='urn:xmpp:bookmarks:1' autojoin='1'/></item>"
                                          "</publish>");
    CHECK(House::verdict(House::asks(*juliet, "set", invitation, "romeo@localhost")) == "auth forbidden");
    CHECK(House::verdict(House::asks(*juliet, "get", pubsub("<items node='urn:xmpp:bookmarks:1'/>"),
              "romeo@localhost"))
        == "cancel not-allowed closed-node");
    CHECK(Desk::new_rooms(*romeo) == "a");
}

TEST_CASE("bookmarks: a node that was stored open is private all the same (PB32, XEP-0411 §5)")
{
    Desk world;
    world.publish_at_store("urn:xmpp:bookmarks:1", "a@rooms.lit",
        "<conference xmlns='urn:xmpp:bookmarks:1' name='a'/>"); // without configuration: open
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    CHECK(House::verdict(House::asks(*juliet, "get", pubsub("<items node='urn:xmpp:bookmarks:1'/>"),
              "romeo@localhost"))
        == "cancel not-allowed closed-node");
    CHECK(Desk::new_rooms(*romeo) == "a");
}

TEST_CASE("bookmarks: others find no old node, whether the account exists or not (PB32)")
{
    Desk world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    Desk::publishes_list(*romeo, room("a"));
    for (const char* to : { "romeo@localhost", "nobody@localhost" }) {
        CHECK(House::verdict(House::asks(*juliet, "get", pubsub("<items node='storage:bookmarks'/>"), to))
            == "cancel item-not-found");
        CHECK(House::verdict(House::asks(*juliet, "set",
                  pubsub("<publish node='storage:bookmarks'><item>" + old_list(room("b"))
                      + "</item></publish>"),
                  to))
            == "auth forbidden");
    }
}

TEST_CASE("bookmarks: those of private XML and of the old node are there at the first login (PB33, "
          "XEP-0411 §4-1)")
{
    Desk world;
    const std::string url = "<url url='http://example.org/'/>";
    world.publish_at_store("storage:bookmarks", "current",
        old_list(room("b", "<nick>pep</nick>") + room("c")));
    world.keeps("romeo", private_query(old_list(room("a") + room("b") + url + "<conference jid='@'/>")));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(Desk::new_rooms(*romeo) == "b c a");
    CHECK(world.items("urn:xmpp:bookmarks:1").front().payload.find("<nick>pep</nick>") != std::string::npos);
    CHECK(rooms_in(Desk::private_list(*romeo)) == "b c a");
    CHECK(world.items("storage:bookmarks").empty());
    CHECK(world.kept("romeo") == "<fragments xmlns='jabber:iq:private'>" + old_list(url) + "</fragments>");
}

TEST_CASE("bookmarks: moving them again changes nothing, and what is newer stays (PB33)")
{
    Desk world;
    const std::string row = private_query(old_list(room("a") + room("b")));
    world.keeps("romeo", row);
    auto romeo = world.comes_online("romeo@localhost/orchard");
    Desk::publishes(*romeo, "a", "<nick>newer</nick>");
    const auto before = world.items("urn:xmpp:bookmarks:1");
    REQUIRE(before.size() == 2);
    romeo->leaves();
    world.keeps("romeo", row); // as if the server had stopped between the two steps
    world.clock.advance(std::chrono::hours(1));
    romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(world.items("urn:xmpp:bookmarks:1") == before);
    CHECK(world.kept("romeo") == "nothing");
}

TEST_CASE(
    "bookmarks: if the new items cannot be stored, the old ones stay, and another try moves them (PB33)")
{
    Desk world;
    const std::string row = private_query(old_list(room("a") + room("b")));
    world.set("pep", "max_bytes", std::int64_t { 100 }); // for one of the two
    world.keeps("romeo", row);
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(world.items("urn:xmpp:bookmarks:1").empty());
    CHECK(world.kept("romeo") == row);
    CHECK(House::verdict(Desk::private_list(*romeo)) == "cancel resource-constraint");
    CHECK(Desk::stores(*romeo, room("c")) == "cancel resource-constraint");
    CHECK(world.kept("romeo") == row);
    world.set("pep", "max_bytes", std::int64_t { 1 << 20 });
    CHECK(rooms_in(Desk::private_list(*romeo)) == "a b");
    CHECK(world.kept("romeo") == "nothing");
}
