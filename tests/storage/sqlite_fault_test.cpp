// SPDX-License-Identifier: Apache-2.0
// Group commit and what may go wrong with it: kill -9, a full disk, a failed fsync (K1, K9, F1, F3,
// F4). Faults come from a layer between SQLite and the file system, or from the kernel itself.
#include "faulty_disk.hpp"
#include "support.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const AccountKey juliet { "capulet.example", "juliet" };
const AccountKey romeo { "montague.example", "romeo" };

MailboxLimits no_limits()
{
    MailboxLimits limits;
    limits.messages = 1'000'000;
    limits.bytes = 1'000'000'000;
    limits.messages_per_sender = 1'000'000;
    return limits;
}

struct Place {
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    std::string path = folder.file("stonechat.db");
    QueueExecutor home;
};

constexpr auto path_variable = "STONECHAT_TEST_DATABASE";

/// The child case below in a process of its own; what it prints comes through a pipe.
class Child {
public:
    explicit Child(const std::string& database)
    {
        int ends[2];
        REQUIRE_EQ(::pipe(ends), 0);
        const auto variable = std::string(path_variable) + "=" + database;
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            ::putenv(const_cast<char*>(variable.c_str()));
            ::execl("/proc/self/exe", "test_storage", "--no-skip", "--test-case=child: *", nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        output_ = ::fdopen(ends[0], "r");
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        kill();
        std::fclose(output_);
    }

    /// The next number that it printed; nothing when it is dead and all was read.
    std::optional<long> number()
    {
        char line[256];
        while (std::fgets(line, sizeof line, output_) != nullptr) {
            long number = 0;
            char end = 0;
            // A line that was cut off by the kill does not count.
            if (std::sscanf(line, "stored %ld%c", &number, &end) == 2 && end == '\n') {
                return number;
            }
        }
        return std::nullopt;
    }

    void kill()
    {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
            process_ = 0;
        }
    }

private:
    pid_t process_ = 0;
    std::FILE* output_ = nullptr;
};

} // namespace

TEST_CASE("child: stores messages until it is killed, and prints the number of each that is answered"
    * doctest::skip())
{
    const char* path = std::getenv(path_variable);
    if (path == nullptr) {
        return;
    }
    ManualClock clock;
    Log log;
    auto backend = open_at(path, clock, log);
    QueueExecutor home;
    auto storage = backend->front(home);
    long answered = 0;
    for (long asked = 0; asked < 100'000'000; ++asked) {
        append(*storage, juliet, message("a@example.org", std::to_string(asked)), no_limits())
            .then([&answered, asked](auto answer) {
                if (answer.has_value()) {
                    std::printf("stored %ld\n", asked);
                }
                ++answered;
            });
        home.run_until([&]() {
            std::fflush(stdout);
            return asked - answered < 50;
        });
    }
}

TEST_CASE("durability: whatever was answered before kill -9 is there afterwards, in order (K1, F1)")
{
    Place place;
    long last_printed = -1;
    for (int round = 0; round < 5; ++round) {
        std::filesystem::remove(place.path);
        last_printed = -1;
        {
            Child child(place.path);
            for (int i = 0; i < 200 + 531 * round; ++i) {
                const auto number = child.number();
                REQUIRE(number.has_value());
                last_printed = *number;
            }
            child.kill();
            while (const auto number = child.number()) {
                last_printed = *number;
            }
        }
        auto backend = open_at(place.path, place.clock, place.log);
        auto storage = backend->front(place.home);
        const auto messages = value(place.home, storage->mailbox().read(juliet, 0, 10'000'000));
        REQUIRE_GT(messages.size(), std::size_t(last_printed));
        for (std::size_t i = 0; i < messages.size(); ++i) {
            REQUIRE_EQ(messages[i].xml, std::to_string(i));
        }
    }
}

TEST_CASE("group commit: calls that wait share a commit, and their answers share a post")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    std::vector<int> order;
    for (int i = 0; i < 2000; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i % 10), std::to_string(i)).then([&order, i](auto) {
            order.push_back(i);
        });
    }
    place.home.run_until([&order]() { return order.size() == 2000; });
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK_LT(backend->load().commits, 1000);
    CHECK_LE(place.home.posts(), backend->load().commits);
    CHECK_GE(backend->load().rows_written, 2000);
    CHECK_EQ(backend->load().queued_writes, 0);
}

TEST_CASE("group commit: nothing is answered before the sync of its commit (K1)")
{
    Place place;
    FaultyDisk disk;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    value(place.home, storage->keyval().set(juliet, "s", "n", "1"));

    disk.hold_syncs();
    bool answered = false;
    storage->keyval().set(juliet, "s", "n", "2").then([&answered](auto) { answered = true; });
    disk.wait_for_a_held_sync();
    const auto posts = place.home.posts();
    // Reads of others go on meanwhile (F6).
    QueueExecutor home;
    auto other = backend->front(home);
    value(home, other->keyval().get(romeo, "s", "n"));
    CHECK_EQ(place.home.posts(), posts);
    CHECK_FALSE(answered);
    disk.release_syncs();
    place.home.run_until([&answered]() { return answered; });
}

TEST_CASE(
    "fsync: a failure is fatal; nothing of the batch is answered as stored, and nothing after it (K9, F4)")
{
    Place place;
    FaultyDisk disk;
    std::atomic<int> fatal = 0;
    SqliteOptions options;
    options.path = place.path;
    options.on_fatal = [&fatal](const std::string&) { ++fatal; };
    auto backend = std::move(*open_sqlite_storage(std::move(options), place.clock, place.log));
    auto storage = backend->front(place.home);
    value(place.home, storage->keyval().set(juliet, "s", "before", "1"));

    disk.fail_syncs();
    std::size_t in_doubt = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 300; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "2").then([&](auto answer) {
            in_doubt += !answer.has_value() && answer.error() == StoreError::unknown;
            refused += !answer.has_value() && answer.error() == StoreError::unavailable;
        });
    }
    place.home.run_until([&]() { return in_doubt + refused == 300; });
    CHECK(in_doubt > 0); // the batch that was being committed may be found after a restart
    CHECK_EQ(fatal, 1);
    disk.heal();
    CHECK_EQ(answer(place.home, storage->keyval().set(juliet, "s", "n", "3")).error(),
        StoreError::unavailable);
    CHECK_EQ(answer(place.home, storage->keyval().get(juliet, "s", "n")).error(), StoreError::unavailable);
    CHECK_EQ(fatal, 1);
    storage.reset();
    backend.reset();

    backend = open_at(place.path, place.clock, place.log);
    storage = backend->front(place.home);
    CHECK_EQ(value(place.home, storage->keyval().get(juliet, "s", "before")), "1");
}

TEST_CASE("fsync: a failure while the log is moved is fatal too (K9)")
{
    Place place;
    FaultyDisk disk;
    std::mutex mutex;
    std::condition_variable changed;
    bool fatal = false;
    SqliteOptions options;
    options.path = place.path;
    options.on_fatal = [&](const std::string&) {
        const std::lock_guard lock(mutex);
        fatal = true;
        changed.notify_one();
    };
    auto backend = std::move(*open_sqlite_storage(std::move(options), place.clock, place.log));
    auto storage = backend->front(place.home);
    disk.fail_database_syncs();
    const std::string megabyte(1'000'000, 'x');
    for (int i = 0; i < 12; ++i) {
        answer(place.home, storage->keyval().set(juliet, "s", std::to_string(i), megabyte));
    }
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, std::chrono::minutes(1), [&fatal]() { return fatal; }));
    lock.unlock();
    CHECK_EQ(answer(place.home, storage->keyval().get(juliet, "s", "0")).error(), StoreError::unavailable);
    disk.heal();
}

TEST_CASE("full: a job that does not fit is refused alone, reads go on, smaller ones still fit (F3)")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log, 400'000);
    auto storage = backend->front(place.home);
    std::size_t small = 0;
    std::size_t full = 0;
    for (int i = 0; i < 60; ++i) {
        storage->keyval().set(juliet, "small", std::to_string(i), "v").then([&small](auto r) {
            small += r.has_value();
        });
        if (i % 6 == 3) {
            storage->keyval()
                .set(juliet, "large", std::to_string(i), std::string(1'000'000, 'x'))
                .then([&full](auto r) { full += !r.has_value() && r.error() == StoreError::full; });
        }
    }
    CHECK_EQ(value(place.home, storage->keyval().load(juliet, "small")).size(), 60);
    CHECK_EQ(small, 60);
    CHECK_EQ(full, 10);
    CHECK(value(place.home, storage->keyval().load(juliet, "large")).empty());

    // Several changes are made together or not at all.
    KeyvalStore::Changes changes;
    changes.emplace_back("first", "fits");
    changes.emplace_back("second", std::string(1'000'000, 'x'));
    CHECK_EQ(answer(place.home, storage->keyval().apply(juliet, "both", changes)).error(), StoreError::full);
    CHECK(value(place.home, storage->keyval().load(juliet, "both")).empty());
}

TEST_CASE("full: mailbox counts stay right when messages do not fit (F3)")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log, 400'000);
    auto storage = backend->front(place.home);
    MailboxLimits limits = no_limits();
    limits.messages_per_sender = 3;
    for (int i = 0; i < 5; ++i) {
        CHECK_EQ(answer(place.home,
                     append(*storage, juliet, message("a@b", std::string(1'000'000, 'x')), limits))
                     .error(),
            StoreError::full);
    }
    for (int i = 0; i < 3; ++i) {
        CHECK(value(place.home, append(*storage, juliet, message("a@b", "x"), limits)).mailbox
            == MailboxAnswer::stored);
    }
    CHECK(value(place.home, append(*storage, juliet, message("a@b", "x"), limits)).mailbox
        == MailboxAnswer::sender_share_full);
}

TEST_CASE("full: when the disk takes no more, writes are refused; they work again when there is space (F3)")
{
    Place place;
    FaultyDisk disk;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    value(place.home, storage->keyval().set(juliet, "s", "n", "before"));

    disk.fill_up();
    std::size_t full = 0;
    for (int i = 0; i < 20; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "v").then([&full](auto r) {
            full += !r.has_value() && r.error() == StoreError::full;
        });
    }
    place.home.run_until([&full]() { return full == 20; });
    CHECK_EQ(value(place.home, storage->keyval().get(juliet, "s", "n")), "before");
    CHECK_EQ(value(place.home, storage->keyval().load(juliet, "s")).size(), 1);

    disk.heal();
    value(place.home, storage->keyval().set(juliet, "s", "n", "after"));
    CHECK_EQ(value(place.home, storage->keyval().get(juliet, "s", "n")), "after");
    storage.reset();
    backend.reset();
    backend = open_at(place.path, place.clock, place.log);
    storage = backend->front(place.home);
    CHECK_EQ(value(place.home, storage->keyval().load(juliet, "s")).size(), 1);
}

namespace {

/// Archives that are filed all the time, on a disk that sometimes takes nothing.
struct Archiving : Place {
    static constexpr std::size_t segment = 6;
    std::unique_ptr<StorageBackend> backend;
    std::unique_ptr<Storage> storage;
    std::vector<MessageId> stored;
    std::size_t refused = 0;
    std::size_t asked = 0;

    void open(std::uint64_t max_bytes)
    {
        storage.reset();
        backend.reset();
        backend = open_at(path, clock, log, max_bytes, segment);
        storage = backend->front(home);
    }
    /// Does not wait for the answer.
    void put(std::size_t size = 10)
    {
        MessageToStore message;
        message.stamp = clock.wall();
        message.xml = "<m>" + std::string(size, 'x') + "</m>";
        const auto peer = *Jid::parse("p" + std::to_string(asked++ % 7) + "@capulet.example");
        message.archives = { { romeo, *Jid::parse("juliet@capulet.example"), true },
            { juliet, peer, false } };
        storage->messages().accept(std::move(message)).then([this](auto receipt) {
            refused += !receipt.has_value() && receipt.error() == StoreError::full;
            if (receipt.has_value()) {
                stored.push_back(receipt->id);
            }
        });
    }
    void wait_for_answers()
    {
        home.run_until([this] { return stored.size() + refused == asked; });
    }
    std::vector<MessageId> ids(const AccountKey& owner)
    {
        ArchiveQuery query;
        query.limit = 1000;
        std::vector<MessageId> found;
        const auto page = value(home, storage->archive().page(owner, query));
        for (const auto& message : page->messages) {
            found.push_back(message.id);
        }
        return found;
    }
    void check_archives()
    {
        CHECK_EQ(ids(juliet), stored);
        CHECK_EQ(ids(romeo), stored);
    }
};

} // namespace

TEST_CASE("full: a message that does not fit is in no archive, and the others are filed in order (F3)")
{
    Archiving at;
    at.open(400'000);
    for (int i = 0; i < 60; ++i) {
        at.put(i % 6 == 3 ? 1'000'000 : 10);
    }
    at.wait_for_answers();
    CHECK_EQ(at.refused, 10);
    at.check_archives();
    at.open(400'000);
    at.check_archives();
    at.put();
    at.wait_for_answers();
    at.check_archives();
}

TEST_CASE("full: what could not be filed is filed when there is space again (F3)")
{
    FaultyDisk disk;
    Archiving at;
    at.open(0);
    for (int i = 0; i < 30; ++i) {
        at.put();
        at.wait_for_answers(); // each has a commit of its own, so that it begins somewhere in a segment
        if (i % 3 == 2) {
            disk.fill_up();
            at.put();
            at.put();
            at.wait_for_answers();
            at.check_archives();
            disk.heal();
        }
    }
    CHECK_EQ(at.refused, 20);
    CHECK_EQ(at.stored.size(), 30);
    at.check_archives();
    at.open(0);
    at.check_archives();
    value(at.home, at.storage->archive().remove(juliet, std::nullopt));
    CHECK(at.ids(juliet).empty());
    CHECK_EQ(at.ids(romeo), at.stored);
}

TEST_CASE("queue: a full one refuses at once, and what it took is done")
{
    Place place;
    FaultyDisk disk;
    SqliteOptions options;
    options.path = place.path;
    options.queue = 10;
    auto backend = std::move(*open_sqlite_storage(std::move(options), place.clock, place.log));
    auto storage = backend->front(place.home);
    disk.hold_syncs();
    storage->keyval().set(juliet, "s", "n", "1").then([](auto) {});
    disk.wait_for_a_held_sync();
    std::size_t stored = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 30; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "v").then([&](auto r) {
            ++(r.has_value() ? stored : refused);
        });
    }
    CHECK_EQ(refused, 20);
    CHECK_EQ(backend->load().queued_writes, 10);
    disk.release_syncs();
    place.home.run_until([&stored]() { return stored == 10; });
}

TEST_CASE("log: it is moved and begins anew under steady writing, also after a long read")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    const std::string xml(4000, 'x');
    std::size_t answered = 0;
    for (std::size_t i = 0; i < 30'000; ++i) {
        append(*storage, juliet, message("a@b", xml), no_limits()).then([&answered](auto) { ++answered; });
        if (i % 1000 == 0) {
            storage->mailbox().read(juliet, 0, 2000).then([&storage](const auto& mail) {
                storage->mailbox().remove(juliet, rows_of(*mail)).then([](auto) {});
            });
        }
        place.home.run_until([&]() { return i - answered + 1 < 300; });
    }
    // 120 MB and more went through the log; it is a fraction of that.
    CHECK_LT(std::filesystem::file_size(place.path + "-wal"), 64 * 1024 * 1024);
    CHECK_LT(std::filesystem::file_size(place.path), 64 * 1024 * 1024);
}

TEST_CASE("storage: a front may go while its calls are under way")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    std::size_t answered = 0;
    for (int i = 0; i < 100; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "v").then([&answered](auto) { ++answered; });
        storage->keyval().get(romeo, "s", std::to_string(i)).then([&answered](auto) { ++answered; });
    }
    storage.reset();
    place.home.run_until([&answered]() { return answered == 200; });
}

TEST_CASE("storage: what one answer's continuation throws does not cost the others theirs")
{
    Place place;
    auto backend = open_at(place.path, place.clock, place.log);
    auto storage = backend->front(place.home);
    std::size_t answered = 0;
    std::size_t thrown = 0;
    for (int i = 0; i < 100; ++i) {
        storage->keyval().set(juliet, "s", std::to_string(i), "v").then([&answered, i](auto) {
            ++answered;
            if (i % 50 == 10) {
                throw std::runtime_error("a bug");
            }
        });
    }
    backend->stop();
    while (answered < 100) {
        try {
            place.home.run_one();
        } catch (const std::runtime_error&) {
            ++thrown;
        }
    }
    CHECK_GE(thrown, 1);
    CHECK_EQ(answered, 100);
}
