// SPDX-License-Identifier: Apache-2.0
// What schema 4 kept of a message that a room had rewritten, and what is left of that after the migration:
// nothing that tells its recipient who the sender really was.
#include "storage/sqlite/schema.hpp"
#include "support.hpp"

#include <string>
#include <vector>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const AccountKey romeo_in_verona { "localhost", "romeo" };
const AccountKey tybalt_in_verona { "localhost", "tybalt" };

constexpr auto private_message = "<message xmlns=''jabber:client'' from=''romeo@localhost/r'' "
                                 "to=''verona@rooms.localhost/tyb'' type=''chat''"
                                 " id=''pm''><body>Alla stoccata</body></message>";
constexpr auto invitation =
    "<message xmlns=''jabber:client'' from=''romeo@localhost/r'' to=''verona@rooms.localhost'' id=''i''>"
    "<x xmlns=''http://jabber.org/protocol/muc#user''><invite "
    "to=''tybalt@localhost''><reason>Come</reason></invite>"
    "<invite to=''paris@localhost''/></x></message>";
constexpr auto ordinary =
    "<message xmlns=''jabber:client'' from=''romeo@localhost/r'' to=''tybalt@localhost'' id=''plain''>"
    "<body>  as it was </body></message>";

constexpr auto mended_private =
    "<message xmlns='jabber:client' from='verona@rooms.localhost/masked' to='verona@rooms.localhost/tyb' "
    "type='chat'"
    " id='pm'><body>Alla stoccata</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>";
constexpr auto mended_without_nick =
    "<message xmlns='jabber:client' from='verona@rooms.localhost' to='verona@rooms.localhost/tyb' type='chat'"
    " id='pm'><body>Alla stoccata</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>";
constexpr auto mended_invitation =
    "<message xmlns='jabber:client' from='verona@rooms.localhost' to='verona@rooms.localhost' id='i'>"
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite "
    "from='romeo@localhost'><reason>Come</reason></invite>"
    "</x></message>";
constexpr auto kept_ordinary =
    "<message xmlns='jabber:client' from='romeo@localhost/r' to='tybalt@localhost' id='plain'>"
    "<body>  as it was </body></message>";

std::string as_blob(std::string_view text)
{
    return "CAST('" + std::string(text) + "' AS BLOB)";
}

/// A file as schema 4 had it. Accounts: 1 romeo, 2 tybalt; addresses: 1 the room, 2 and 3 the two.
void fill_schema_4(const std::string& path, bool both_archives)
{
    REQUIRE(sqlite::prepare_database(path, sqlite::migrations().first(4)).has_value());
    auto db = sqlite::Connection::open(path, sqlite::Connection::Access::read_write);
    REQUIRE(db.has_value());
    db->run_script(
        "INSERT INTO owner (id, host, user) VALUES (1, 'localhost', 'romeo'), (2, 'localhost', 'tybalt');"
        "INSERT INTO account (owner, enabled, created) VALUES (1, 1, 0), (2, 1, 0);"
        "INSERT INTO address (id, jid) VALUES (1, 'verona@rooms.localhost'), (2, 'romeo@localhost'),"
        " (3, 'tybalt@localhost');"
        "INSERT INTO conversation (owner, peer) VALUES (1, 1), (1, 3), (2, 1), (2, 2)");
    const auto message = [&db, both_archives](int id, const char* xml, int peer_a, int peer_b,
                             const char* nick) {
        const std::string number = std::to_string(id);
        const std::string of_recipient = "2, " + std::to_string(peer_b);
        const std::string sides = both_archives ? "1, " + std::to_string(peer_a) + ", " + of_recipient
                                                : of_recipient + ", NULL, NULL";
        db->run_script(
            "INSERT INTO message (id, stamp, searchable, owner_a, peer_a, owner_b, peer_b, xml) VALUES ("
            + number + ", 1, 0, " + sides + ", " + as_blob(xml) + ")");
        db->run_script("INSERT INTO archive (owner, peer, id, outgoing, resource) VALUES (" + of_recipient
            + ", " + number + ", 0, " + nick + ")");
        if (both_archives) {
            db->run_script("INSERT INTO archive (owner, peer, id, outgoing) VALUES (1, "
                + std::to_string(peer_a) + ", " + number + ", 1)");
        }
    };
    message(10, private_message, 1, 1, "'masked'");
    message(11, invitation, 1, 1, "NULL");
    message(12, ordinary, 3, 2, "'r'");
    db->run_script("INSERT INTO stream (id, owner, token, resource, handled, window, touched, state)"
                   " VALUES (5, 2, CAST('t' AS BLOB), 'phone', 0, 300, 0, x'')");
    const auto own = [&db](int number, const char* sender, const char* xml) {
        db->run_script("INSERT INTO mailbox (owner, sender, stamp, xml, size) VALUES (2, '"
            + std::string(sender) + "', 1, " + as_blob(xml) + ", 9)");
        db->run_script("INSERT INTO unacked (stream, sequence, form, id, stamp, xml) VALUES (5, "
            + std::to_string(number) + ", 0, 0, 1, " + as_blob(xml) + ")");
    };
    own(1, "verona@rooms.localhost", private_message);
    own(2, "romeo@localhost", ordinary);
    db->run_script("INSERT INTO mailbox (owner, sender, stamp, xml, message, size)"
                   " VALUES (2, 'verona@rooms.localhost', 1, x'', 10, 9)");
    REQUIRE_EQ(db->failure(), sqlite::Failure::none);
}

struct Migrated {
    explicit Migrated(bool both_archives)
    {
        fill_schema_4(path, both_archives);
        backend = open_at(path, clock, log);
        storage = backend->front(home);
    }

    std::vector<std::string> archive_of(const AccountKey& owner)
    {
        std::vector<std::string> found;
        const auto page = value(home, storage->archive().page(owner, ArchiveQuery()));
        REQUIRE(page.has_value());
        for (const auto& message : page->messages) {
            found.push_back(message.xml);
        }
        return found;
    }

    TemporaryFolder folder;
    std::string path = folder.file("stonechat.db");
    ManualClock clock;
    Log log;
    QueueExecutor home;
    std::unique_ptr<StorageBackend> backend;
    std::unique_ptr<Storage> storage;
};

} // namespace

TEST_CASE("sqlite: what one form told two owners is mended by the migration, and all else stays as it is")
{
    for (const bool both_archives : { true, false }) {
        Migrated at(both_archives);
        const std::vector<std::string> expected { mended_private, mended_invitation, kept_ordinary };
        CHECK(at.archive_of(tybalt_in_verona) == expected);
        CHECK(at.archive_of(romeo_in_verona) == (both_archives ? expected : std::vector<std::string>()));

        ArchiveQuery by_id;
        by_id.ids = { 10 };
        CHECK(value(at.home, at.storage->archive().page(tybalt_in_verona, by_id))->messages.size() == 1);

        const auto mail = value(at.home, at.storage->mailbox().read(tybalt_in_verona, 0, 10));
        REQUIRE_EQ(mail.size(), 3);
        CHECK_EQ(mail[0].xml, mended_without_nick);
        CHECK_EQ(mail[1].xml, kept_ordinary);
        CHECK_EQ(mail[2].xml, mended_private);

        const auto backlog = value(at.home, at.storage->streams().find(tybalt_in_verona, "t"));
        REQUIRE(backlog.has_value());
        REQUIRE_EQ(backlog->unacked.size(), 2);
        CHECK_EQ(backlog->unacked[0].xml, mended_without_nick);
        CHECK_EQ(backlog->unacked[1].xml, kept_ordinary);
    }
}
