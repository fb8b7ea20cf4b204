// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_replays.hpp"

#include "archive_house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* original =
    "<message type='chat' to='juliet@localhost' id='m1'><body>Call me</body></message>";

struct Sending : ArchiveHouse {
    /// Romeo's session ends without notice and his account is read anew.
    void romeo_comes_back()
    {
        romeo->is_cut_off();
        host().forget_user("romeo");
        romeo = comes_online("romeo@localhost/orchard");
    }

    /// What Juliet hears of it if Romeo says it on a stream of its own.
    Lines heard_of(const std::string& xml)
    {
        auto stream = connects("romeo@localhost/" + std::to_string(++streams_));
        stream->says(xml);
        CHECK(stream->is_settled());
        errors = stream->hears();
        stream->leaves();
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

TEST_CASE(
    "replays: a message that is sent once more is neither kept nor delivered twice, also by a new session")
{
    Sending world;
    CHECK(once(world.heard_of(original)));
    CHECK(world.heard_of(original).empty());
    CHECK(world.errors.empty());
    world.romeo_comes_back();
    CHECK(world.heard_of(original).empty());
    CHECK(world.errors.empty());
    // As XEP-0198 has it: with the time when it was sent first, and to whichever resource.
    CHECK(world
              .heard_of("<message type='chat' to='juliet@localhost/balcony' id='m1'><body>Call me</body>"
                        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></message>")
              .empty());
    CHECK(world.search(*world.romeo).bodies == Lines { "Call me" });
    CHECK(world.search(*world.juliet).bodies == Lines { "Call me" });
}

TEST_CASE("replays: another id, addressee or content is another message, and so is one without id")
{
    Sending world;
    CHECK(world.heard_of(original).size() == 1);
    for (const char* other : {
             "<message type='chat' to='juliet@localhost' id='m2'><body>Call me</body></message>",
             "<message type='chat' to='juliet@localhost' id='m1'><body>Call me!</body></message>",
             "<message type='normal' to='juliet@localhost' id='m1'><body>Call me</body></message>",
             "<message type='chat' to='juliet@localhost' id='m1'><subject>Call me</subject></message>",
             "<message type='chat' to='juliet@localhost'><body>Call me</body></message>",
             "<message type='chat' to='juliet@localhost'><body>Call me</body></message>",
         }) {
        CAPTURE(other);
        CHECK(world.heard_of(other).size() == 1);
    }
    world.mercutio->says(original); // of somebody else
    CHECK(world.juliet->hears().size() == 1);
    world.romeo->says("<message type='chat' to='mercutio@localhost' id='m1'><body>Call me</body></message>");
    CHECK(world.mercutio->hears().size() == 1);
    // The origin-id counts before the id, which some clients make anew.
    const std::string origin = "<body>a</body><origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>";
    CHECK(world.heard_of("<message type='chat' to='juliet@localhost' id='x'>" + origin).size() == 1);
    CHECK(world.heard_of("<message type='chat' to='juliet@localhost' id='y'>" + origin).empty());
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

TEST_CASE("replays: who sends it once more while the first is being stored waits for the same answer")
{
    Sending world;
    auto other = world.connects("romeo@localhost/other");
    world.romeo->says_in_haste(original);
    other->says_in_haste(original);
    CHECK_FALSE(other->is_settled());
    world.run();
    CHECK(other->is_settled());
    CHECK(once(world.juliet->hears()));
    CHECK(other->hears().empty());
}

TEST_CASE("replays: if the first is lost, so is the second, and both are told")
{
    Sending world;
    auto other = world.connects("romeo@localhost/other");
    world.storage->stop();
    world.romeo->says_in_haste(original);
    other->says_in_haste(original);
    world.run();
    CHECK(other->is_settled());
    CHECK(world.juliet->hears().empty());
    CHECK(world.romeo->hears() == Lines { "error internal-server-error m1" });
    CHECK(other->hears() == Lines { "error internal-server-error m1" });
}

TEST_CASE("replays: a message that came back is a new one when it is tried again, also after a restart")
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

TEST_CASE("replays: only so many are remembered, the newest")
{
    SentMessages sent;
    const WallTime now;
    for (std::uint64_t key = 1; key <= SentMessages::most + 1; ++key) {
        sent.begin({ key, key, 1 }, now);
        CHECK(sent.state_of(key, now) == SentMessages::State::under_way);
        sent.end(key, true);
    }
    CHECK(sent.state_of(1, now) == SentMessages::State::unknown);
    CHECK(sent.state_of(2, now) == SentMessages::State::safe);
    CHECK(sent.state_of(SentMessages::most + 1, now) == SentMessages::State::safe);
    sent.begin({ 5000 }, now);
    sent.end(5000, false);
    CHECK(sent.state_of(5000, now) == SentMessages::State::unknown);
    // One that takes its time is not forgotten before it is over.
    sent.begin({ 7000 }, now);
    bool heard = false;
    sent.when_over(7000, [&heard](bool safe) { heard = safe; });
    for (std::uint64_t key = 1; key <= SentMessages::most + 1; ++key) {
        sent.begin({ key }, now);
        sent.end(key, true);
    }
    CHECK(sent.state_of(7000, now) == SentMessages::State::under_way);
    sent.end(7000, true);
    CHECK(heard);
    CHECK(sent.state_of(7000, now) == SentMessages::State::unknown);
    sent.end(6000, true); // nobody knows it
    CHECK(sent.state_of(6000, now) == SentMessages::State::unknown);
}
