// SPDX-License-Identifier: Apache-2.0
#include "router/user.hpp"

#include "support/world.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

struct Family : World {
    Family() : World({}), user(std::make_shared<User>(host(), *Jid::parse("romeo@localhost"))) {}

    void has_contact(const char* jid, SubscriptionState subscription)
    {
        RosterRecord record;
        record.contact = *Jid::parse(jid);
        record.subscription = subscription;
        user->roster().put(std::move(record));
    }

    ClientPtr joins(const char* jid, std::optional<int> priority = std::nullopt)
    {
        auto client = std::make_shared<Client>(*this, *Jid::parse(jid));
        user->add_session(client);
        if (priority) {
            client->set_available(std::make_shared<const Stanza>(Stanza::presence(client->jid(), Jid())),
                *priority);
        }
        return client;
    }

    std::shared_ptr<User> user;
};

} // namespace

TEST_CASE("user: tasks wait for the loading, in order, and run at once afterwards")
{
    Family world;
    Lines done;
    world.user->when_loaded([&done](User&) { done.emplace_back("one"); });
    world.user->when_loaded([&done](User& user) {
        done.emplace_back("two");
        user.when_loaded([&done](User&) { done.emplace_back("inside two"); });
    });
    world.user->when_loaded([&done](User&) { done.emplace_back("three"); });
    CHECK(done.empty());
    world.user->become(User::State::ready);
    CHECK(done == Lines { "one", "two", "inside two", "three" });
    world.user->when_loaded([&done](User&) { done.emplace_back("four"); });
    CHECK(done.back() == "four");
}

TEST_CASE("user: presence is shown to itself and to contacts with subscription from or both (RFC 6121 §4.1)")
{
    Family world;
    world.has_contact("none@localhost", SubscriptionState::none);
    world.has_contact("to@localhost", SubscriptionState::to);
    world.has_contact("from@localhost", SubscriptionState::from);
    world.has_contact("both@localhost", SubscriptionState::both);
    const auto shows = [&world](const char* jid) { return world.user->shows_presence_to(*Jid::parse(jid)); };
    CHECK(shows("romeo@localhost/any"));
    CHECK(shows("from@localhost/any"));
    CHECK(shows("both@localhost"));
    CHECK_FALSE(shows("to@localhost"));
    CHECK_FALSE(shows("none@localhost"));
    CHECK_FALSE(shows("stranger@localhost"));
    CHECK_FALSE(shows("localhost"));
}

TEST_CASE("user: sessions are found by resource; one that is closed is not available and gets nothing")
{
    Family world;
    auto orchard = world.joins("romeo@localhost/orchard", 0);
    auto garden = world.joins("romeo@localhost/garden");
    CHECK(world.user->session("orchard") == orchard.get());
    CHECK(world.user->session("Orchard") == nullptr);
    CHECK(&orchard->user() == world.user.get());
    CHECK(world.user->has_available_session());
    const auto all = [](const Session&) { return true; };
    world.user->send_to_sessions(Stanza::message(Jid(), Jid()), all);
    CHECK(orchard->hears().size() == 1);
    CHECK(garden->hears().size() == 1);
    world.user->remove_session(*garden);
    world.user->send_to_sessions(Stanza::message(Jid(), Jid()), all);
    CHECK(orchard->hears().size() == 1);
    CHECK(garden->hears().empty());
}

TEST_CASE("user: idle at this look and at the one before")
{
    Family world;
    CHECK_FALSE(world.user->is_idle_again(true));
    CHECK(world.user->is_idle_again(true));
    CHECK_FALSE(world.user->is_idle_again(false));
    CHECK_FALSE(world.user->is_idle_again(true));
    CHECK(world.user->is_idle_again(true));
}
