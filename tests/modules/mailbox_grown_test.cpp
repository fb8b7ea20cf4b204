// SPDX-License-Identifier: Apache-2.0
// Mail that comes into a mailbox without having passed the stages: what a session has left behind.
#include "rfc6121_world.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Left : Verona {
    Left() : romeo(comes_online("romeo@localhost/orchard")), balcony(comes_online("juliet@localhost/balcony"))
    {
        romeo->hears();
        balcony->hears();
    }

    /// Another device of juliet gets a message and ends without having acknowledged it.
    void leaves_behind(const std::string& id)
    {
        StreamRecord record;
        record.token = id;
        record.owner = { "localhost", "juliet" };
        record.resource = "train";
        const std::uint64_t row = *result_of(store().streams().create(record));
        MessageToStore message;
        message.stamp = clock.wall();
        message.xml =
            "<message xmlns='jabber:client' from='romeo@localhost/orchard' to='juliet@localhost/train' "
            "id='"
            + id + "'><body>words</body></message>";
        message.archives = { ArchiveEntry { record.owner, *Jid::parse("romeo@localhost/orchard"), false } };
        message.unacked_entries = { UnackedEntry { row, 1, CopyForm::itself } };
        result_of(store().messages().accept(message));
        result_of(store().streams().end(record.owner, row, {}));
        host().mailbox_grown(*host().find_user("juliet"));
        run();
    }

    static Lines mail(Client& client)
    {
        Lines lines = client.hears();
        std::erase_if(lines, [](const std::string& line) { return !line.starts_with("message"); });
        return lines;
    }

    ClientPtr romeo;
    ClientPtr balcony;
};

std::string kept(std::string_view id)
{
    return "message " + std::string(id) + " from romeo@localhost/orchard delayed";
}

} // namespace

TEST_CASE("mailbox grown: who is there and takes messages is given it, once, and nobody else")
{
    Left world;
    auto silent = world.comes_online("juliet@localhost/attic", -1);
    world.leaves_behind("1");
    CHECK(Left::mail(*world.balcony) == Lines { kept("1") });
    world.leaves_behind("2");
    CHECK(Left::mail(*world.balcony) == Lines { kept("2") });
    CHECK(Left::mail(*silent).empty());
    CHECK(Left::mail(*world.romeo).empty());
    world.balcony->says("<presence/>");
    CHECK(world.stored_messages("juliet") == 0);
}

TEST_CASE("mailbox grown: it is found by who reads at that moment, and else by the next who comes")
{
    Left world;
    world.balcony->leaves();
    world.leaves_behind("1");
    CHECK(world.stored_messages("juliet") == 1);
    auto chamber = world.connects("juliet@localhost/chamber");
    chamber->says_in_haste("<presence/>");
    world.leaves_behind("2");
    CHECK(Left::mail(*chamber) == Lines { kept("1"), kept("2") });
}

TEST_CASE("mailbox grown: who has read the archive once is given what was left behind later")
{
    Left world;
    world.balcony->set_caught_up_to(1);
    world.leaves_behind("1");
    CHECK(Left::mail(*world.balcony) == Lines { kept("1") });
}
