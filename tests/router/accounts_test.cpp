// SPDX-License-Identifier: Apache-2.0
#include "router/accounts.hpp"

#include "sasl/mechanism.hpp"
#include "sasl/scram_crypto.hpp"
#include "support/example_module.hpp"
#include "xmpp/date_time.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// One account with two sessions, and a stranger.
struct Register : World {
    Register()
        : World(example_module([this](Handlers& on) {
              on.account_removed([this](const Context& context) {
                  removed.push_back(context.user->jid().text() + " open "
                      + std::to_string(open_sessions(*context.user)));
              });
              on.account_forgotten([this](Jid account) { return forget(std::move(account)); });
          }))
    {
        account("romeo", "secret");
        account("juliet");
        orchard = connects("romeo@localhost/orchard");
        garden = connects("romeo@localhost/garden");
        juliet = connects("juliet@localhost/balcony");
    }

    Task<bool> forget(Jid account)
    {
        forgotten.push_back(account.text());
        if (breaks) {
            throw std::runtime_error("a bug");
        }
        co_return can_forget;
    }

    static std::size_t open_sessions(const User& user)
    {
        return static_cast<std::size_t>(std::count_if(user.sessions().begin(), user.sessions().end(),
            [](const auto& session) { return session->is_open(); }));
    }

    /// "done", or what is wrong.
    std::string says(Task<Accounts::Outcome> task)
    {
        const auto outcome = result_of(std::move(task));
        return outcome ? "done" : std::string(to_text(outcome.error()));
    }

    bool is_password(const char* password)
    {
        const auto right = result_of(accounts().check_password(romeo, password));
        return right && *right;
    }

    const Jid romeo = *Jid::parse("romeo@localhost");
    const Jid nobody = *Jid::parse("nobody@localhost");
    const Jid elsewhere = *Jid::parse("romeo@elsewhere.example");
    Lines removed;
    Lines forgotten;
    bool can_forget = true;
    bool breaks = false;
    ClientPtr orchard, garden, juliet;
};

std::string text(AccountProblem problem)
{
    return std::string(to_text(problem));
}

} // namespace

TEST_CASE("accounts: one is made once, with a password that may be, on a host that is served")
{
    Register world;
    const Jid tybalt = *Jid::parse("tybalt@localhost");
    CHECK(world.says(world.accounts().create(tybalt, "")) == "The password is empty");
    CHECK(world.says(world.accounts().create(tybalt, "a\x07")).find("U+0007") != std::string::npos);
    CHECK(world.says(world.accounts().create(tybalt, "10 m\u00b2")).find("U+00B2") != std::string::npos);
    CHECK(world.says(world.accounts().create(tybalt, "cat")) == "done");
    CHECK(world.says(world.accounts().create(tybalt, "king")) == text(AccountProblem::exists));
    CHECK(*world.result_of(world.accounts().check_password(tybalt, "cat")));
    CHECK(world.says(world.accounts().create(world.elsewhere, "x")) == text(AccountProblem::not_local));
    CHECK(world.says(world.accounts().create(*Jid::parse("localhost"), "x"))
        == text(AccountProblem::not_local));
}

TEST_CASE("accounts: whether one exists, also while it is disabled")
{
    Register world;
    CHECK(*world.result_of(world.accounts().exists(world.romeo)));
    CHECK_FALSE(*world.result_of(world.accounts().exists(world.nobody)));
    CHECK(world.says(world.accounts().set_enabled(world.romeo, false)) == "done");
    CHECK(*world.result_of(world.accounts().exists(world.romeo)));
    CHECK_FALSE(world.result_of(world.accounts().exists(world.elsewhere)).has_value());
}

TEST_CASE("accounts: a password is right or wrong, and neither for who is not there or disabled")
{
    Register world;
    CHECK(world.is_password("secret"));
    CHECK_FALSE(world.is_password("Secret"));
    CHECK_FALSE(world.is_password(""));
    CHECK_FALSE(*world.result_of(world.accounts().check_password(world.nobody, "secret")));
    world.says(world.accounts().set_enabled(world.romeo, false));
    CHECK_FALSE(world.is_password("secret"));
}

TEST_CASE("accounts: a new password ends every session but the one that has set it (HOSTILE A43)")
{
    Register world;
    CHECK(world.says(world.accounts().set_password(world.romeo, "new", world.orchard->jid())) == "done");
    CHECK(world.is_password("new"));
    CHECK_FALSE(world.is_password("secret"));
    CHECK(world.orchard->is_open());
    CHECK(world.garden->ended_with() == "not-authorized");
    CHECK(world.juliet->is_open());
    CHECK(world.says(world.accounts().set_password(world.romeo, "newer")) == "done");
    CHECK(world.orchard->ended_with() == "not-authorized");
}

TEST_CASE("accounts: a password that may not be, or of nobody, changes nothing")
{
    Register world;
    CHECK(world.says(world.accounts().set_password(world.romeo, "")) == "The password is empty");
    CHECK(world.says(world.accounts().set_password(world.romeo, "10 m\u00b2")).find("U+00B2")
        != std::string::npos);
    CHECK(world.says(world.accounts().set_password(world.nobody, "x"))
        == text(AccountProblem::no_such_account));
    CHECK(world.is_password("secret"));
    CHECK(world.garden->is_open());
}

TEST_CASE("accounts: disabling ends all sessions and lets nobody in; enabling gives everything back")
{
    Register world;
    CHECK(world.says(world.accounts().set_enabled(world.romeo, false)) == "done");
    world.run();
    CHECK(world.orchard->ended_with() == "not-authorized");
    CHECK(world.garden->ended_with() == "not-authorized");
    CHECK_THROWS(world.connects("romeo@localhost/orchard"));
    CHECK(world.says(world.accounts().set_enabled(world.romeo, true)) == "done");
    world.run();
    CHECK(world.connects("romeo@localhost/orchard")->is_open());
    CHECK(world.is_password("secret"));
    CHECK(world.says(world.accounts().set_enabled(world.nobody, true))
        == text(AccountProblem::no_such_account));
}

TEST_CASE("accounts: who was logging in while the account was disabled does not get in")
{
    Register world;
    world.orchard->leaves();
    world.garden->leaves();
    auto user = world.host().find_user("romeo")->shared_from_this();
    std::optional<Accounts::Outcome> outcome;
    start(
        world.accounts().set_enabled(world.romeo, false),
        [&](Accounts::Outcome answer) {
            outcome = answer;
            CHECK(world.host().find_user("romeo") != user.get()); // what was remembered is forgotten by now
        },
        [](const std::exception_ptr&) {});
    world.run_until([&outcome] { return outcome.has_value(); });
}

TEST_CASE("accounts: removing ends all sessions, tells the modules, and leaves nothing")
{
    Register world;
    world.store().keyval().set({ "localhost", "romeo" }, "vcard", "", "x").then([](const auto&) {});
    CHECK(world.says(world.accounts().remove(world.romeo)) == "done");
    world.run();
    CHECK(world.removed == Lines { "romeo@localhost open 0" });
    CHECK(world.orchard->ended_with() == "not-authorized");
    CHECK(world.host().find_user("romeo") == nullptr);
    CHECK_FALSE(*world.result_of(world.accounts().exists(world.romeo)));
    CHECK_FALSE(
        world.result_of(world.store().keyval().get({ "localhost", "romeo" }, "vcard", ""))->has_value());
    CHECK(world.says(world.accounts().remove(world.romeo)) == text(AccountProblem::no_such_account));
}

TEST_CASE("accounts: a removal that fails half way lets nobody in, and can be asked for again")
{
    Register world;
    SUBCASE("as the store fails")
    {
        world.can_forget = false;
    }
    SUBCASE("as a module breaks")
    {
        world.breaks = true;
    }
    CHECK(world.says(world.accounts().remove(world.romeo)) == text(AccountProblem::store_failed));
    CHECK(*world.result_of(world.accounts().exists(world.romeo)));
    CHECK_FALSE(world.is_password("secret"));
    CHECK_THROWS(world.connects("romeo@localhost/orchard"));
    world.can_forget = true;
    world.breaks = false;
    CHECK(world.says(world.accounts().remove(world.romeo)) == "done");
    CHECK_FALSE(*world.result_of(world.accounts().exists(world.romeo)));
    CHECK(world.forgotten == Lines { "romeo@localhost", "romeo@localhost" });
}

TEST_CASE("accounts: a removal that the end of the server has broken off goes on at the next start")
{
    Register world;
    world.can_forget = false;
    world.says(world.accounts().remove(world.romeo));
    world.can_forget = true;
    Server::Parts parts { world.clock, world.log, *world.storage, world.pool, world.guard, nullptr,
        { &world.shard }, "secret" };
    Server again(std::move(parts), world.server->settings(), example_module(Example::attached()));
    CHECK(again.former_names().is_being_removed(world.romeo));
    world.run_until([&again, &world] { return !again.former_names().is_being_removed(world.romeo); });
    CHECK(world.forgotten.size() == 2);
    CHECK_FALSE(*world.result_of(again.router(0).accounts().exists(world.romeo)));
    CHECK(again.former_names().holders(world.romeo) == 1);
    world.run();
}

TEST_CASE("accounts: while one is being removed it cannot be changed, nor removed twice")
{
    Register world;
    world.server->former_names().begin_removal(world.romeo);
    CHECK(world.says(world.accounts().set_password(world.romeo, "new"))
        == text(AccountProblem::no_such_account));
    CHECK(world.says(world.accounts().set_enabled(world.romeo, true))
        == text(AccountProblem::no_such_account));
    CHECK(world.says(world.accounts().create(world.romeo, "new")) == text(AccountProblem::exists));
    CHECK(world.says(world.accounts().remove(world.romeo)) == text(AccountProblem::busy));
}

TEST_CASE("accounts: a removed name is reserved for a time, unless whoever may gives it away")
{
    Register world;
    world.says(world.accounts().remove(world.romeo));
    const std::string refusal = world.says(world.accounts().create(world.romeo, "new"));
    CHECK(refusal.find("--force") != std::string::npos);
    CHECK(refusal.find(to_datetime(world.clock.wall() + std::chrono::hours(24 * 3650))) != std::string::npos);
    CHECK(world.says(world.accounts().create(world.nobody, "new")) == "done"); // another name is free
    SUBCASE("an administrator")
    {
        CHECK(world.says(world.accounts().create(world.romeo, "new", Accounts::Reserved::give_away))
            == "done");
        CHECK(world.says(world.accounts().create(world.romeo, "new")) == text(AccountProblem::exists));
    }
    SUBCASE("time")
    {
        world.clock.advance(std::chrono::hours(24 * 3650));
        CHECK(world.says(world.accounts().create(world.romeo, "new")) == "done");
    }
    SUBCASE("a setting")
    {
        world.set_core("accounts", "names_reserved", std::int64_t { 0 });
        CHECK(world.says(world.accounts().create(world.romeo, "new")) == "done");
    }
    CHECK(world.server->former_names().holders(world.romeo) == 1);
}

TEST_CASE("accounts: a login that shows the password renews a verifier of its old form (RFC 5802 §2.2)")
{
    Register world;
    ScramVerifier old;
    old.hash = ScramHash::sha256;
    old.salt = "salt";
    old.iterations = 10'000;
    const std::string salted = scram::salted_password(old.hash, "10 m\u00b2", old.salt, old.iterations);
    old.stored_key = scram::digest(old.hash, scram::hmac(old.hash, salted, { "Client Key" }));
    old.server_key = scram::hmac(old.hash, salted, { "Server Key" });
    const AccountKey key { "localhost", "romeo" };
    world.result_of(world.store().accounts().set_verifiers(key, { old }));
    CHECK(world.is_password("10 m\u00b2"));
    CHECK_FALSE(world.is_password("10 m2x"));
    world.run_until([&world, &key, &old] {
        const auto account = world.result_of(world.store().accounts().find(key));
        return (*account)->verifiers.front().stored_key != old.stored_key;
    });
    const auto account = world.result_of(world.store().accounts().find(key));
    CHECK(match((*account)->verifiers.front(), "10 m2") == PasswordMatch::yes); // what SCRAM clients send
    CHECK(world.is_password("10 m\u00b2"));
}

TEST_CASE("accounts: the session that removes its account stays for the answer, and takes nothing more")
{
    Register world;
    CHECK(world.says(world.accounts().remove(world.romeo, world.orchard->jid())) == "done");
    world.run();
    CHECK(world.orchard->is_open());
    CHECK_FALSE(world.garden->is_open());
    world.juliet->says("<message id='m' to='romeo@localhost/orchard'><body>x</body></message>");
    CHECK(world.juliet->hears() == Lines { "error service-unavailable m" });
    CHECK(world.orchard->hears().empty());
}

TEST_CASE("accounts: sessions are ended by bare or full address, and counted")
{
    Register world;
    const StreamError why(StreamError::policy_violation);
    CHECK(world.result_of(world.accounts().end_sessions(world.garden->jid(), why)) == 1);
    CHECK(world.garden->ended_with() == "policy-violation");
    CHECK(world.orchard->is_open());
    CHECK(world.result_of(world.accounts().end_sessions(world.romeo, why, world.orchard->jid())) == 0);
    CHECK(world.result_of(world.accounts().end_sessions(world.romeo, why)) == 1);
    CHECK(world.result_of(world.accounts().end_sessions(world.romeo, why)) == 0);
    CHECK(world.result_of(world.accounts().end_sessions(world.nobody, why)) == 0);
    CHECK(world.result_of(world.accounts().end_sessions(world.elsewhere, why)) == 0);
}

TEST_CASE("accounts: when too many passwords are being hashed, it says so instead of waiting (HOSTILE A37)")
{
    Register world;
    world.pool.stop();
    CHECK(world.says(world.accounts().set_password(world.romeo, "new")) == text(AccountProblem::busy));
    const auto checked = world.result_of(world.accounts().check_password(world.romeo, "secret"));
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error() == AccountProblem::busy);
}

TEST_CASE("accounts: renewing a weak verifier at login does not bring an old password back")
{
    Register world;
    world.set_core("login", "iterations", std::int64_t { 10'001 });
    bool changed = false;
    bool checked = false;
    const auto fail = [](const std::exception_ptr&) {};
    // The check is queued first, then the change; the renewal, which the check brings about, last.
    start(
        world.accounts().check_password(world.romeo, "secret"), [&](auto) { checked = true; }, fail);
    world.run();
    start(
        world.accounts().set_password(world.romeo, "new"), [&](auto) { changed = true; }, fail);
    world.run_until([&] { return checked && changed; });
    Function<bool()> nothing = [] { return true; };
    world.result_of(world.pool.run<bool>(world.shard, std::move(nothing)));
    world.run();
    CHECK(world.is_password("new"));
    CHECK_FALSE(world.is_password("secret"));
}
