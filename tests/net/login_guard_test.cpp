// SPDX-License-Identifier: Apache-2.0
// Guessing passwords (HOSTILE A36): who waits, who is banned, and who is not.
#include "net/login_guard.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

using namespace stonechat;
using namespace std::chrono_literals;

namespace {

boost::asio::ip::address ip(const std::string& text)
{
    return boost::asio::ip::make_address(text);
}

enum class Outcome { looked_at, busy, banned, crowded };

/// A guard, a clock, and clients that wait when they are told to.
struct Gate {
    explicit Gate(const LoginLimits& limits = {}) : guard(limits, clock) {}

    /// One attempt from its beginning to its end.
    Outcome tries(const std::string& account, const std::string& peer, bool knows_the_password)
    {
        waited = 0ms;
        begun.reset();
        for (bool has_waited = false;;) {
            auto answer = guard.ask(account, ip(peer), has_waited);
            if (auto* attempt = std::get_if<LoginAttempt>(&answer)) {
                if (knows_the_password) {
                    attempt->succeeded();
                } else {
                    const auto failure = attempt->failed();
                    begun = failure.ban;
                    slowed = slowed || failure.slows_down;
                }
                return Outcome::looked_at;
            }
            if (std::holds_alternative<Ban>(answer)) {
                return Outcome::banned;
            }
            const auto* wait = std::get_if<LoginGuard::Wait>(&answer);
            if (wait == nullptr) {
                return Outcome::busy;
            }
            if (!wait->for_its_turn) {
                return Outcome::crowded;
            }
            clock.advance(wait->time);
            waited += wait->time;
            has_waited = true;
        }
    }
    Outcome fails(const std::string& account, const std::string& peer) { return tries(account, peer, false); }
    Outcome succeeds(const std::string& account, const std::string& peer)
    {
        return tries(account, peer, true);
    }
    bool is_shut(const std::string& peer) { return guard.shuts_out(ip(peer)).has_value(); }

    ManualClock clock;
    LoginGuard guard;
    std::chrono::milliseconds waited { 0 }; ///< in the last attempt
    std::optional<Ban> begun;               ///< by it
    bool slowed = false;
};

std::string user(int number)
{
    return "user" + std::to_string(number) + "@example.org";
}

/// 10.0.0.1, and then one of another /16 each.
std::string far_away(int number)
{
    return "10." + std::to_string(number) + ".0.1";
}

} // namespace

// Accounts ----------------------------------------------------------------------------------------

TEST_CASE("guard: who mistypes a few times does not wait")
{
    Gate gate;
    for (int i = 0; i < 5; ++i) {
        CHECK(gate.fails("romeo", "192.0.2.1") == Outcome::looked_at);
        CHECK(gate.waited == 0ms);
    }
    CHECK(gate.slowed);
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    CHECK(gate.waited == 0ms);
}

TEST_CASE("guard: guesses at one account come further and further apart, wherever they come from")
{
    Gate gate;
    const SteadyTime begin = gate.clock.steady();
    int guesses = 0;
    for (int i = 0; i < 200; ++i) {
        guesses += gate.fails("romeo", far_away(i)) == Outcome::looked_at ? 1 : 0;
    }
    const auto took = gate.clock.steady() - begin;
    CHECK(guesses == 200);
    CHECK(took > 180 * 2s);
    CHECK(took < 200 * 2s);
    CHECK(gate.fails("juliet", far_away(0)) == Outcome::looked_at);
    CHECK(gate.waited == 0ms);
}

TEST_CASE("guard: the wait is as long as the settings say and no longer; then the server is busy")
{
    for (const auto longest : { 500ms, 10'000ms }) {
        LoginLimits limits;
        limits.longest_wait = longest;
        Gate gate(limits);
        for (int i = 0; i < 50; ++i) {
            gate.fails("romeo", far_away(i));
        }
        int waiting = 0;
        for (int i = 100; i < 200; ++i) {
            const auto answer = gate.guard.ask("romeo", ip(far_away(i)), false);
            if (const auto* wait = std::get_if<LoginGuard::Wait>(&answer)) {
                CHECK(wait->time <= longest);
                ++waiting;
            } else {
                CHECK(std::holds_alternative<LoginGuard::Busy>(answer));
            }
        }
        CHECK(waiting == 5);
    }
}

TEST_CASE("guard: nobody waits where the settings say so")
{
    LoginLimits limits;
    limits.longest_wait = 0ms;
    Gate gate(limits);
    for (int i = 0; i < 100; ++i) {
        CHECK(gate.fails("romeo", far_away(i)) == Outcome::looked_at);
    }
    CHECK(gate.clock.steady() == SteadyTime());
    CHECK_FALSE(gate.slowed);
}

TEST_CASE("guard: many at once get no further than many in a row")
{
    Gate gate;
    std::vector<LoginGuard::Answer> answers;
    for (int i = 0; i < 100; ++i) {
        answers.push_back(gate.guard.ask("romeo", ip(far_away(i)), false));
    }
    int looked_at = 0;
    for (const auto& each : answers) {
        looked_at += std::holds_alternative<LoginAttempt>(each) ? 1 : 0;
    }
    CHECK(looked_at <= 6);
}

TEST_CASE("guard: strangers can not keep the owner out from where the account is known")
{
    Gate gate;
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    for (int i = 0; i < 100; ++i) {
        gate.fails("romeo", far_away(i));
    }
    for (int i = 0; i < 100; ++i) { // and their lane is full
        gate.guard.ask("romeo", ip(far_away(i)), false);
    }
    for (int i = 0; i < 20; ++i) {
        CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
        CHECK(gate.waited == 0ms);
    }
    CHECK(gate.fails("romeo", far_away(200)) == Outcome::busy);
}

TEST_CASE("guard: nor from elsewhere, as long as they come from few places: one waits of each neighbourhood")
{
    Gate gate;
    for (int i = 0; i < 100; ++i) {
        gate.fails("romeo", "10.0.0." + std::to_string(i % 4));
    }
    for (int i = 0; i < 200; ++i) {
        gate.guard.ask("romeo", ip("10.0.0." + std::to_string(i)), false);
        gate.guard.ask("romeo", ip("2001:db8:0:" + std::to_string(i) + "::1"), false);
    }
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    CHECK(gate.waited > 0ms);
    CHECK(gate.waited <= 10s);
}

TEST_CASE("guard: who guesses where the account is known waits too, in a lane of that place")
{
    Gate gate;
    gate.succeeds("romeo", "192.0.2.1");
    for (int i = 0; i < 20; ++i) {
        CHECK(gate.fails("romeo", "192.0.2.1") == Outcome::looked_at);
    }
    CHECK(gate.waited > 0ms);
    CHECK(gate.succeeds("romeo", "192.0.2.2") == Outcome::looked_at); // the others' lane is empty
    CHECK(gate.waited == 0ms);
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    CHECK(gate.waited == 0ms); // it begins anew behind the right password
}

TEST_CASE("guard: who gets the name of an account that is gone is known nowhere")
{
    Gate gate;
    gate.succeeds("romeo", "192.0.2.1");
    for (int i = 0; i < 20; ++i) {
        gate.fails("romeo", far_away(i));
    }
    gate.succeeds("romeo", "192.0.2.1");
    CHECK(gate.waited == 0ms);
    gate.clock.advance(1s);
    gate.guard.forget("romeo");
    gate.fails("romeo", "192.0.2.1");
    CHECK(gate.waited > 0ms);
    gate.succeeds("romeo", "192.0.2.1");
    gate.clock.advance(1s);
    gate.succeeds("romeo", "192.0.2.1");
    CHECK(gate.waited == 0ms);
}

TEST_CASE("guard: all is forgotten in time")
{
    Gate gate;
    for (int i = 0; i < 20; ++i) {
        gate.fails("romeo", "192.0.2.1");
    }
    gate.clock.advance(601s);
    gate.slowed = false;
    for (int i = 0; i < 5; ++i) {
        gate.fails("romeo", "192.0.2.1");
        CHECK(gate.waited == 0ms);
    }
}

TEST_CASE("guard: an attempt that came to no end was none")
{
    Gate gate;
    for (int i = 0; i < 1000; ++i) {
        auto answer = gate.guard.ask(user(i), ip("192.0.2.1"), false);
        CHECK(std::holds_alternative<LoginAttempt>(answer));
        auto again = gate.guard.ask("romeo", ip("192.0.2.1"), false);
        CHECK(std::holds_alternative<LoginAttempt>(again));
    }
    CHECK(gate.guard.bans().empty());
}

// Places ------------------------------------------------------------------------------------------

TEST_CASE("guard: failures at several accounts ban the address for a time")
{
    Gate gate;
    for (int i = 0; i < 19; ++i) {
        CHECK(gate.fails(user(i), "192.0.2.1") == Outcome::looked_at);
        CHECK_FALSE(gate.begun);
    }
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
    gate.fails(user(19), "192.0.2.1");
    REQUIRE(gate.begun);
    CHECK(gate.begun->prefix.text() == "192.0.2.1");
    CHECK(gate.begun->failures == 20);
    CHECK(gate.begun->until == gate.clock.wall() + 3600s);
    CHECK(gate.is_shut("192.0.2.1"));
    CHECK(gate.is_shut("::ffff:192.0.2.1"));
    CHECK_FALSE(gate.is_shut("192.0.2.2"));
    CHECK(gate.succeeds(user(0), "192.0.2.1") == Outcome::banned);
    CHECK(gate.succeeds(user(0), "192.0.2.2") == Outcome::looked_at);
    gate.clock.advance(3599s);
    CHECK(gate.is_shut("192.0.2.1"));
    gate.clock.advance(1s);
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
    CHECK(gate.succeeds(user(0), "192.0.2.1") == Outcome::looked_at);
}

TEST_CASE("guard: failures that are longer ago than the window count no more")
{
    Gate gate;
    for (int i = 0; i < 40; ++i) {
        if (i % 19 == 0) {
            gate.clock.advance(601s);
        }
        gate.fails(user(i), "192.0.2.1");
    }
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
}

TEST_CASE("guard: one telephone with an old password does not ban the office around it")
{
    Gate gate;
    for (int i = 0; i < 2000; ++i) {
        CHECK(gate.fails("romeo", "192.0.2.1") == Outcome::looked_at);
        gate.clock.advance(5s);
    }
    CHECK(gate.guard.bans().empty());
}

TEST_CASE("guard: nor do a hundred, of accounts that are known there")
{
    Gate gate;
    for (int i = 0; i < 100; ++i) {
        CHECK(gate.succeeds(user(i), "192.0.2.1") == Outcome::looked_at);
    }
    for (int i = 0; i < 1000; ++i) {
        CHECK(gate.fails(user(i % 100), "192.0.2.1") == Outcome::looked_at);
    }
    CHECK(gate.guard.bans().empty());
}

TEST_CASE("guard: in a place that is banned those who are known there go on, and come in")
{
    Gate gate;
    gate.succeeds("romeo", "192.0.2.1");
    for (int i = 0; i < 20; ++i) {
        gate.fails(user(i), "192.0.2.1");
    }
    CHECK(gate.guard.bans().size() == 1);
    CHECK_FALSE(gate.is_shut("192.0.2.1")); // at the door nobody knows who comes
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::looked_at);
    CHECK(gate.succeeds("juliet", "192.0.2.1") == Outcome::banned);
    gate.clock.advance(31 * 24h);
    for (int i = 0; i < 20; ++i) {
        gate.fails(user(i), "192.0.2.1");
    }
    CHECK(gate.is_shut("192.0.2.1"));
}

TEST_CASE("guard: guesses from many addresses of one neighbourhood ban the neighbourhood")
{
    const std::vector<std::pair<std::function<std::string(int)>, std::string>> attacks {
        { [](int i) { return "192.0.2." + std::to_string(i); }, "192.0.2.0/24" },
        { [](int i) { return "192.0." + std::to_string(i % 250) + "." + std::to_string(i / 250); },
            "192.0.0.0/16" },
        { [](int i) { return "2001:db8::" + std::to_string(i + 1); }, "2001:db8::/64" },
        { [](int i) { return "2001:db8:0:" + std::to_string(i % 80) + "::1"; }, "2001:db8::/56" },
        { [](int i) { return "2001:db8:0:" + std::to_string(i * 16) + "::1"; }, "2001:db8::/48" },
    };
    for (const auto& [address, banned] : attacks) {
        CAPTURE(banned);
        Gate gate;
        for (int i = 0; i < 320 && !gate.begun; ++i) {
            gate.fails(user(i), address(i));
        }
        REQUIRE(gate.begun);
        CHECK(gate.begun->prefix.text() == banned);
        CHECK(gate.is_shut(address(0)));
    }
}

TEST_CASE("guard: many at once from one address are looked at so many at a time, and then banned")
{
    Gate gate;
    std::vector<LoginAttempt> under_way;
    int crowded = 0;
    for (int i = 0; i < 1000; ++i) {
        auto answer = gate.guard.ask(user(i), ip("192.0.2.1"), false);
        if (auto* attempt = std::get_if<LoginAttempt>(&answer)) {
            under_way.push_back(std::move(*attempt));
        } else {
            REQUIRE(std::holds_alternative<LoginGuard::Wait>(answer));
            CHECK_FALSE(std::get<LoginGuard::Wait>(answer).for_its_turn);
            ++crowded;
        }
    }
    CHECK(under_way.size() == 20);
    CHECK(crowded == 980);
    for (LoginAttempt& each : under_way) {
        each.failed();
    }
    CHECK(gate.is_shut("192.0.2.1"));
    CHECK(gate.fails(user(0), "192.0.2.1") == Outcome::banned);
}

TEST_CASE("guard: a table that is full of guesses lets nobody guess more")
{
    Gate gate;
    for (int i = 0; i < 20; ++i) {
        gate.fails(user(i), "192.0.2.1");
    }
    for (int i = 0; i < 40'000; ++i) { // from all over the world
        gate.fails(user(i), std::to_string(11 + i % 80) + "." + std::to_string(i / 200) + ".0.1");
    }
    CHECK(gate.is_shut("192.0.2.1"));
    for (int i = 0; i < 20; ++i) {
        gate.fails(user(i), "192.0.2.2");
    }
    CHECK(gate.is_shut("192.0.2.2"));
}

// What the settings and the administrator say -----------------------------------------------------

TEST_CASE("guard: an exempt place is not banned, and is not a part of what bans its neighbourhood")
{
    LoginLimits limits;
    limits.exempt = { *IpPrefix::parse("192.0.2.0/28") };
    Gate gate(limits);
    for (int i = 0; i < 500; ++i) {
        CHECK(gate.fails(user(i), "192.0.2." + std::to_string(i % 16)) == Outcome::looked_at);
    }
    CHECK(gate.guard.bans().empty());
    for (int i = 0; i < 80; ++i) {
        gate.fails(user(i), "192.0.2." + std::to_string(16 + i));
    }
    CHECK(gate.is_shut("192.0.2.77"));
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
}

TEST_CASE("guard: settings that would not have banned lift the ban, for good")
{
    const std::vector<std::function<void(LoginLimits&)>> changes {
        [](LoginLimits& limits) { limits.failures = 0; },
        [](LoginLimits& limits) { limits.failures = 21; },
        [](LoginLimits& limits) { limits.ban = 60s; },
        [](LoginLimits& limits) { limits.exempt = { *IpPrefix::parse("192.0.2.0/24") }; },
    };
    for (const auto& change : changes) {
        Gate gate;
        for (int i = 0; i < 20; ++i) {
            gate.fails(user(i), "192.0.2.1");
        }
        gate.clock.advance(60s);
        LoginLimits limits;
        CHECK(gate.guard.set_limits(limits) == 0);
        CHECK(gate.is_shut("192.0.2.1"));
        change(limits);
        CHECK(gate.guard.set_limits(limits) == 1);
        CHECK_FALSE(gate.is_shut("192.0.2.1"));
        CHECK(gate.guard.set_limits({}) == 0);
        CHECK_FALSE(gate.is_shut("192.0.2.1"));
    }
}

TEST_CASE("guard: without such bans nobody is counted")
{
    LoginLimits limits;
    limits.failures = 0;
    Gate gate(limits);
    for (int i = 0; i < 1000; ++i) {
        CHECK(gate.fails(user(i), "192.0.2.1") == Outcome::looked_at);
    }
    CHECK(gate.guard.bans().empty());
}

TEST_CASE("guard: an administrator's ban holds for all in it, known or exempt, until it ends or is lifted")
{
    LoginLimits limits;
    limits.exempt = { *IpPrefix::parse("192.0.2.0/24") };
    Gate gate(limits);
    gate.succeeds("romeo", "192.0.2.1");
    const IpPrefix prefix = *IpPrefix::parse("192.0.0.0/20");
    CHECK(gate.guard.ban({ prefix, Ban::Cause::administrator, gate.clock.wall(), gate.clock.wall() + 60s, 0,
        "noise" }));
    CHECK(gate.is_shut("192.0.2.1"));
    CHECK(gate.is_shut("192.0.15.1"));
    CHECK_FALSE(gate.is_shut("192.0.16.1"));
    CHECK_FALSE(gate.is_shut("2001:db8::1"));
    CHECK(gate.succeeds("romeo", "192.0.2.1") == Outcome::banned);
    CHECK(gate.guard.set_limits({}) == 0);
    CHECK(gate.is_shut("192.0.2.1"));
    CHECK(gate.guard.bans().front().reason == "noise");
    gate.clock.advance(60s);
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
    CHECK(gate.guard.bans().empty());
    CHECK(gate.guard.ban({ prefix, Ban::Cause::administrator, gate.clock.wall(), {}, 0, {} }));
    gate.clock.advance(24h * 365);
    CHECK(gate.is_shut("192.0.2.1"));
    CHECK_FALSE(gate.guard.lift(*IpPrefix::parse("192.0.2.1")));
    CHECK(gate.guard.bans_touching(*IpPrefix::parse("192.0.2.1")).size() == 1);
    CHECK(gate.guard.lift(prefix));
    CHECK_FALSE(gate.guard.lift(prefix));
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
}

TEST_CASE("guard: a ban that is lifted begins with the next twenty failures, not with the next one")
{
    Gate gate;
    for (int i = 0; i < 20; ++i) {
        gate.fails(user(i), "192.0.2.1");
    }
    CHECK(gate.guard.lift(*IpPrefix::parse("192.0.2.1")));
    gate.fails(user(0), "192.0.2.1");
    gate.fails(user(1), "192.0.2.1");
    CHECK_FALSE(gate.is_shut("192.0.2.1"));
}

TEST_CASE("guard: bans are bounded; an administrator's do not go for others")
{
    Gate gate;
    for (std::size_t i = 0; i < BanList::most_of_administrators; ++i) {
        CHECK(gate.guard.ban({ IpPrefix::around(ip("10.0.0.0"), 32), Ban::Cause::administrator,
            gate.clock.wall(), {}, 0, {} })); // the same one takes no more room
        const auto address = boost::asio::ip::address_v4(0x0a000000U + static_cast<unsigned>(i));
        CHECK(gate.guard.ban({ IpPrefix::around(boost::asio::ip::address(address), 32),
            Ban::Cause::administrator, gate.clock.wall(), {}, 0, {} }));
    }
    CHECK_FALSE(gate.guard.ban({ *IpPrefix::parse("192.0.2.1"), Ban::Cause::administrator, gate.clock.wall(),
        {}, 0, {} }));
    BanList list(gate.clock);
    list.add({ *IpPrefix::parse("192.0.2.1"), Ban::Cause::administrator, gate.clock.wall(), {}, 0, {} });
    for (unsigned i = 0; i < BanList::most + 10; ++i) {
        list.add_by_guesses(
            IpPrefix::around(boost::asio::ip::address(boost::asio::ip::address_v4(0x0a000000U + i)), 32), 20,
            1);
        gate.clock.advance(1us);
    }
    CHECK(list.list().size() == BanList::most);
    CHECK(list.find(ip("192.0.2.1")));
    CHECK_FALSE(list.find(ip("10.0.0.0")));
    CHECK(list.find(boost::asio::ip::address(boost::asio::ip::address_v4(0x0a000000U + BanList::most))));
}
