// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string fields(const std::string& inside)
{
    return "<query xmlns='jabber:iq:register'>" + inside + "</query>";
}

std::string named(const std::string& user, const std::string& password)
{
    return fields("<username>" + user + "</username><password>" + password + "</password>");
}

struct Registry : House {
    explicit Registry(bool open = true) { set("registration", "open", open); }

    /// What a client hears that asks before it has logged in.
    Element before_login(std::string_view type, const std::string& payload,
        const std::string& peer = "192.0.2.1")
    {
        auto request = Stanza::from_element(parse_stanza("<iq id='reg' type='" + std::string(type) + "'>"
            + payload + "</iq>"));
        const auto* handler = host().handlers().find_before_login(Iq(*request).payload());
        REQUIRE(handler != nullptr);
        const IqAnswer answer = result_of((*handler)(Iq(*request), peer));
        return answer ? request->result(*answer).element() : request->error_reply(answer.error()).element();
    }

    std::string registers(const std::string& user, const std::string& peer = "192.0.2.1")
    {
        return verdict(before_login("set", named(user, "secret"), peer));
    }

    bool has_password(std::string_view name, const char* password)
    {
        auto answer = result_of(accounts().check_password(*Jid::from_parts(name, "localhost"), password));
        return answer && *answer;
    }

    /// An iq of a client whose answer may take another thread's time.
    std::string asks_long(Client& client, const std::string& payload, const std::string& to = "localhost")
    {
        client.hears();
        client.says_in_haste("<iq id='asked' type='set' to='" + to + "'>" + payload + "</iq>");
        run_until([&client] { return client.is_settled(); });
        client.hears();
        for (const Element& stanza : client.received) {
            if (stanza.attribute_or("id") == "asked") {
                return verdict(stanza);
            }
        }
        return "no answer";
    }

    bool is_offered()
    {
        const auto& features = host().handlers().features();
        return std::any_of(features.begin(), features.end(), [](const auto& entry) {
            const auto feature = entry.second(true);
            return feature && feature->is("register", ns::registration_feature);
        });
    }
};

} // namespace

// XEP-0077 §3.1-1 §8-1
TEST_CASE("registration: closed unless it was opened, and not offered then (XEP-0077 §3.1, §8)")
{
    Registry world(false);
    CHECK_FALSE(world.is_offered());
    CHECK(House::verdict(world.before_login("get", fields(""))) == "cancel service-unavailable");
    CHECK(world.registers("benvolio") == "cancel service-unavailable");
    world.set("registration", "open", true);
    CHECK(world.is_offered());
    CHECK(world.registers("benvolio") == "result");
}

// XEP-0077 §3.1-1
TEST_CASE("registration: tells what it wants, then makes the account (XEP-0077 examples 1 to 5)")
{
    Registry world;
    const Element asked = world.before_login("get", fields(""));
    const Element& query = *asked.first_child();
    CHECK(query.child("instructions") != nullptr);
    CHECK(query.child("username") != nullptr);
    CHECK(query.child("password") != nullptr);
    CHECK(query.child("registered") == nullptr);
    CHECK(world.registers("Benvolio") == "result");
    CHECK(world.has_password("benvolio", "secret"));
    CHECK(world.connects("benvolio@localhost/street")->is_open());
}

// XEP-0077 §3.1-3
TEST_CASE("registration: a name that is taken is a conflict, also of somebody disabled (XEP-0077 example 6)")
{
    Registry world;
    CHECK(world.registers("benvolio") == "result");
    CHECK(world.registers("benvolio") == "cancel conflict");
    const bool disabled = static_cast<bool>(
        world.result_of(world.accounts().set_enabled(*Jid::parse("benvolio@localhost"), false)));
    CHECK(disabled);
    CHECK(world.registers("benvolio", "192.0.2.2") == "cancel conflict");
}

TEST_CASE("registration: a name with rights, or that looks official, is nobody's to take")
{
    Registry world;
    using Names = std::vector<std::string>;
    world.set("registration", "per_day", std::int64_t { 100 });
    CHECK(world.registers("admin") == "cancel conflict");
    CHECK(world.registers("ADMIN") == "cancel conflict");
    CHECK(world.registers("postmaster") == "cancel conflict");
    world.set("contact", "abuse", Names { "mailto:benvolio@localhost", "xmpp:help@localhost?message" });
    CHECK(world.registers("help") == "cancel conflict");
    CHECK(world.registers("benvolio") == "result");
    world.set("registration", "reserved", Names {});
    CHECK(world.registers("postmaster") == "result");
    CHECK(world.registers("admin") == "cancel conflict");
}

TEST_CASE("registration: a name that was somebody's is a conflict like one that is taken")
{
    Registry world;
    const bool removed =
        static_cast<bool>(world.result_of(world.accounts().remove(*Jid::parse("romeo@localhost"))));
    CHECK(removed);
    CHECK(world.registers("romeo") == "cancel conflict");
}

// XEP-0077 §3.1-4
TEST_CASE(
    "registration: without a name or a password, or with one that is not allowed, not acceptable (XEP-0077 "
    "example 7)")
{
    Registry world;
    for (const char* name : { "", "a b", "a@b", "a/b" }) {
        CHECK(world.registers(name) == "modify not-acceptable");
    }
    CHECK(House::verdict(world.before_login("set", fields("<username>benvolio</username>")))
        == "modify not-acceptable");
    CHECK(House::verdict(world.before_login("set", named("benvolio", ""))) == "modify not-acceptable");
    CHECK(House::verdict(world.before_login("set", fields("<password>secret</password>")))
        == "modify not-acceptable");
    CHECK_FALSE(world.has_password("benvolio", ""));
}

TEST_CASE("registration: an address may make so many accounts a day, an IPv6 customer's /64 counts as one "
          "(XEP-0077 §7)")
{
    Registry world;
    world.set("registration", "per_day", std::int64_t { 2 });
    CHECK(world.registers("a1", "192.0.2.1") == "result");
    CHECK(world.registers("a2", "192.0.2.1") == "result");
    CHECK(world.registers("a3", "192.0.2.1") == "wait resource-constraint");
    CHECK(world.registers("a4", "192.0.2.2") == "result");
    CHECK(world.registers("a5", "2001:db8:1:1::1") == "result");
    CHECK(world.registers("a6", "2001:db8:1:1:ffff::2") == "result");
    CHECK(world.registers("a7", "2001:db8:1:1::3") == "wait resource-constraint");
    CHECK(world.registers("a8", "2001:db8:1:2::1") == "result");
    world.clock.advance(std::chrono::hours(24));
    CHECK(world.registers("a3", "192.0.2.1") == "result");
}

// XEP-0077 §3.1-2
TEST_CASE("registration: who is logged in is told that it is registered (XEP-0077 example 4)")
{
    Registry world(false);
    auto romeo = world.comes_online("romeo@localhost/orchard");
    for (const char* to : { "localhost", "" }) {
        const Element answer = House::asks(*romeo, "get", fields(""), to);
        REQUIRE(House::verdict(answer) == "result");
        CHECK(answer.first_child()->child("registered") != nullptr);
        CHECK(answer.first_child()->child_text("username") == "romeo");
        CHECK(answer.first_child()->child_text("password").empty());
    }
}

TEST_CASE("registration: a user changes the own password, which ends the other sessions (XEP-0077 §3.3)")
{
    Registry world(false);
    auto orchard = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("romeo@localhost/garden");
    CHECK(world.asks_long(*orchard, named("romeo", "new")) == "result");
    CHECK(world.has_password("romeo", "new"));
    CHECK(orchard->is_open());
    CHECK(garden->ended_with() == "not-authorized");
}

// XEP-0077 §3.3-1 §3.3-2
TEST_CASE("registration: nobody changes another's password, nor to an empty one (XEP-0077 §3.3)")
{
    Registry world(false);
    world.account("tybalt", "cat");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    CHECK(world.asks_long(*romeo, named("tybalt", "new")) == "cancel not-allowed");
    CHECK(world.has_password("tybalt", "cat"));
    CHECK(world.asks_long(*romeo, named("romeo", "")) == "modify not-acceptable");
    CHECK(world.asks_long(*romeo, fields("<username>romeo</username>")) == "modify bad-request");
    CHECK(world.asks_long(*romeo, fields("<password>new</password>")) == "modify bad-request");
    CHECK(world.asks_long(*romeo, fields("")) == "modify bad-request");
    CHECK(world.asks_long(*romeo, named("tybalt", "new"), "tybalt@localhost")
        == "cancel service-unavailable");
}

// XEP-0077 §3.2-1
TEST_CASE(
    "registration: a user removes the account: an answer, then the end of every session (XEP-0077 §3.2)")
{
    Registry world(false);
    world.befriend("romeo", "juliet");
    auto orchard = world.comes_online("romeo@localhost/orchard");
    auto garden = world.comes_online("romeo@localhost/garden");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    CHECK(world.asks_long(*orchard, fields("<remove/><username>romeo</username>")) == "modify bad-request");
    CHECK(world.asks_long(*orchard, fields("<remove/>")) == "result");
    world.run();
    CHECK(orchard->ended_with() == "not-authorized");
    CHECK(garden->ended_with() == "not-authorized");
    const Lines heard = juliet->hears();
    CHECK(std::count(heard.begin(), heard.end(), "presence unsubscribed from romeo@localhost") == 1);
    CHECK(std::count(heard.begin(), heard.end(), "presence unavailable from romeo@localhost/orchard") == 1);
    CHECK(world.host().find_user("romeo") == nullptr);
    CHECK(world.stored_roster("romeo").items.empty());
}

TEST_CASE("registration: who comes under a removed name finds nothing of the one before (XEP-0077 §3.2)")
{
    Registry world;
    world.set_core("accounts", "names_reserved", std::int64_t { 0 });
    world.befriend("romeo", "juliet");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    House::asks(*romeo, "set", "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>");
    House::asks(*romeo, "set", "<block xmlns='urn:xmpp:blocking'><item jid='a@localhost'/></block>");
    CHECK(world.asks_long(*romeo, fields("<remove/>")) == "result");
    CHECK(world.registers("romeo") == "result");
    auto other = world.comes_online("romeo@localhost/orchard");
    CHECK(House::verdict(House::asks(*other, "get", "<vCard xmlns='vcard-temp'/>"))
        == "cancel item-not-found");
    CHECK(House::asks(*other, "get", "<blocklist xmlns='urn:xmpp:blocking'/>").first_child()->child_count()
        == 0);
    CHECK(House::asks(*other, "get", "<query xmlns='jabber:iq:roster'/>").first_child()->child_count() == 0);
}
