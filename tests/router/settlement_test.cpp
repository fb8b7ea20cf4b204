// SPDX-License-Identifier: Apache-2.0
#include "router/settlement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace stonechat;

namespace {

/// A home whose mail is read when the test says so.
class HandHome final : public Executor {
public:
    void post(Function<void()> task) override { mail_.push_back(std::move(task)); }
    bool is_current() const override { return current; }

    std::size_t read_mail()
    {
        auto mail = std::move(mail_);
        mail_.clear();
        for (auto& task : mail) {
            task();
        }
        return mail.size();
    }

    bool current = true;

private:
    std::vector<Function<void()>> mail_;
};

} // namespace

TEST_CASE("settlement: a stanza is settled when its last holder has said so")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    {
        Settlement first = ledger.open();
        Settlement second = first.share();
        std::move(first).settle();
        CHECK(ledger.open_count() == 1);
        CHECK(settled == 0);
        std::move(second).settle();
    }
    CHECK(ledger.open_count() == 0);
    CHECK(settled == 1);
}

TEST_CASE("settlement: the prefix is what is settled without a gap, from the first stanza on")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    Settlement one = ledger.open();
    Settlement two = ledger.open(Ledger::Kind::iq);
    Settlement three = ledger.open();
    CHECK(ledger.open_count() == 3);
    CHECK(ledger.open_iqs() == 1);
    std::move(two).settle();
    CHECK(settled == 1);
    CHECK(ledger.settled_prefix() == 0);
    CHECK(ledger.open_iqs() == 0);
    std::move(one).settle();
    CHECK(ledger.settled_prefix() == 2);
    std::move(three).settle();
    CHECK(ledger.settled_prefix() == 3);
    CHECK(settled == 3);
}

namespace {

struct Fate {
    bool alone = false;
    bool arrived = false;
    SenderPart::Outcome outcome { false, 0 };
    Settlement settlement;
};

class Suitcase final : public SenderPart {
public:
    Suitcase(Executor& home, Fate& fate) : home_(home), fate_(fate) {}
    bool has_to_be_stored() const override { return true; }
    void add_to(MessageToStore&, RecipientSide) override {}
    const Origin* origin() const override { return nullptr; }
    std::string& xml() override { return xml_; }
    std::uint64_t seal() const override { return 0; }

private:
    Executor& home() const override { return home_; }
    void on_outcome(Outcome outcome) override
    {
        fate_.arrived = true;
        fate_.outcome = outcome;
    }
    void store_alone(std::unique_ptr<SenderPart>, Settlement settlement) override
    {
        fate_.alone = true;
        fate_.settlement = std::move(settlement);
    }

    Executor& home_;
    Fate& fate_;
    std::string xml_;
};

} // namespace

TEST_CASE("settlement: a sender's part that somebody takes is told what came of it, at home")
{
    HandHome home;
    Fate fate;
    Ledger ledger(home, nullptr);
    Settlement token = ledger.open();
    token.carry(std::make_unique<Suitcase>(home, fate));
    home.current = false; // the recipient's shard
    auto sender_part = token.take_sender_part();
    REQUIRE(sender_part);
    SenderPart::over(std::move(sender_part), { true, 7 });
    std::move(token).settle();
    CHECK_FALSE(fate.arrived);
    home.current = true;
    home.read_mail();
    CHECK(fate.arrived);
    CHECK(fate.outcome.id == 7);
    CHECK_FALSE(fate.alone);
    CHECK(ledger.settled_prefix() == 1);
}

TEST_CASE(
    "settlement: a sender's part that nobody takes comes home, and the stanza is open until it is stored")
{
    HandHome home;
    Fate fate;
    Ledger ledger(home, nullptr);
    {
        Settlement token = ledger.open();
        token.carry(std::make_unique<Suitcase>(home, fate));
        std::move(token).settle();
    }
    CHECK(ledger.open_count() == 1);
    home.read_mail();
    CHECK(fate.alone);
    CHECK(ledger.open_count() == 1);
    std::move(fate.settlement).settle();
    CHECK(ledger.open_count() == 0);
}

TEST_CASE("settlement: a sender's part stays with the first of several holders, whichever comes first")
{
    HandHome home;
    Fate fate;
    Ledger ledger(home, nullptr);
    Settlement first = ledger.open();
    first.carry(std::make_unique<Suitcase>(home, fate));
    Settlement second = first.share();
    CHECK(second.take_sender_part() == nullptr);
    CHECK(second.share().take_sender_part() == nullptr);
    Settlement moved = std::move(first);
    CHECK(moved.take_sender_part() != nullptr);
}

TEST_CASE("settlement: a token settled on another thread is told by mail at home")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    home.current = false;
    ledger.open().settle();
    CHECK(settled == 0);
    CHECK(home.read_mail() == 1);
    CHECK(settled == 1);
}

TEST_CASE("settlement: a token may outlive its ledger")
{
    HandHome home;
    Settlement late;
    int settled = 0;
    {
        Ledger ledger(home, [&settled] { ++settled; });
        late = ledger.open();
    }
    std::move(late).settle();
    CHECK(settled == 0);
}

TEST_CASE("settlement: a token that is destroyed without a word fails, and the owner hears of the bug")
{
    HandHome home;
    int settled = 0;
    std::vector<Ledger::Failure> failures;
    Ledger ledger(
        home, [&settled] { ++settled; }, [&failures](Ledger::Failure how) { failures.push_back(how); });
    Settlement replaced = ledger.open();
    replaced = ledger.open();
    CHECK(failures == std::vector { Ledger::Failure::dropped });
    Settlement kept = replaced.share();
    {
        const Settlement lost = std::move(replaced);
    }
    CHECK(failures.size() == 1); // the other holder is still at work
    std::move(kept).settle();
    CHECK(failures == std::vector { Ledger::Failure::dropped, Ledger::Failure::dropped });
    ledger.open().fail();
    CHECK(failures.back() == Ledger::Failure::said);
    CHECK(settled == 0);
    CHECK(ledger.settled_prefix() == 0);
}

TEST_CASE("settlement: an empty token belongs to nobody and needs no word")
{
    Settlement nobody;
    Settlement shared = nobody.share();
    std::move(nobody).settle();
    std::move(shared).fail();
}

TEST_CASE("settlement: the holder says that it settles, and is empty then")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    Settlement token = ledger.open();
    std::move(token).settle();
    CHECK(settled == 1);
    CHECK(ledger.settled_prefix() == 1);
    std::move(token).settle();
    CHECK(settled == 1);
}

TEST_CASE("settlement: a stanza that failed is never counted")
{
    HandHome home;
    int settled = 0;
    int failed = 0;
    Ledger ledger(
        home, [&settled] { ++settled; }, [&failed](Ledger::Failure) { ++failed; });
    Settlement one = ledger.open();
    Settlement two = ledger.open();
    Settlement three = ledger.open();
    std::move(one).settle();
    std::move(two).fail();
    std::move(three).settle();
    CHECK(settled == 2);
    CHECK(failed == 1);
    CHECK(ledger.settled_prefix() == 1);
    CHECK(ledger.open_count() == 1);
}

TEST_CASE("settlement: one holder that fails is enough, whoever is last")
{
    HandHome home;
    int settled = 0;
    int failed = 0;
    Ledger ledger(
        home, [&settled] { ++settled; }, [&failed](Ledger::Failure) { ++failed; });
    Settlement first = ledger.open();
    Settlement second = first.share();
    std::move(second).fail();
    CHECK(failed == 0); // the other one is still at work
    std::move(first).settle();
    CHECK(failed == 1);
    first = ledger.open();
    second = first.share();
    std::move(first).settle();
    std::move(second).fail();
    CHECK(failed == 2);
    CHECK(settled == 0);
}

TEST_CASE("settlement: a failure on another thread is told by mail at home")
{
    HandHome home;
    int failed = 0;
    Ledger ledger(home, nullptr, [&failed](Ledger::Failure) { ++failed; });
    home.current = false;
    ledger.open().fail();
    CHECK(failed == 0);
    CHECK(home.read_mail() == 1);
    CHECK(failed == 1);
    CHECK(ledger.settled_prefix() == 0);
}

TEST_CASE("settlement: the sender's part of a stanza that failed is refused, not stored")
{
    HandHome home;
    Fate fate;
    int failed = 0;
    Ledger ledger(home, nullptr, [&failed](Ledger::Failure) { ++failed; });
    Settlement token = ledger.open();
    token.carry(std::make_unique<Suitcase>(home, fate));
    std::move(token).fail();
    home.read_mail();
    CHECK(fate.arrived);
    CHECK_FALSE(fate.outcome.accepted);
    CHECK_FALSE(fate.alone);
    CHECK(failed == 1);
}

TEST_CASE("settlement: a failure is told to nobody once the ledger is gone")
{
    HandHome home;
    int failed = 0;
    Settlement late;
    {
        Ledger ledger(home, nullptr, [&failed](Ledger::Failure) { ++failed; });
        late = ledger.open();
    }
    std::move(late).fail();
    CHECK(failed == 0);
}

TEST_CASE("settlement: the prefix is right for any order of settling")
{
    HandHome home;
    std::mt19937 random(11);
    for (int round = 0; round < 50; ++round) {
        Ledger ledger(home, [] {});
        std::vector<Settlement> open;
        std::vector<std::size_t> numbers; // of those that are open
        std::size_t opened = 0;
        for (int step = 0; step < 200; ++step) {
            if (open.empty() || random() % 2 == 0) {
                open.push_back(ledger.open());
                numbers.push_back(opened++);
            } else {
                const auto at = static_cast<std::ptrdiff_t>(random() % open.size());
                std::move(open[static_cast<std::size_t>(at)]).settle();
                open.erase(open.begin() + at);
                numbers.erase(numbers.begin() + at);
            }
            const std::size_t prefix = numbers.empty() ? opened
                                                       : *std::min_element(numbers.begin(), numbers.end());
            REQUIRE(ledger.settled_prefix() == prefix);
            REQUIRE(ledger.open_count() == open.size());
        }
    }
}
