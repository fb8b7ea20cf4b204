// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_state_writer.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace std::chrono_literals;
using Urgency = StreamStateWriter::Urgency;

namespace {

/// Keeps what it is told, and answers when the test says so.
class Book final : public StreamStore {
public:
    Stored<std::uint64_t> create(StreamRecord) override { return Stored<std::uint64_t>::ready(1); }
    Stored<Done> note(std::vector<StreamNote> notes) override
    {
        pages.push_back(std::move(notes));
        Stored<Done> pending;
        promises.push_back(pending.promise());
        return pending;
    }
    Stored<std::optional<StreamBacklog>> find(const AccountKey&, std::string) override { return {}; }
    Stored<Done> renumber(const AccountKey&, std::uint64_t, std::uint64_t) override { return {}; }
    Stored<Done> close_gap(const AccountKey&, std::uint64_t, std::uint64_t) override { return {}; }
    Stored<Done> end(const AccountKey&, std::uint64_t, std::vector<std::uint64_t>) override { return {}; }
    Stored<std::vector<StreamRecord>> expired(std::string, WallTime, std::size_t) override { return {}; }

    void answers(Result<Done, StoreError> answer = Done())
    {
        auto promise = std::move(promises.front());
        promises.erase(promises.begin());
        promise.fulfil(answer);
    }

    std::vector<std::vector<StreamNote>> pages;
    std::vector<Stored<Done>::Promise> promises;
};

struct Writer final : StreamStateWriter::Subject {
    explicit Writer(std::uint64_t its_row) : row(its_row) {}
    std::optional<StreamNote> take_note() override
    {
        if (handled == taken) {
            return std::nullopt;
        }
        taken = handled;
        StreamNote note;
        note.row = row;
        note.handled = handled;
        return note;
    }
    void on_noted(bool committed) override
    {
        if (committed) {
            durable = taken;
        } else {
            taken = durable;
        }
    }
    std::uint64_t row;
    std::uint32_t handled = 0;
    std::uint32_t taken = 0;
    std::uint32_t durable = 0;
};

struct Desk {
    void run()
    {
        while (shard.io().poll() > 0) {}
    }
    void waits(std::chrono::milliseconds time)
    {
        clock.advance(time);
        shard.timers().advance(clock.steady());
        run();
    }
    ManualClock clock;
    Shard shard { 0, clock };
    Book book;
    std::shared_ptr<StreamStateWriter> writer = std::make_shared<StreamStateWriter>(shard, book);
};

} // namespace

TEST_CASE("journal: what changes in one turn is one transaction, what changes meanwhile the next")
{
    Desk desk;
    const auto a = std::make_shared<Writer>(1);
    const auto b = std::make_shared<Writer>(2);
    for (const auto& writer : { a, b, a }) {
        ++writer->handled;
        desk.writer->mark(writer, Urgency::now);
    }
    CHECK(desk.book.pages.empty());
    desk.run();
    REQUIRE(desk.book.pages.size() == 1);
    CHECK(desk.book.pages[0].size() == 2);
    CHECK(desk.book.pages[0][0].handled == 2U);
    for (int i = 0; i < 3; ++i) {
        ++b->handled;
        desk.writer->mark(b, Urgency::now);
        desk.run();
    }
    CHECK(desk.book.pages.size() == 1);
    CHECK(a->durable == 0);
    desk.book.answers();
    CHECK(a->durable == 2);
    CHECK(b->durable == 1);
    desk.run();
    REQUIRE(desk.book.pages.size() == 2);
    CHECK(desk.book.pages[1][0].handled == 4U);
    desk.book.answers();
    desk.run();
    CHECK(b->durable == 4);
    CHECK(desk.book.pages.size() == 2);
}

TEST_CASE("journal: what nobody waits for goes with the next that is urgent, or in a second")
{
    Desk desk;
    const auto a = std::make_shared<Writer>(1);
    const auto b = std::make_shared<Writer>(2);
    ++a->handled;
    desk.writer->mark(a, Urgency::soon);
    desk.run();
    CHECK(desk.book.pages.empty());
    ++b->handled;
    desk.writer->mark(b, Urgency::now);
    desk.run();
    REQUIRE(desk.book.pages.size() == 1);
    CHECK(desk.book.pages[0].size() == 2);
    desk.book.answers();
    ++a->handled;
    desk.writer->mark(a, Urgency::soon);
    desk.waits(2s);
    CHECK(desk.book.pages.size() == 2);
}

TEST_CASE("journal: what could not be written down is not told, and is written later")
{
    Desk desk;
    const auto a = std::make_shared<Writer>(1);
    ++a->handled;
    desk.writer->mark(a, Urgency::now);
    desk.run();
    desk.book.answers(StoreError::full);
    desk.run();
    CHECK(a->durable == 0);
    CHECK(desk.book.pages.size() == 1);
    desk.waits(2s);
    REQUIRE(desk.book.pages.size() == 2);
    desk.book.answers();
    CHECK(a->durable == 1);
}

TEST_CASE("journal: it is idle when everything is written down")
{
    Desk desk;
    bool idle = false;
    desk.writer->when_idle([&idle] { idle = true; });
    CHECK(std::exchange(idle, false));
    const auto a = std::make_shared<Writer>(1);
    ++a->handled;
    desk.writer->mark(a, Urgency::soon);
    desk.writer->when_idle([&idle] { idle = true; });
    desk.run();
    ++a->handled;
    desk.writer->mark(a, Urgency::soon);
    CHECK_FALSE(idle);
    desk.book.answers();
    desk.run();
    CHECK_FALSE(idle);
    REQUIRE(desk.book.pages.size() == 2);
    desk.book.answers();
    CHECK(idle);
}

TEST_CASE("journal: an answer that comes too late finds nobody")
{
    Desk desk;
    const auto a = std::make_shared<Writer>(1);
    ++a->handled;
    desk.writer->mark(a, Urgency::now);
    desk.run();
    desk.writer.reset();
    desk.book.answers();
    CHECK(a->durable == 0);
}
