// SPDX-License-Identifier: Apache-2.0
// Both backends in the same clothes, for cases that hold for either.
#pragma once

#include "storage/memory_storage.hpp"
#include "support.hpp"

namespace stonechat::test {

inline const AccountKey juliet { "capulet.example", "juliet" };
inline const AccountKey romeo { "montague.example", "romeo" };
inline const AccountKey nurse { "capulet.example", "nurse" };

struct InMemory {
    ManualClock clock;
    std::unique_ptr<StorageBackend> backend = make_memory_storage(clock);
};

struct InSqlite {
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    std::unique_ptr<StorageBackend> backend = open_at(folder.file("stonechat.db"), clock, log);
};

/// One that files its archives all the time.
struct InSqliteFiling {
    ManualClock clock;
    Log log;
    TemporaryFolder folder;
    std::unique_ptr<StorageBackend> backend = open_at(folder.file("stonechat.db"), clock, log, 0, 6);
};

/// A backend with one front.
template <class Where> struct Opened : Where {
    QueueExecutor home;
    std::unique_ptr<Storage> storage = Where::backend->front(home);

    AccountStore& accounts() { return storage->accounts(); }
    RosterStore& rosters() { return storage->rosters(); }
    MailboxStore& mailbox() { return storage->mailbox(); }
    KeyvalStore& keyval() { return storage->keyval(); }
    MessageStore& messages() { return storage->messages(); }
    ArchiveStore& archive() { return storage->archive(); }
    StreamStore& streams() { return storage->streams(); }
    RoomStore& rooms() { return storage->rooms(); }
    NodeStore& nodes() { return storage->nodes(); }
    InboxStore& inbox() { return storage->inbox(); }

    MailboxAnswer append(const AccountKey& key, MailboxMessage message,
        MailboxLimits limits = MailboxLimits())
    {
        return value(home, stonechat::test::append(*storage, key, std::move(message), limits)).mailbox;
    }
    std::vector<MailboxMessage> mail(const AccountKey& key)
    {
        return value(home, mailbox().read(key, 0, 1'000'000));
    }
};

} // namespace stonechat::test
