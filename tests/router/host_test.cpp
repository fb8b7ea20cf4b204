// SPDX-License-Identifier: Apache-2.0
#include "support/example_module.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// Something that others wait for until the test opens it.
class Gate {
public:
    Task<bool> pass()
    {
        Pending<bool> waiting;
        promises_.push_back(waiting.promise());
        const bool passed = co_await waiting;
        co_return passed;
    }
    void open(bool answer = true)
    {
        for (auto& promise : std::exchange(promises_, {})) {
            promise.fulfil(answer);
        }
    }
    std::size_t waiting() const { return promises_.size(); }

private:
    std::vector<Pending<bool>::Promise> promises_;
};

Task<IqAnswer> answer_behind(Gate& gate)
{
    auto passing = gate.pass();
    co_await passing;
    co_return std::nullopt;
}

Task<IqAnswer> throw_behind(Gate& gate)
{
    auto passing = gate.pass();
    co_await passing;
    throw std::runtime_error("a bug");
}

/// What the module of all these tests registers, and what happens in it.
struct Inside {
    Gate loading;
    Gate answering;
    bool loads_slowly = false;
    Lines seen;

    void attach(Handlers& on)
    {
        on.user_load([this](User& user) { return load(user); });
        on.iq_get_later(To::account, "urn:later", "ask",
            [this](Iq, Context) { return answer_behind(answering); });
        on.iq_get_later(To::own_account, "urn:throw", "late",
            [this](Iq, Context) { return throw_behind(answering); });
        on.iq_get(To::own_account, "urn:throw", "now",
            [](const Iq&, const Context&) -> IqAnswer { throw std::runtime_error("a bug"); });
        on.message(Flow::to_user, Stage::deliver, [this](Message message, const Context&) {
            if (message.type() != MessageType::error) {
                seen.emplace_back(message.id());
            }
            return Verdict::pass();
        });
        on.session_bound([this](const Context& c) { seen.push_back("bound " + c.session->jid().text()); });
        on.session_ended([this](const Context& c) {
            seen.push_back("ended " + c.session->jid().text() + " of "
                + std::to_string(c.user->sessions().size()));
        });
    }

    Task<bool> load(User&)
    {
        if (!loads_slowly) {
            co_return true;
        }
        auto passing = loading.pass();
        const bool loaded = co_await passing;
        co_return loaded;
    }
};

struct Inn : Inside, World {
    Inn() : World(example_module([this](Handlers& on) { attach(on); }))
    {
        account("romeo");
        account("juliet");
        juliet = connects("juliet@localhost/balcony");
        seen.clear();
    }

    void sends(const std::string& id, const std::string& to = "romeo@localhost")
    {
        juliet->says("<message id='" + id + "' type='chat' to='" + to + "'><body>x</body></message>");
    }

    ClientPtr juliet;
};

} // namespace

TEST_CASE("host: what is sent to an account while it is loaded waits, and goes in order")
{
    Inn world;
    world.loads_slowly = true;
    world.sends("m1");
    world.host().user("romeo")->when_loaded([&world](User& user) {
        CHECK(user.state() == User::State::ready);
        world.seen.emplace_back("task");
    });
    world.sends("m2");
    CHECK(world.host().find_user("romeo")->state() == User::State::loading);
    CHECK_FALSE(world.juliet->is_settled());
    CHECK(world.seen.empty());
    world.loading.open();
    CHECK(world.seen == Lines { "m1", "task", "m2" });
    CHECK(world.juliet->is_settled());
    world.sends("m3");
    CHECK(world.seen.back() == "m3");
}

TEST_CASE("host: an account that cannot be read answers with internal-server-error, and is tried again later")
{
    Inn world;
    world.loads_slowly = true;
    world.sends("m1");
    world.loading.open(false);
    CHECK(world.juliet->hears() == Lines { "error internal-server-error m1" });
    world.sends("m2");
    CHECK(world.juliet->hears() == Lines { "error internal-server-error m2" });
    world.host().sweep();
    world.host().sweep();
    world.loads_slowly = false;
    world.sends("m3");
    CHECK(world.juliet->hears() == Lines { "error service-unavailable m3" });
    CHECK(world.seen == Lines { "m3" });
}

// RFC 6121 §8.5.1-1 §8.5.1-2
// RFC 6120 §10.5.3.1-1
TEST_CASE(
    "host: an account that is not there is service-unavailable to requests, and silence to the rest (RFC "
    "6121 §8.5.1)")
{
    Inn world;
    world.sends("m1", "nobody@localhost");
    world.juliet->says("<iq id='i1' type='get' to='nobody@localhost'><ask xmlns='urn:later'/></iq>");
    world.juliet->says("<presence to='nobody@localhost'/>");
    world.juliet->says("<presence type='subscribe' to='nobody@localhost'/>");
    CHECK(world.juliet->hears() == Lines { "error service-unavailable i1" });
    CHECK(world.host().find_user("nobody")->state() == User::State::absent);
}

TEST_CASE("host: a handler that throws is an internal-server-error to who asked, and nobody else's concern")
{
    Inn world;
    world.juliet->says("<iq id='n' type='get'><now xmlns='urn:throw'/></iq>");
    CHECK(world.juliet->hears() == Lines { "error internal-server-error n" });
    world.juliet->says("<iq id='l' type='get'><late xmlns='urn:throw'/></iq>");
    CHECK(world.juliet->hears().empty());
    world.answering.open();
    CHECK(world.juliet->hears() == Lines { "error internal-server-error l" });
    CHECK(world.juliet->is_settled());
    CHECK(world.juliet->is_open());
}

// RFC 6120 §8.2.3-2
TEST_CASE("host: an iq is answered exactly once, when its handler is done, and is settled then")
{
    Inn world;
    world.juliet->says("<iq id='a' type='get' to='romeo@localhost'><ask xmlns='urn:later'/></iq>");
    world.juliet->says("<iq id='b' type='get'><ask xmlns='urn:later'/></iq>");
    CHECK(world.answering.waiting() == 2);
    CHECK_FALSE(world.juliet->is_settled());
    world.answering.open();
    CHECK(world.juliet->hears() == Lines { "result a", "result b" });
    CHECK(world.juliet->is_settled());
}

TEST_CASE(
    "host: an answer for a session that has closed meanwhile goes nowhere, not to who took its resource")
{
    Inn world;
    world.juliet->says("<iq id='own' type='get'><ask xmlns='urn:later'/></iq>");
    auto gone = world.juliet;
    world.juliet->is_cut_off();
    world.juliet = world.connects("juliet@localhost/balcony");
    world.answering.open();
    CHECK(gone->hears().empty());
    CHECK(world.juliet->hears().empty());
    CHECK(gone->is_settled());
}

TEST_CASE("host: an account that is unloaded while it is asked stays alive for its answer")
{
    Inn world;
    world.juliet->says("<iq id='a' type='get' to='romeo@localhost'><ask xmlns='urn:later'/></iq>");
    world.host().forget_user("romeo");
    CHECK(world.host().find_user("romeo") == nullptr);
    world.answering.open();
    CHECK(world.juliet->hears() == Lines { "result a" });
}

// RFC 6120 §8.4-2
// RFC 6120 §10.3.3-1
TEST_CASE("host: a request that nobody answers is service-unavailable (RFC 6120 §8.4)")
{
    Inn world;
    for (const char* to : { "", " to='localhost'", " to='romeo@localhost'", " to='juliet@localhost'" }) {
        world.juliet->says("<iq id='x' type='get'" + std::string(to) + "><unknown xmlns='urn:x'/></iq>");
        CHECK(world.juliet->hears() == Lines { "error service-unavailable x" });
    }
    world.juliet->says("<message id='m' to='localhost'><body>x</body></message>");
    CHECK(world.juliet->hears() == Lines { "error service-unavailable m" });
    world.juliet->says("<iq id='r' type='result' to='localhost'/>");
    world.juliet->says("<iq id='r' type='result' to='romeo@localhost'/>");
    world.juliet->says("<iq id='r' type='result'/>");
    world.juliet->says("<presence to='localhost'/>");
    CHECK(world.juliet->hears().empty());
}

TEST_CASE("host: what is remembered of an account is forgotten when it changes, and read anew")
{
    Inn world;
    world.sends("m1", "tybalt@localhost");
    CHECK(world.host().find_user("tybalt")->state() == User::State::absent);
    world.account("tybalt"); // forgets what was remembered
    CHECK(world.host().find_user("tybalt") == nullptr);
    world.sends("m2", "tybalt@localhost");
    CHECK(world.host().find_user("tybalt")->state() == User::State::ready);
}

TEST_CASE("host: an account that changes while it is read is read again before anybody gets it")
{
    Inn world;
    world.loads_slowly = true;
    world.sends("m1");
    const auto user = world.host().user("romeo");
    world.store().accounts().set_enabled({ "localhost", "romeo" }, false).then([](const auto&) {});
    world.run();
    world.host().forget_user("romeo");
    world.sends("m2");
    world.loading.open();
    world.run();
    CHECK(world.host().find_user("romeo") == user.get());
    CHECK(user->state() == User::State::absent);
    CHECK(world.juliet->hears().empty()); // as for any account that is not there (RFC 6121 §8.5.1)
    CHECK(world.juliet->is_settled());
    CHECK(world.seen.empty());
}

TEST_CASE(
    "host: an account that goes under its sessions takes nothing any more, and is dropped with the last")
{
    Inn world;
    auto orchard = world.connects("romeo@localhost/orchard");
    auto garden = world.connects("romeo@localhost/garden");
    world.host().forget_user("romeo");
    world.sends("m1", "romeo@localhost/orchard");
    CHECK(world.juliet->hears().empty());
    CHECK(orchard->hears().empty());
    orchard->leaves();
    CHECK(world.host().find_user("romeo") != nullptr);
    garden->leaves();
    CHECK(world.host().find_user("romeo") == nullptr);
}

TEST_CASE("host: modules hear of a session's beginning, and of its end while it is still counted")
{
    Inn world;
    auto orchard = world.connects("romeo@localhost/orchard");
    CHECK(world.seen == Lines { "bound romeo@localhost/orchard" });
    world.seen.clear();
    orchard->leaves();
    CHECK(world.seen == Lines { "ended romeo@localhost/orchard of 1" });
    world.host().unbind(*orchard);
    CHECK(world.seen.size() == 1); // once
    CHECK(world.host().find_user("romeo")->sessions().empty());
}

TEST_CASE("host: who is idle at two looks is unloaded; not who has a session, is loaded or is held")
{
    Inn world;
    auto orchard = world.connects("romeo@localhost/orchard");
    world.sends("m1", "nobody@localhost");
    world.host().sweep();
    world.host().sweep();
    CHECK(world.host().find_user("nobody") == nullptr);
    CHECK(world.host().find_user("romeo") != nullptr);
    CHECK(world.host().find_user("juliet") != nullptr);
    auto held = world.host().find_user("romeo")->shared_from_this();
    orchard->leaves();
    world.host().sweep();
    world.host().sweep();
    CHECK(world.host().find_user("romeo") == held.get());
    held.reset();
    world.host().sweep();
    CHECK(world.host().find_user("romeo") != nullptr);
    world.host().sweep();
    CHECK(world.host().find_user("romeo") == nullptr);
    world.loads_slowly = true;
    world.sends("m2");
    world.host().sweep();
    world.host().sweep();
    CHECK(world.host().find_user("romeo")->state() == User::State::loading);
    world.loading.open();
}

// RFC 6120 §10.3.1-1
TEST_CASE("host: a message without an address is for the sender's own account (RFC 6120 §10.3.1)")
{
    Inn world;
    world.juliet->set_available(std::make_shared<const Stanza>(Stanza::presence(world.juliet->jid(), Jid())),
        0);
    world.juliet->says("<message id='m1' type='chat'><body>note</body></message>");
    CHECK(world.juliet->hears() == Lines { "message m1 from juliet@localhost/balcony" });
}

TEST_CASE("host: administrators are those whom the settings list, by any of their resources")
{
    Inn world;
    CHECK(world.host().is_admin(*Jid::parse("admin@localhost")));
    CHECK(world.host().is_admin(*Jid::parse("admin@localhost/desk")));
    CHECK_FALSE(world.host().is_admin(*Jid::parse("juliet@localhost")));
    CHECK_FALSE(world.host().is_admin(*Jid::parse("localhost")));
}
