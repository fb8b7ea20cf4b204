// SPDX-License-Identifier: Apache-2.0
#include "rfc6121_world.hpp"

#include "modules/subscription_states.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string presence(std::string_view type, std::string_view to, std::string_view inside = {})
{
    return "<presence type='" + std::string(type) + "' to='" + std::string(to) + "'>" + std::string(inside)
        + "</presence>";
}

RosterRecord record_of(Verona& world, std::string_view user, std::string_view contact)
{
    const Roster& roster = world.host().find_user(user)->roster();
    return roster.find_or_new(*Jid::parse(contact));
}

/// Puts `contact` into a state in the user's roster, in memory and in the store.
void bring_to(Verona& world, std::string_view user, std::string_view contact, ContactState state)
{
    RosterRecord record;
    record.contact = *Jid::parse(contact);
    record.pending_in = "<presence xmlns='jabber:client' type='subscribe' from='" + std::string(contact)
        + "' to='" + std::string(user) + "@localhost'/>";
    set_state(record, state);
    Roster& roster = world.host().find_user(user)->roster();
    world.host()
        .storage()
        .rosters()
        .put({ "localhost", std::string(user) }, record, roster.version() + 1)
        .then([](auto) {});
    world.run();
    roster.put(record);
    roster.next_version();
}

struct Couple : Verona {
    Couple()
        : romeo(comes_online("romeo@localhost/orchard")), juliet(comes_online("juliet@localhost/balcony")),
          mercutio(comes_online("mercutio@localhost/square"))
    {}
    ~Couple() { CHECK(mercutio->hears().empty()); }

    ClientPtr romeo;
    ClientPtr juliet;
    ClientPtr mercutio; ///< a bystander
};

constexpr std::array all_states { ContactState::none, ContactState::none_out, ContactState::none_in,
    ContactState::none_out_in, ContactState::to, ContactState::to_in, ContactState::from,
    ContactState::from_out, ContactState::both };
constexpr std::array kinds { std::pair(Subscribing::subscribe, "subscribe"),
    std::pair(Subscribing::unsubscribe, "unsubscribe"), std::pair(Subscribing::subscribed, "subscribed"),
    std::pair(Subscribing::unsubscribed, "unsubscribed") };

std::size_t count(const Lines& lines, std::string_view line)
{
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

} // namespace

// RFC 6121 §3-1 §3.2.2-1 §3.2.2-2 §3.3.2-1 §3.4.2-1 §3.4.2-2 §3.4.2-3
TEST_CASE("subscription: every row of RFC 6121 §A.2, driven by a client: state, store, route and push")
{
    for (const auto& [kind, type] : kinds) {
        for (const ContactState state : all_states) {
            CAPTURE(type);
            CAPTURE(to_text(state));
            Couple world;
            bring_to(world, "romeo", "juliet@localhost", state);
            // The contact is in a state in which her server delivers the stanza, so that routing shows.
            bring_to(world, "juliet", "romeo@localhost",
                kind == Subscribing::subscribe || kind == Subscribing::unsubscribed
                        || kind == Subscribing::subscribed
                    ? ContactState::none_out
                    : ContactState::from);
            if (kind == Subscribing::unsubscribed) {
                bring_to(world, "juliet", "romeo@localhost", ContactState::to);
            }
            const RosterRecord before = record_of(world, "romeo", "juliet@localhost");
            world.romeo->says(presence(type, "juliet@localhost"));
            const Transition expected = outbound(kind, state);
            const RosterRecord after = record_of(world, "romeo", "juliet@localhost");
            const bool routed = count(world.juliet->hears(),
                                    "presence " + std::string(type) + " from romeo@localhost")
                == 1;
            CHECK(routed == (expected.plan == Handling::pass_on));
            CHECK(after.approved == (expected.plan == Handling::pre_approve));
            CHECK(to_text(state_of(after)) == to_text(expected.next));
            const RosterData stored = world.stored_roster("romeo");
            REQUIRE(stored.items.size() == 1);
            CHECK(stored.items.front() == after);
            std::size_t pushes = 0;
            for (const std::string& line : world.romeo->hears()) {
                pushes += line.starts_with("push ") ? 1 : 0;
            }
            CHECK(pushes == (Roster::to_item(before) == Roster::to_item(after) ? 0 : 1));
            CHECK(world.romeo->is_settled());
        }
    }
}

// RFC 6121 §3.1.3-1 §3.1.3-2 §3.1.3-7 §3.1.6-1 §3.2.3-1 §3.3.3-1 §3.3.3-3 §3.4.2-5
TEST_CASE("subscription: every row of RFC 6121 §A.3, driven by the contact's server: state, store, delivery "
          "and push")
{
    for (const auto& [kind, type] : kinds) {
        for (const ContactState state : all_states) {
            CAPTURE(type);
            CAPTURE(to_text(state));
            Couple world;
            bring_to(world, "romeo", "juliet@localhost", state);
            const RosterRecord before = record_of(world, "romeo", "juliet@localhost");
            world.server->router(0).route(Stanza::presence(*Jid::parse("juliet@localhost/balcony"),
                *Jid::parse("romeo@localhost"),
                kind == Subscribing::subscribe         ? PresenceType::subscribe
                    : kind == Subscribing::unsubscribe ? PresenceType::unsubscribe
                    : kind == Subscribing::subscribed  ? PresenceType::subscribed
                                                       : PresenceType::unsubscribed));
            world.run();
            const Transition expected = inbound(kind, state);
            const RosterRecord after = record_of(world, "romeo", "juliet@localhost");
            const Lines heard = world.romeo->hears();
            CHECK((count(heard, "presence " + std::string(type) + " from juliet@localhost") == 1)
                == (expected.plan == Handling::pass_on));
            CHECK(to_text(state_of(after)) == to_text(expected.next));
            CHECK(world.stored_roster("romeo").items.front() == after);
            std::size_t pushes = 0;
            for (const std::string& line : heard) {
                pushes += line.starts_with("push ") ? 1 : 0;
            }
            CHECK(pushes == (Roster::to_item(before) == Roster::to_item(after) ? 0 : 1));
            const bool lost = sees_us(before.subscription) && !sees_us(after.subscription);
            const Lines answers = world.juliet->hears();
            CHECK((count(answers, "presence unavailable from romeo@localhost/orchard") == 1) == lost);
            CHECK((count(answers, "presence available from romeo@localhost/orchard") == 1)
                == (expected.plan == Handling::answer));
        }
    }
}

// RFC 6121 §3.1.3-3
TEST_CASE("subscription: who asks again and is subscribed in the contact's roster gets the contact's answer")
{
    for (const ContactState state : { ContactState::from, ContactState::from_out, ContactState::both }) {
        CAPTURE(to_text(state));
        Couple world;
        bring_to(world, "juliet", "romeo@localhost", state);
        world.romeo->says(presence("subscribe", "juliet@localhost")); // whose own roster has forgotten it
        CHECK(world.romeo->hears()
            == Lines { "push juliet@localhost none ask", "presence subscribed from juliet@localhost",
                "push juliet@localhost to", "presence available from juliet@localhost/balcony" });
        CHECK(world.romeo->received[1].attribute("to") == "romeo@localhost");
        CHECK(world.juliet->hears().empty());
    }
}

TEST_CASE("subscription: asked, approved, and presence follows (RFC 6121 §3.1)")
{
    Couple world;
    auto chamber = world.comes_online("juliet@localhost/chamber");
    world.juliet->hears();
    world.romeo->says("<presence id='xk3h1v69' type='subscribe' to='juliet@localhost/balcony'/>");
    CHECK(world.romeo->hears() == Lines { "push juliet@localhost none ask" });
    CHECK(world.juliet->hears() == Lines { "presence subscribe from romeo@localhost" });
    CHECK(world.juliet->received.front().attribute("to") == "juliet@localhost");
    CHECK(world.juliet->received.front().attribute("id") == "xk3h1v69");
    CHECK(chamber->hears() == Lines { "presence subscribe from romeo@localhost" });
    world.juliet->says(presence("subscribed", "romeo@localhost"));
    CHECK(world.juliet->hears() == Lines { "push romeo@localhost from" });
    CHECK(chamber->hears() == Lines { "push romeo@localhost from" });
    const Lines heard = world.romeo->hears();
    REQUIRE(heard.size() == 4);
    CHECK(count(heard, "presence subscribed from juliet@localhost") == 1);
    CHECK(count(heard, "push juliet@localhost to") == 1);
    CHECK(count(heard, "presence available from juliet@localhost/balcony") == 1);
    CHECK(count(heard, "presence available from juliet@localhost/chamber") == 1);
}

// RFC 6121 §3.1.6-2
TEST_CASE(
    "subscription: 'subscribed' reaches a client before the push that follows from it (RFC 6121 §3.1.6)")
{
    Couple world;
    world.romeo->says(presence("subscribe", "juliet@localhost"));
    world.romeo->hears();
    world.juliet->says(presence("subscribed", "romeo@localhost"));
    const Lines heard = world.romeo->hears();
    const auto at = [&heard](std::string_view line) { return std::find(heard.begin(), heard.end(), line); };
    CHECK(at("presence subscribed from juliet@localhost") < at("push juliet@localhost to"));
}

// RFC 6121 §3.1.3-5 §3.1.3-6 §3.1.3-7
TEST_CASE("subscription: a request to somebody offline waits, whole, until it is answered (RFC 6121 §3.1.3)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(presence("subscribe", "juliet@localhost",
        "<status>It is me</status><nick xmlns='urn:example:nick'>Ro</nick>"));
    romeo->says(presence("subscribe", "juliet@localhost", "<status>Again</status>"));
    for (int visit = 0; visit < 2; ++visit) {
        auto juliet = world.connects("juliet@localhost/balcony");
        juliet->says("<presence/>");
        CHECK(juliet->hears()
            == Lines { "presence available from juliet@localhost/balcony",
                "presence subscribe from romeo@localhost" });
        CHECK(juliet->received.back().child_text("status") == "It is me");
        CHECK(juliet->received.back().child("nick", "urn:example:nick") != nullptr);
        juliet->says("<presence><show>away</show></presence>");
        CHECK(juliet->hears() == Lines { "presence available from juliet@localhost/balcony" });
        juliet->leaves();
    }
    auto juliet = world.comes_online("juliet@localhost/balcony");
    juliet->says(presence("unsubscribed", "romeo@localhost"));
    CHECK(world.stored_roster("juliet").items.empty());
    juliet->leaves();
    auto again = world.connects("juliet@localhost/balcony");
    again->says("<presence/>");
    CHECK(again->hears() == Lines { "presence available from juliet@localhost/balcony" });
    CHECK(romeo->hears().back() == "push juliet@localhost none");
}

TEST_CASE("subscription: a request over the limit keeps its name and loses its luggage")
{
    Verona world;
    world.set("subscription", "max_request_bytes", std::int64_t(1'024));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(presence("subscribe", "juliet@localhost",
        "<status>" + std::string(2'000, 'x') + "</status>"));
    REQUIRE(world.stored_roster("juliet").items.size() == 1);
    CHECK(world.stored_roster("juliet").items.front().pending_in->size() < 500);
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    CHECK(juliet->hears().back() == "presence subscribe from romeo@localhost");
}

TEST_CASE(
    "subscription: too many waiting requests are dropped in silence, and the user's own stay welcome (A60)")
{
    Verona world;
    world.set("subscription", "max_pending", std::int64_t(3));
    auto romeo = world.comes_online("romeo@localhost/orchard");
    romeo->says(presence("subscribed", "fan9@localhost")); // pre-approved
    for (int number = 0; number < 10; ++number) {
        const std::string name = "fan" + std::to_string(number);
        world.account(name);
        auto fan = world.comes_online(name + "@localhost/x");
        fan->says(presence("subscribe", "romeo@localhost"));
        const Lines heard = fan->hears();
        CHECK(heard.front() == "push romeo@localhost none ask");
        CHECK(heard.size() == (number == 9 ? 4 : 1)); // subscribed, push, presence
    }
    std::size_t waiting = 0;
    for (const RosterRecord& record : world.stored_roster("romeo").items) {
        waiting += record.pending_in ? 1 : 0;
    }
    CHECK(waiting == 3);
}

TEST_CASE("subscription: an account that does not exist is as silent as one that does not answer")
{
    Couple world;
    world.juliet->leaves();
    for (const char* whom : { "nobody@localhost", "juliet@localhost" }) {
        for (const auto& [kind, type] : kinds) {
            world.romeo->says(presence(type, whom));
            for (const std::string& line : world.romeo->hears()) {
                CHECK(line.starts_with("push "));
            }
            CHECK(world.romeo->is_settled());
        }
    }
}

TEST_CASE("subscription: a pre-approved request is answered by the server, once (RFC 6121 §3.4)")
{
    Couple world;
    world.juliet->says(presence("subscribed", "romeo@localhost"));
    CHECK(world.juliet->hears() == Lines { "push romeo@localhost none approved" });
    CHECK(world.romeo->hears().empty());
    world.romeo->says(presence("subscribe", "juliet@localhost"));
    CHECK(world.juliet->hears() == Lines { "push romeo@localhost from" });
    const Lines heard = world.romeo->hears();
    REQUIRE(heard.size() == 4);
    CHECK(heard.front() == "push juliet@localhost none ask");
    CHECK(count(heard, "presence subscribed from juliet@localhost") == 1);
    CHECK(count(heard, "push juliet@localhost to") == 1);
    CHECK(count(heard, "presence available from juliet@localhost/balcony") == 1);
}

TEST_CASE("subscription: 'unsubscribed' takes a pre-approval back (RFC 6121 §3.4.2)")
{
    Couple world;
    world.juliet->says(presence("subscribed", "romeo@localhost"));
    world.juliet->says(presence("unsubscribed", "romeo@localhost"));
    CHECK(world.juliet->hears()
        == Lines { "push romeo@localhost none approved", "push romeo@localhost none" });
    CHECK(world.romeo->hears().empty());
    world.romeo->says(presence("subscribe", "juliet@localhost"));
    CHECK(world.juliet->hears() == Lines { "presence subscribe from romeo@localhost" });
}

// RFC 6121 §3.2.2-3
// RFC 6121 §3.2.3-2
TEST_CASE("subscription: cancelling shows the user as unavailable first (RFC 6121 §3.2.2)")
{
    Verona world;
    world.befriend("romeo", "juliet");
    auto romeo = world.comes_online("romeo@localhost/orchard");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    romeo->hears();
    juliet->says(presence("unsubscribed", "romeo@localhost"));
    CHECK(juliet->hears() == Lines { "push romeo@localhost to" });
    CHECK(romeo->hears()
        == Lines { "presence unavailable from juliet@localhost/balcony",
            "presence unsubscribed from juliet@localhost", "push juliet@localhost from" });
}

// RFC 6121 §3.1.2-1
TEST_CASE("subscription: to oneself, or to nobody")
{
    Couple world;
    world.romeo->says(presence("subscribe", "romeo@localhost"));
    CHECK(world.romeo->hears().empty());
    world.romeo->says("<presence type='subscribe' id='s'/>");
    CHECK(world.romeo->hears() == Lines { "error bad-request s" });
    CHECK(world.stored_roster("romeo").items.empty());
}

TEST_CASE("subscription: nothing is routed or pushed before the commit, nor acknowledged (K1, K4)")
{
    Couple world;
    world.romeo->says_in_haste(presence("subscribe", "juliet@localhost"));
    CHECK(world.romeo->hears().empty());
    CHECK(world.juliet->hears().empty());
    CHECK_FALSE(world.romeo->is_settled());
    world.run();
    CHECK(world.romeo->is_settled());
    CHECK(world.juliet->hears().size() == 1);
    world.storage->stop();
    world.romeo->says("<presence type='unsubscribe' id='u' to='juliet@localhost'/>");
    CHECK(world.romeo->hears()
        == Lines { "push juliet@localhost none ask", "error internal-server-error u" });
    CHECK(world.juliet->hears().empty());
}

// RFC 6121 §3.1.2-4
TEST_CASE(
    "subscription: a request that got lost on its way is made again at the next login (RFC 6121 §3.1.2)")
{
    Verona world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    bring_to(world, "romeo", "juliet@localhost", ContactState::none_out); // juliet's side never heard of it
    romeo->leaves();
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto again = world.comes_online("romeo@localhost/orchard");
    CHECK(juliet->hears() == Lines { "presence subscribe from romeo@localhost" });
    auto second = world.comes_online("romeo@localhost/garden");
    CHECK(juliet->hears().empty());
}
