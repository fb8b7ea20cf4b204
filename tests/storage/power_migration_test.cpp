// SPDX-License-Identifier: Apache-2.0
// The power goes while a database of the first schema is being migrated: afterwards it opens, with the
// old schema or the new one, and with all that was in it (F18).
#include "power_cut.hpp"
#include "storage/sqlite/schema.hpp"
#include "support.hpp"

using namespace stonechat;
using namespace stonechat::test;

namespace {

constexpr std::int64_t letters = 200;
const AccountKey juliet { "capulet.example", "juliet" };

/// A file as the first version of the server left it.
void make_first_schema(const std::string& path)
{
    REQUIRE(sqlite::prepare_database(path, sqlite::migrations().first(1)).has_value());
    auto db = sqlite::Connection::open(path, sqlite::Connection::Access::read_write);
    REQUIRE(db.has_value());
    db->execute("BEGIN");
    db->execute("INSERT INTO owner (id, host, user) VALUES (1, 'capulet.example', 'juliet')");
    db->execute("INSERT INTO keyval (owner, store, name, value) VALUES (1, 's', 'n', CAST('v' AS BLOB))");
    for (std::int64_t i = 0; i < letters; ++i) {
        db->execute("INSERT INTO mailbox (owner, sender, stamp, xml) VALUES (1, 'a@b', ?1, CAST(?1 AS BLOB))",
            i);
    }
    db->execute("COMMIT");
    REQUIRE_EQ(db->failure(), sqlite::Failure::none);
}

Recording record_migration(const std::string& path)
{
    ManualClock clock;
    Log log;
    PowerRecorder recorder(path);
    open_at(path, clock, log).reset();
    return recorder.take();
}

void check_contents(const std::string& path)
{
    ManualClock clock;
    Log log;
    QueueExecutor home;
    auto backend = open_at(path, clock, log);
    const auto storage = backend->front(home);
    CHECK_EQ(value(home, storage->keyval().get(juliet, "s", "n")), "v");
    const auto mail = value(home, storage->mailbox().read(juliet, 0, 1000));
    REQUIRE_EQ(mail.size(), letters);
    for (std::int64_t i = 0; i < letters; ++i) {
        REQUIRE_EQ(mail[static_cast<std::size_t>(i)].xml, std::to_string(i));
    }
}

} // namespace

TEST_CASE("power loss: in the middle of a migration nothing is lost, and it is finished later (F18)")
{
    const TemporaryFolder folder;
    const auto path = folder.file("old.db");
    make_first_schema(path);
    const auto recording = record_migration(path);
    REQUIRE_GT(recording.events.size(), 20);

    std::mt19937_64 random(1);
    PowerCut cut(recording);
    const auto image = folder.file("image.db");
    const auto step = recording.events.size() / 60 + 1;
    for (std::size_t place = 0; place <= recording.events.size(); place += step) {
        cut.go_to(place);
        std::filesystem::remove(image + ".v1.backup");
        write_disk(image, cut.image(random));
        check_contents(image);
    }
}
