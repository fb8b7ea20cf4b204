// SPDX-License-Identifier: Apache-2.0
#include "rfc6121_world.hpp"

#include "xmpp/date_time.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Offline : Verona {
    Offline() : romeo(comes_online("romeo@localhost/orchard")) {}

    void write(std::string_view id, std::string_view attributes = "type='chat'",
        std::string_view inside = "<body>words</body>", std::string_view to = "juliet@localhost")
    {
        romeo->says("<message id='" + std::string(id) + "' to='" + std::string(to) + "' "
            + std::string(attributes) + ">" + std::string(inside) + "</message>");
    }

    /// What a client of juliet has been given, apart from presence.
    static Lines mail(Client& client)
    {
        Lines lines = client.hears();
        std::erase_if(lines, [](const std::string& line) { return line.starts_with("presence"); });
        return lines;
    }

    /// How much is kept in the store for a client of juliet that can be resumed.
    std::size_t unacknowledged(const Client& client)
    {
        const auto backlog = result_of(store().streams().find({ "localhost", "juliet" },
            client.jid().text()));
        return (*backlog)->unacked.size();
    }

    ClientPtr romeo;
};

std::string kept(std::string_view id)
{
    return "message " + std::string(id) + " from romeo@localhost/orchard delayed";
}

std::string live(std::string_view id)
{
    return "message " + std::string(id) + " from romeo@localhost/orchard";
}

} // namespace

// XEP-0160 §2-1
TEST_CASE("offline: messages come in order, whole, with the time they came (XEP-0160 §2, XEP-0203)")
{
    Offline world;
    const std::string then = to_datetime(world.clock.wall());
    world.write("1", "type='chat'", "<body>one</body><x xmlns='urn:example:x' a='&lt;'/>");
    world.clock.advance(std::chrono::hours(1));
    world.write("2", "");
    world.write("3", "type='chat'", "<body>three</body>", "juliet@localhost/gone");
    CHECK(world.romeo->hears().empty());
    CHECK(world.romeo->is_settled());
    auto mercutio = world.comes_online("mercutio@localhost/square");
    auto juliet = world.connects("juliet@localhost/balcony");
    CHECK(Offline::mail(*juliet).empty()); // not when it binds
    juliet->says("<presence/>");
    CHECK(Offline::mail(*juliet) == Lines { kept("1"), kept("2"), kept("3") });
    const Element& first = juliet->received[1];
    CHECK(first.child_text("body") == "one");
    CHECK(first.child("x", "urn:example:x")->attribute("a") == "<");
    const Element* delay = first.child("delay", ns::delay);
    CHECK(delay->attribute("from") == "localhost");
    CHECK(parse_datetime(*delay->attribute("stamp")) == parse_datetime(then));
    CHECK(mercutio->hears().empty());
}

TEST_CASE("offline: the sender is told that it is safe when it is committed, not before (K1)")
{
    Offline world;
    world.romeo->says_in_haste("<message id='1' to='juliet@localhost'><body>x</body></message>");
    for (int turn = 0; turn < 3 && !world.romeo->is_settled(); ++turn) {
        CHECK(world.romeo->hears().empty());
        world.shard.io().poll_one();
    }
    world.run();
    CHECK(world.romeo->is_settled());
    CHECK(world.stored_messages("juliet") == 1);
}

TEST_CASE("offline: a row goes when the client has shown that it read it, and not before (K5)")
{
    Offline world;
    world.write("1");
    auto lost = world.connects("juliet@localhost/train");
    lost->says("<presence/>");
    CHECK(Offline::mail(*lost) == Lines { kept("1") });
    lost->is_cut_off();
    CHECK(world.stored_messages("juliet") == 1);
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    CHECK(Offline::mail(*juliet) == Lines { kept("1") });
    CHECK(world.stored_messages("juliet") == 1);
    juliet->says("<presence><show>away</show></presence>");
    CHECK(world.stored_messages("juliet") == 0);
    juliet->is_cut_off();
    auto again = world.connects("juliet@localhost/balcony");
    again->says("<presence/>");
    CHECK(Offline::mail(*again).empty());
}

TEST_CASE("offline: a stream that is closed in good order confirms as well (K5)")
{
    Offline world;
    world.write("1");
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    juliet->leaves();
    CHECK(world.stored_messages("juliet") == 0);
}

// XEP-0160 §3-1 §3-2
TEST_CASE("offline: what is kept, by type and content (XEP-0160 §3, XEP-0334)")
{
    struct Case {
        const char* attributes;
        const char* inside;
        bool kept;
        const char* answer;
    };
    const Case cases[] = {
        { "", "<body>x</body>", true, "" },
        { "type='normal'", "<body>x</body>", true, "" },
        { "type='chat'", "<body>x</body>", true, "" },
        { "type='unheard-of'", "<body>x</body>", true, "" },
        { "type='headline'", "<body>x</body>", false, "" },
        { "type='groupchat'", "<body>x</body>", false, "error service-unavailable m" },
        { "type='error'", "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            false, "" },
        { "type='chat'", "", false, "" },
        { "type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", false, "" },
        { "", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", false, "" },
        { "type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>", false,
            "" },
        { "type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/><body>x</body>", true, "" },
        { "type='chat'", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, "" },
        { "type='chat'", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true, "" },
        { "type='chat'", "<body>x</body><no-store xmlns='urn:xmpp:hints'/>", false, "" },
        { "type='chat'", "<body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>", true, "" },
        { "type='chat'",
            "<active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/>", true,
            "" },
    };
    for (const Case& each : cases) {
        CAPTURE(each.attributes);
        CAPTURE(each.inside);
        Offline world;
        world.write("m", each.attributes, each.inside);
        CHECK(world.stored_messages("juliet") == (each.kept ? 1 : 0));
        CHECK(world.romeo->hears() == (*each.answer ? Lines { each.answer } : Lines {}));
        CHECK(world.romeo->is_settled());
    }
}

// XEP-0160 §2-1
TEST_CASE("offline: a negative priority does not get them, rising to 0 does (XEP-0160 §2)")
{
    Offline world;
    world.write("1");
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence><priority>-1</priority></presence>");
    CHECK(Offline::mail(*juliet).empty());
    world.write("2");
    CHECK(Offline::mail(*juliet).empty());
    juliet->says("<presence><priority>0</priority></presence>");
    CHECK(Offline::mail(*juliet) == Lines { kept("1"), kept("2") });
    world.write("3");
    CHECK(Offline::mail(*juliet) == Lines { live("3") });
}

TEST_CASE("offline: one sender's share, then everybody's; old mail is never displaced (A96)")
{
    Offline world;
    world.set("offline", "max_per_sender", std::int64_t(2));
    world.set("offline", "max_messages", std::int64_t(3));
    auto mercutio = world.comes_online("mercutio@localhost/square");
    for (const char* id : { "1", "2", "3" }) {
        world.write(id);
    }
    CHECK(world.romeo->hears() == Lines { "error resource-constraint 3" });
    for (const char* id : { "4", "5" }) {
        mercutio->says("<message id='" + std::string(id)
            + "' to='juliet@localhost'><body>x</body></message>");
    }
    CHECK(mercutio->hears() == Lines { "error resource-constraint 5" });
    CHECK(world.stored_messages("juliet") == 3);
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    CHECK(Offline::mail(*juliet)
        == Lines { kept("1"), kept("2"), "message 4 from mercutio@localhost/square delayed" });
}

TEST_CASE("offline: what the store refuses comes back to its sender")
{
    Offline world;
    auto juliet = world.comes_online("juliet@localhost/balcony"); // so that the account is in memory
    juliet->leaves();
    world.storage->stop();
    world.write("1");
    CHECK(world.romeo->hears() == Lines { "error internal-server-error 1" });
    CHECK(world.romeo->is_settled());
}

TEST_CASE("offline: a new message does not overtake old mail that is still being read")
{
    Offline world;
    world.write("1");
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says_in_haste("<presence/>"); // the mailbox is being read
    world.romeo->says_in_haste("<message id='2' type='chat' to='juliet@localhost'><body>x</body></message>");
    world.romeo->says_in_haste(
        "<message id='3' type='chat' to='juliet@localhost/balcony'><body>x</body></message>");
    world.run();
    CHECK(Offline::mail(*juliet) == Lines { kept("1"), kept("2"), kept("3") });
    world.write("4");
    CHECK(Offline::mail(*juliet) == Lines { live("4") });
}

TEST_CASE("offline: what waits for nobody does not wait: chat states and other resources during a reading")
{
    Offline world;
    auto chamber = world.comes_online("juliet@localhost/chamber", -1);
    world.write("1");
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says_in_haste("<presence/>");
    world.romeo->says_in_haste(
        "<message id='c' type='chat' to='juliet@localhost/chamber'><body>x</body></message>");
    CHECK(Offline::mail(*chamber) == Lines { live("c") });
    world.romeo->says_in_haste("<message id='s' type='chat' to='juliet@localhost/balcony'>"
                               "<paused xmlns='http://jabber.org/protocol/chatstates'/></message>");
    CHECK(Offline::mail(*juliet) == Lines { live("s") });
    world.run();
    CHECK(Offline::mail(*juliet) == Lines { kept("1") });
}

TEST_CASE("offline: a long mailbox is given batch by batch, each after the client has shown that it reads")
{
    Offline world;
    world.set("offline", "max_per_sender", std::int64_t(1000));
    Lines expected;
    for (int number = 0; number < 250; ++number) {
        world.write(std::to_string(number));
        expected.push_back(kept(std::to_string(number)));
    }
    expected.push_back(kept("late"));
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    world.write("late"); // while the mailbox is not empty, it goes to its end
    Lines got;
    for (const std::size_t batch : { 100, 100, 51 }) {
        Lines lines = Offline::mail(*juliet);
        const bool last = batch == 51;
        REQUIRE(lines.size() == batch + (last ? 0 : 1));
        if (!last) { // whoever answers a ping has read what was written before it
            CHECK(lines.back() == "get ping");
            lines.pop_back();
            juliet->says("<iq type='result' id='x' to='localhost'/>");
        }
        got.insert(got.end(), lines.begin(), lines.end());
    }
    CHECK(got == expected);
    CHECK(world.stored_messages("juliet") == 51);
    juliet->says("<presence><show>away</show></presence>");
    CHECK(world.stored_messages("juliet") == 0);
}

TEST_CASE("offline: when the reader leaves in the middle, another resource gets what it had not confirmed")
{
    Offline world;
    world.set("offline", "max_per_sender", std::int64_t(1000));
    for (int number = 0; number < 150; ++number) {
        world.write(std::to_string(number));
    }
    auto train = world.connects("juliet@localhost/train");
    train->says("<presence/>");
    CHECK(Offline::mail(*train).size() == 101);
    auto balcony = world.connects("juliet@localhost/balcony");
    balcony->says("<presence/>");
    CHECK(Offline::mail(*balcony).empty()); // one reads at a time
    train->is_cut_off();
    Lines lines = Offline::mail(*balcony);
    REQUIRE(lines.size() == 101);
    CHECK(lines.front() == kept("0"));
    balcony->says("<iq type='result' id='x' to='localhost'/>");
    lines = Offline::mail(*balcony);
    REQUIRE(lines.size() == 50);
    CHECK(lines.back() == kept("149"));
}

// Sessions that can be resumed (XEP-0198) -------------------------------------------------------------

TEST_CASE(
    "offline: what a session that can be resumed is given is kept in its queue, and comes back from there")
{
    Offline world;
    auto mercutio = world.comes_online("mercutio@localhost/square");
    world.write("1");
    world.clock.advance(std::chrono::hours(1));
    world.write("2");
    auto train = world.connects("juliet@localhost/train");
    train->can_be_resumed();
    train->says("<presence/>");
    CHECK(Offline::mail(*train) == Lines { kept("1"), kept("2") });
    const std::string first = to_xml(train->received[1]);
    CHECK(world.stored_messages("juliet") == 0);
    CHECK(world.unacknowledged(*train) == 2);
    train->says("<presence><show>away</show></presence>"); // says nothing of what it got
    CHECK(world.unacknowledged(*train) == 2);
    world.write("3");
    CHECK(Offline::mail(*train) == Lines { live("3") });
    train->is_cut_off();
    CHECK(world.stored_messages("juliet") == 3);
    auto juliet = world.connects("juliet@localhost/train");
    juliet->can_be_resumed();
    juliet->says("<presence/>");
    CHECK(Offline::mail(*juliet) == Lines { kept("1"), kept("2"), kept("3") });
    CHECK(to_xml(juliet->received[1]) == first);
    juliet->acknowledges();
    CHECK(world.unacknowledged(*juliet) == 0);
    juliet->is_cut_off();
    CHECK(world.stored_messages("juliet") == 0);
    CHECK(mercutio->hears().empty());
}

TEST_CASE("offline: a session that can be resumed gets the next batch when it has acknowledged the last one")
{
    Offline world;
    world.set("offline", "max_per_sender", std::int64_t(1000));
    for (int number = 0; number < 250; ++number) {
        world.write(std::to_string(number));
    }
    auto train = world.connects("juliet@localhost/train");
    train->can_be_resumed();
    train->says("<presence/>");
    world.write("late"); // while the mailbox is not empty, it goes to its end
    CHECK(Offline::mail(*train).size() == 100);
    CHECK(world.stored_messages("juliet") == 151);
    train->says("<iq type='result' id='x' to='localhost'/>");
    CHECK(Offline::mail(*train).empty());
    train->acknowledges();
    CHECK(Offline::mail(*train).size() == 100);
    CHECK(world.unacknowledged(*train) == 100);
    CHECK(world.stored_messages("juliet") == 51);

    // What it does not acknowledge is in its place again, before what it was not given yet.
    auto balcony = world.connects("juliet@localhost/balcony");
    balcony->says("<presence/>");
    CHECK(Offline::mail(*balcony).empty());
    train->is_cut_off();
    Lines got;
    for (int batch = 0; batch < 2; ++batch) {
        Lines lines = Offline::mail(*balcony);
        std::erase(lines, "get ping");
        got.insert(got.end(), lines.begin(), lines.end());
        balcony->says("<iq type='result' id='x' to='localhost'/>");
    }
    REQUIRE(got.size() == 151);
    for (std::size_t i = 0; i < 150; ++i) {
        CHECK(got[i] == kept(std::to_string(100 + i)));
    }
    CHECK(got.back() == kept("late"));
    CHECK(world.stored_messages("juliet") == 0);
}

TEST_CASE("offline: no batch takes more than half of the room in the queue")
{
    Offline world;
    for (int number = 0; number < 10; ++number) {
        world.write(std::to_string(number));
    }
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->can_be_resumed(7);
    juliet->says("<presence/>");
    for (const std::size_t batch : { 4, 4, 2 }) {
        CHECK(Offline::mail(*juliet).size() == batch);
        juliet->acknowledges();
    }
    CHECK(world.stored_messages("juliet") == 0);
    world.write("live");
    CHECK(Offline::mail(*juliet) == Lines { live("live") });

    auto full = world.connects("romeo@localhost/full");
    full->can_be_resumed(0);
    world.romeo->leaves();
    juliet->says("<message to='romeo@localhost' id='m'><body>x</body></message>");
    full->says("<presence/>");
    CHECK(Offline::mail(*full).empty());
    CHECK(world.stored_messages("romeo") == 1);
}

TEST_CASE("offline: what cannot be handed over is not sent, and what has its place says nothing")
{
    for (const bool stopped : { true, false }) {
        Offline world;
        world.write("1");
        const auto mail = world.result_of(world.store().mailbox().read({ "localhost", "juliet" }, 0, 10));
        const std::uint64_t row = mail->front().row;
        auto juliet = world.connects("juliet@localhost/balcony");
        juliet->can_be_resumed();
        juliet->says_in_haste("<presence/>"); // the mailbox is being read
        if (stopped) {
            world.storage->stop();
        } else {
            world.store().mailbox().remove({ "localhost", "juliet" }, { row }).then([](const auto&) {});
        }
        world.run();
        CHECK(Offline::mail(*juliet) == Lines { "get ping" });
    }
}

TEST_CASE("offline: what a session left is given to who reads the mailbox without giving anything twice")
{
    Offline world;
    world.write("1");
    auto train = world.connects("juliet@localhost/train");
    train->can_be_resumed();
    train->says("<presence/>");
    CHECK(Offline::mail(*train) == Lines { kept("1") });
    train->says("<presence type='unavailable'/>");
    world.write("2");
    auto balcony = world.connects("juliet@localhost/balcony");
    balcony->says("<presence/>");
    CHECK(Offline::mail(*balcony) == Lines { kept("2") });
    train->is_cut_off(); // the row of "1" is below the one that the balcony has not confirmed
    world.host().mailbox_grown(balcony->user());
    world.run();
    CHECK(Offline::mail(*balcony) == Lines { kept("1") });
    balcony->says("<presence><show>away</show></presence>");
    CHECK(Offline::mail(*balcony).empty());
    CHECK(world.stored_messages("juliet") == 0);
}

TEST_CASE("offline: messages to an account that does not exist vanish like those that are kept")
{
    Offline world;
    for (const char* type : { "type='chat'", "", "type='headline'" }) {
        world.write("1", type, "<body>x</body>", "nobody@localhost");
        CHECK(world.romeo->hears().empty());
    }
    CHECK(world.romeo->is_settled());
}

TEST_CASE("offline: a receipt or marker for a device that has gone is for the account, whatever its type")
{
    constexpr auto receipt = "<received xmlns='urn:xmpp:receipts' id='a'/>";
    constexpr auto marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>";
    Offline world;
    world.write("1", "", receipt, "juliet@localhost/gone");
    world.write("2", "", marker, "juliet@localhost/gone");
    CHECK(world.romeo->hears().empty());
    world.write("3", "", "<body>no tick</body>", "juliet@localhost/gone");
    CHECK(world.romeo->hears() == Lines { "error service-unavailable 3" });
    auto juliet = world.connects("juliet@localhost/balcony");
    juliet->says("<presence/>");
    CHECK(Offline::mail(*juliet) == Lines { kept("1"), kept("2") });
    world.write("4", "", receipt, "juliet@localhost/gone");
    CHECK(Offline::mail(*juliet) == Lines { live("4") });
}
