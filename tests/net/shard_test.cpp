// SPDX-License-Identifier: Apache-2.0
// Shards, their mail, turn ends, and work done elsewhere.
#include "net/blocking_pool.hpp"
#include "net/shard_set.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <utility>
#include <vector>

using namespace stonechat;
using namespace std::chrono_literals;

TEST_CASE("mailbox: the owner is woken by the first of a batch, which keeps its order")
{
    Mailbox box;
    std::string order;
    CHECK(box.push([&order] { order += 'a'; }));
    CHECK_FALSE(box.push([&order] { order += 'b'; }));
    box.drain();
    CHECK(order == "ab");
    CHECK(box.push([&order] { order += 'c'; }));
    box.drain();
    CHECK(order == "abc");
}

TEST_CASE("mailbox: what is pushed while it drains waits for the next time")
{
    Mailbox box;
    int calls = 0;
    bool woken = false;
    box.push([&] {
        ++calls;
        woken = box.push([&calls] { ++calls; });
    });
    box.drain();
    CHECK(calls == 1);
    CHECK(woken);
    box.drain();
    CHECK(calls == 2);
}

TEST_CASE("shard: mail from many threads arrives, in each one's order")
{
    SystemClock clock;
    ShardSet shards(1, clock);
    shards.start();
    constexpr int each = 5000;
    std::vector<int> last(4, 0);
    int out_of_order = 0;
    std::promise<void> done;
    int total = 0;
    std::vector<std::thread> senders;
    for (int sender = 0; sender < 4; ++sender) {
        senders.emplace_back([&, sender] {
            for (int i = 1; i <= each; ++i) {
                shards[0].post([&, sender, i] {
                    out_of_order += last[static_cast<std::size_t>(sender)] != i - 1;
                    last[static_cast<std::size_t>(sender)] = i;
                    if (++total == 4 * each) {
                        done.set_value();
                    }
                });
            }
        });
    }
    for (auto& sender : senders) {
        sender.join();
    }
    done.get_future().wait();
    shards.stop();
    CHECK(out_of_order == 0);
}

TEST_CASE("shard: a task is never run inside post, and knows its thread")
{
    SystemClock clock;
    Shard shard(0, clock);
    CHECK(shard.is_current());
    bool ran = false;
    shard.post([&ran] { ran = true; });
    CHECK_FALSE(ran);
    shard.io().poll();
    CHECK(ran);

    ShardSet shards(2, clock);
    shards.start();
    std::promise<bool> current;
    shards[1].post([&] { current.set_value(shards[1].is_current() && !shards[0].is_current()); });
    CHECK(current.get_future().get());
    CHECK_FALSE(shards[1].is_current());
}

TEST_CASE("shard: what asks for the end of the turn is called once, after the events at hand")
{
    struct Guest final : TurnEnd {
        int calls = 0;
        Shard* again = nullptr;
        void on_turn_end() override
        {
            ++calls;
            if (again) {
                std::exchange(again, nullptr)->at_turn_end(*this);
            }
        }
    };
    SystemClock clock;
    Shard shard(0, clock);
    Guest guest;
    Guest forgotten;
    guest.again = &shard;
    int calls_seen = -1;
    shard.post([&] {
        shard.at_turn_end(guest);
        shard.at_turn_end(forgotten);
    });
    shard.post([&] {
        calls_seen = guest.calls;
        shard.forget(forgotten);
    });
    shard.io().poll();
    CHECK(calls_seen == 0);
    CHECK(guest.calls == 2);
    CHECK(forgotten.calls == 0);
}

TEST_CASE("shard: what is done for many has its turn a few at a time, behind what is for one")
{
    struct Guest final : TurnEnd {
        std::vector<const TurnEnd*>* told = nullptr;
        void on_turn_end() override { told->push_back(this); }
    };
    SystemClock clock;
    Shard shard(0, clock);
    std::vector<const TurnEnd*> told;
    std::vector<Guest> many(40);
    Guest one;
    Guest late;
    for (Guest* guest : { &one, &late }) {
        guest->told = &told;
    }
    for (Guest& guest : many) {
        guest.told = &told;
    }
    std::size_t told_before_late = 0;
    shard.post([&] {
        const Shard::ForMany for_many(shard);
        for (Guest& guest : many) {
            shard.at_turn_end(guest);
        }
    });
    shard.post([&] {
        shard.at_turn_end(one);
        shard.hasten(many[39]);
        shard.forget(many[38]);
        // Comes when some of the many have had their turn.
        boost::asio::post(shard.io(), [&] {
            boost::asio::post(shard.io(), [&] {
                told_before_late = told.size();
                shard.at_turn_end(late);
            });
        });
    });
    shard.io().poll();
    REQUIRE(told.size() == 41); // all but the forgotten one, and nobody twice
    CHECK(told[0] == &one);
    CHECK(told[1] == &many[39]);
    CHECK(told[2] == &many[0]);
    CHECK(told.back() == &many[37]);
    const auto place = std::find(told.begin(), told.end(), &late) - told.begin();
    CHECK(place >= static_cast<std::ptrdiff_t>(told_before_late));
    CHECK(place < 40);
}

TEST_CASE("shard: those of many who come while others wait have their turn in order of coming")
{
    struct Guest final : TurnEnd {
        std::vector<int>* told = nullptr;
        Shard* shard = nullptr;
        Guest* brings = nullptr;
        int number = 0;
        void on_turn_end() override
        {
            told->push_back(number);
            if (brings != nullptr) {
                const Shard::ForMany for_many(*shard);
                shard->at_turn_end(*brings);
            }
        }
    };
    SystemClock clock;
    Shard shard(0, clock);
    std::vector<int> told;
    std::vector<Guest> guests(300);
    for (std::size_t i = 0; i < guests.size(); ++i) {
        guests[i].told = &told;
        guests[i].shard = &shard;
        guests[i].number = static_cast<int>(i);
        guests[i].brings = i + 20 < guests.size() ? &guests[i + 20] : nullptr;
    }
    shard.post([&] {
        const Shard::ForMany for_many(shard);
        for (std::size_t i = 0; i < 20; ++i) {
            shard.at_turn_end(guests[i]);
        }
    });
    shard.io().poll();
    CHECK(told.size() == guests.size());
    CHECK(std::is_sorted(told.begin(), told.end()));
}

TEST_CASE("shard: its timers run by themselves, by the shard's clock")
{
    ManualClock clock;
    Shard shard(0, clock);
    bool fired = false;
    Timer timer([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
    timer.start(shard.timers(), 3600s);
    clock.advance(3601s);
    while (!fired) {
        shard.io().run_one();
    }
    CHECK(shard.timers().empty());
}

TEST_CASE("shard: tasks and guests that are left are destroyed with it, and may still use it")
{
    SystemClock clock;
    int alive = 0;
    struct Tracker {
        Shard& shard;
        int& alive;
        Timer timer { [](void*) {}, nullptr };
        Tracker(Shard& s, int& a) : shard(s), alive(a)
        {
            ++alive;
            timer.start(shard.timers(), 5s);
        }
        ~Tracker()
        {
            --alive;
            shard.post([] {});
        }
    };
    {
        Shard shard(0, clock);
        shard.post([tracker = std::make_unique<Tracker>(shard, alive)] {});
        shard.keep(std::make_shared<Tracker>(shard, alive));
        auto dismissed = std::make_shared<Tracker>(shard, alive);
        Tracker* const key = dismissed.get();
        shard.keep(std::move(dismissed));
        CHECK(alive == 3);
        shard.dismiss(key);
        CHECK(alive == 2);
    }
    CHECK(alive == 0);
}

TEST_CASE("shard: buffers go round, but not those that have grown too far")
{
    SystemClock clock;
    Shard shard(0, clock);
    std::string buffer = shard.take_buffer();
    CHECK(buffer.empty());
    buffer += "secret";
    const char* const where = buffer.data();
    shard.give_buffer(std::move(buffer));
    std::string again = shard.take_buffer();
    CHECK(again.empty());
    CHECK(again.data() == where);
    std::string large(1024 * 1024, 'x');
    shard.give_buffer(std::move(large));
    CHECK(shard.take_buffer().capacity() < 1024 * 1024);
}

TEST_CASE("blocking pool: the answer comes home")
{
    SystemClock clock;
    ShardSet shards(1, clock);
    shards.start();
    BlockingPool pool(2, 10);
    std::promise<int> answer;
    bool at_home = false;
    shards[0].post([&] {
        Function<int()> work = [] { return 42; };
        pool.run<int>(shards[0], std::move(work)).then([&](std::optional<int> value) {
            at_home = shards[0].is_current();
            answer.set_value(value.value_or(0));
        });
    });
    CHECK(answer.get_future().get() == 42);
    CHECK(at_home);
    pool.stop();
}

TEST_CASE("blocking pool: a full queue refuses, and so does a stopped pool")
{
    SystemClock clock;
    Shard shard(0, clock);
    BlockingPool pool(1, 1);
    std::promise<void> started;
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    int answers = 0;
    int refusals = 0;
    const auto count = [&](std::optional<int> value) { value ? ++answers : ++refusals; };
    Function<int()> first = [&started, opened] {
        started.set_value();
        opened.wait();
        return 1;
    };
    pool.run<int>(shard, std::move(first)).then(count);
    started.get_future().wait();
    pool.run<int>(shard, [] { return 2; }).then(count);
    pool.run<int>(shard, [] { return 3; }).then(count);
    CHECK(refusals == 1);
    gate.set_value();
    while (answers < 2) {
        shard.io().run_one();
    }
    pool.stop();
    pool.run<int>(shard, [] { return 4; }).then(count);
    CHECK(refusals == 2);
}

TEST_CASE("blocking pool: one that stops answers what it had queued, so that nobody waits for ever")
{
    SystemClock clock;
    Shard shard(0, clock);
    BlockingPool pool(1, 1'000'000);
    std::promise<void> started;
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    int asked = 1;
    int answers = 0;
    int refusals = 0;
    const auto count = [&](std::optional<int> value) { value ? ++answers : ++refusals; };
    Function<int()> first = [&started, opened] {
        started.set_value();
        opened.wait();
        return 1;
    };
    pool.run<int>(shard, std::move(first)).then(count);
    started.get_future().wait();
    std::thread stopping([&pool] { pool.stop(); });
    while (refusals == 0) { // until it refuses what comes, it takes it
        ++asked;
        pool.run<int>(shard, [] { return 2; }).then(count);
        std::this_thread::yield();
    }
    gate.set_value();
    stopping.join();
    while (answers + refusals < asked) {
        shard.io().run_one();
    }
    CHECK(answers == 1);
    CHECK(refusals == asked - 1);
}
