// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_replays.hpp"

#include "archive_house.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* original = "<message type='chat' to='juliet@localhost' id='m1'><body>Call me</body>"
                                 "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>";

/// How a stream of Romeo's ends.
enum class Goes { cut_off, in_good_order };

struct Sending : ArchiveHouse {
    /// Romeo's session ends without notice and his account is read anew.
    void romeo_comes_back()
    {
        romeo->is_cut_off();
        host().forget_user("romeo");
        romeo = comes_online("romeo@localhost/orchard");
    }

    /// What Juliet hears of it if Romeo says it on a stream of its own, which ends so.
    Lines heard_of(const std::string& xml, Goes how = Goes::cut_off)
    {
        auto stream = connects("romeo@localhost/" + std::to_string(++streams_));
        stream->says(xml);
        CHECK(stream->is_settled());
        errors = stream->hears();
        if (how == Goes::cut_off) {
            stream->is_cut_off();
        } else {
            stream->leaves();
        }
        return juliet->hears();
    }
    Lines errors;

private:
    int streams_ = 0;
};

/// One message, whichever stream it came on.
bool once(const Lines& lines)
{
    return lines.size() == 1 && lines.front().starts_with("message m1 from romeo@localhost/");
}

} // namespace

TEST_CASE("replays: a message that is sent once more is neither kept nor delivered twice")
{
    Sending world;
    CHECK(once(world.heard_of(original)));
    CHECK(world.heard_of(original).empty());
    CHECK(world.errors.empty());
    world.romeo_comes_back();
    CHECK(world.heard_of(original, Goes::in_good_order).empty());
    CHECK(world.heard_of(original).empty()); // for the first stream has broken
    CHECK(world.errors.empty());
    // As XEP-0198 has it: with the time when it was sent first, and to whichever resource.
    CHECK(world
              .heard_of("<message type='chat' to='juliet@localhost/balcony' id='m1'><body>Call me</body>"
                        "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"
                        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></message>")
              .empty());
    CHECK(world.search(*world.romeo).bodies == Lines { "Call me" });
    CHECK(world.search(*world.juliet).bodies == Lines { "Call me" });
}

TEST_CASE("replays: what came on a stream that was closed in good order is not repeated by anything")
{
    Sending world;
    CHECK(once(world.heard_of(original, Goes::in_good_order)));
    CHECK(once(world.heard_of(original, Goes::in_good_order)));
    world.romeo_comes_back();
    CHECK(once(world.heard_of(original)));
    CHECK(world.search(*world.juliet).bodies == Lines { "Call me", "Call me", "Call me" });
}

TEST_CASE("replays: nor is what came on one that is still open")
{
    Sending world;
    world.romeo->says(original);
    CHECK(once(world.juliet->hears()));
    CHECK(once(world.heard_of(original)));
    world.romeo->is_cut_off();
    CHECK(world.heard_of(original).empty());
}

TEST_CASE(
    "replays: another origin-id, addressee or content is another message, and so is one without origin-id")
{
    Sending world;
    const std::string origin = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>";
    const std::string juliet = "to='juliet@localhost' ";
    CHECK(world.heard_of(original).size() == 1);
    for (const std::string& other : {
             "<message type='chat' " + juliet
                 + "id='m1'><body>Call me</body><origin-id xmlns='urn:xmpp:sid:0' id='o2'/></message>",
             "<message type='chat' " + juliet + "id='m1'><body>Call me!</body>" + origin,
             "<message type='normal' " + juliet + "id='m1'><body>Call me</body>" + origin,
             "<message type='chat' " + juliet + "id='m1'><subject>Call me</subject>" + origin,
             "<message type='chat' " + juliet + "id='m1'><body xml:lang='en'>Call me</body>" + origin,
         }) {
        CAPTURE(other);
        CHECK(world.heard_of(other).size() == 1);
    }
    for (const char* without : {
             "<message type='chat' to='juliet@localhost' id='m1'><body>Call me</body></message>",
             "<message type='chat' to='juliet@localhost'><body>Call me</body></message>",
             "<message type='chat' to='juliet@localhost' id='m1'><body>Call me</body>"
             "<origin-id xmlns='urn:xmpp:sid:0'/></message>",
             "<message type='chat' to='juliet@localhost' id='m1'><body>Call me</body>"
             "<origin-id xmlns='urn:example:other' id='o1'/></message>",
         }) {
        CAPTURE(without);
        CHECK(world.heard_of(without).size() == 1);
        CHECK(world.heard_of(without).size() == 1);
    }
    world.mercutio->says(original); // of somebody else
    CHECK(world.juliet->hears().size() == 1);
    world.romeo->says("<message type='chat' to='mercutio@localhost' id='m1'><body>Call me</body>" + origin);
    CHECK(world.mercutio->hears().size() == 1);
    // The origin-id counts before the id, which some clients make anew.
    CHECK(world.heard_of("<message type='chat' " + juliet + "id='y'><body>Call me</body>" + origin).empty());
}

TEST_CASE("replays: a client that counts its ids anew on each stream loses nothing")
{
    Sending world;
    const char* first = "<message type='chat' to='juliet@localhost' id='1'><body>yes</body></message>";
    for (int i = 0; i < 3; ++i) {
        CHECK(world.heard_of(first).size() == 1);
    }
    CHECK(world.search(*world.juliet).bodies == Lines { "yes", "yes", "yes" });
}

TEST_CASE("replays: a day later it is a new message")
{
    Sending world;
    CHECK(once(world.heard_of(original)));
    world.clock.advance(23h);
    CHECK(world.heard_of(original).empty());
    world.clock.advance(1h + 1s);
    CHECK(once(world.heard_of(original)));
    world.clock.advance(25h);
    world.romeo_comes_back();
    CHECK(once(world.heard_of(original)));
}

TEST_CASE("replays: who says the same twice on one stream means it, unless the stream was resumed meanwhile")
{
    Sending world;
    world.romeo->says(original);
    world.romeo->says(original);
    CHECK(world.juliet->hears().size() == 2);
    world.host().handlers().run_moment(world.host().handlers().on_resumed(),
        Context { world.host(), &world.romeo->user(), world.romeo.get() });
    world.romeo->says(original);
    CHECK(world.juliet->hears().empty());
    CHECK(world.romeo->is_settled());
}

TEST_CASE("replays: what is sent once more while the first is being stored is seen as well")
{
    Sending world;
    auto other = world.connects("romeo@localhost/other");
    world.romeo->says_in_haste(original);
    world.host().handlers().run_moment(world.host().handlers().on_disconnected(),
        Context { world.host(), &world.romeo->user(), world.romeo.get() });
    other->says_in_haste(original);
    CHECK_FALSE(other->is_settled());
    world.run();
    CHECK(other->is_settled());
    CHECK(once(world.juliet->hears()));
    CHECK(other->hears().empty());
}

TEST_CASE("replays: other devices of the sender get no second copy, and those that can be resumed no gap")
{
    Sending world;
    auto phone = world.comes_online("romeo@localhost/phone");
    world.asks(*phone, "set", "<enable xmlns='urn:xmpp:carbons:2'/>");
    phone->can_be_resumed();
    CHECK(once(world.heard_of(original)));
    CHECK(phone->hears().size() == 1);
    CHECK(world.heard_of(original).empty());
    const Lines heard = phone->hears(); // something that says nothing has its place
    CHECK(std::none_of(heard.begin(), heard.end(),
        [](const auto& line) { return line.starts_with("message"); }));
}

TEST_CASE("replays: a message that was refused is a new one when it is tried again, also after a restart")
{
    Sending world;
    const auto block = [&world](const char* what) {
        House::asks(*world.juliet, "set",
            std::string("<") + what + " xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'/></" + what
                + ">");
    };
    SUBCASE("in one session")
    {
        block("block");
        CHECK(world.heard_of(original).empty());
        CHECK(world.errors == Lines { "error service-unavailable m1" });
        CHECK(world.heard_of(original).empty());
        CHECK(world.errors == Lines { "error service-unavailable m1" });
        block("unblock");
    }
    SUBCASE("in another")
    {
        block("block");
        CHECK(world.heard_of(original).empty());
        block("unblock");
        world.romeo_comes_back();
    }
    CHECK(once(world.heard_of(original)));
    CHECK(world.heard_of(original).empty());
}

TEST_CASE("replays: so is one that the recipient's client has sent back, once")
{
    Sending world;
    world.romeo->says(original);
    CHECK(once(world.juliet->hears()));
    world.juliet->says("<message type='error' to='romeo@localhost/orchard' id='m1'><error type='cancel'>"
                       "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    SUBCASE("at once")
    {
        world.romeo->is_cut_off();
    }
    SUBCASE("after his account was read anew")
    {
        world.romeo_comes_back();
    }
    CHECK(once(world.heard_of(original)));
    CHECK(world.heard_of(original).empty());
}

TEST_CASE("replays: nobody who sends errors makes the server forget what others have refused")
{
    Sending world;
    const auto refused_by = [](const char* id) {
        return "<message type='error' to='romeo@localhost/orchard' id='" + std::string(id)
            + "'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
              "</message>";
    };
    world.romeo->says(original);
    CHECK(once(world.juliet->hears()));
    world.juliet->says(refused_by("m1"));
    SUBCASE("while he is here")
    {
        for (int i = 0; i < 100; ++i) {
            world.mercutio->says(refused_by(("x" + std::to_string(i)).c_str()));
        }
        world.romeo->is_cut_off();
    }
    SUBCASE("after his account was read anew")
    {
        world.romeo_comes_back();
        for (int i = 0; i < 100; ++i) {
            world.mercutio->says(refused_by(("x" + std::to_string(i)).c_str()));
        }
        world.romeo_comes_back();
    }
    CHECK(once(world.heard_of(original)));
}

TEST_CASE("replays: what may have been stored is not acknowledged, and sent again it is there once")
{
    for (const NextCommit next : { NextCommit::is_made, NextCommit::is_not_made }) {
        CAPTURE(next);
        Sending world;
        auto first = world.connects("romeo@localhost/first");
        world.storage->next = next;
        first->says(original);
        CHECK_FALSE(first->is_settled());
        CHECK(first->ended_with() == "internal-server-error");
        CHECK(first->hears().empty()); // it is not called refused either
        // Juliet's client comes back too, and reads what there is.
        CHECK(world.juliet->hears().empty());
        CHECK(world.juliet->ended_with() == "internal-server-error");
        CHECK(world.mercutio->ended_with().empty());
        world.juliet = world.comes_online("juliet@localhost/balcony");
        CHECK(world.heard_of(original).empty() == (next == NextCommit::is_made));
        CHECK(world.errors.empty());
        CHECK(world.search(*world.juliet).bodies == Lines { "Call me" });
        CHECK(world.search(*world.romeo).bodies == Lines { "Call me" });
    }
}
