// SPDX-License-Identifier: Apache-2.0
// The stores of one shard on an SQLite database: each call becomes a job that runs the query of the
// same name (queries.hpp).
#include "storage/sqlite/call_scheduler.hpp"
#include "storage/sqlite/message_stores.hpp"
#include "storage/sqlite/open_backend.hpp"
#include "storage/sqlite/queries.hpp"

namespace stonechat {

namespace sqlite {

namespace {

class SqliteAccounts final : public AccountStore {
public:
    explicit SqliteAccounts(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<Account>> find(const AccountKey& key) override
    {
        return scheduler_.read(key, [key](Database& db) { return find_account(db.connection(), key); });
    }

    Stored<bool> create(const AccountKey& key, std::vector<ScramVerifier> verifiers) override
    {
        return scheduler_.write(key,
            [key, verifiers = std::move(verifiers), now = scheduler_.now()](Database& db) {
                return create_account(db, key, verifiers, now);
            });
    }

    Stored<bool> set_verifiers(const AccountKey& key, std::vector<ScramVerifier> verifiers) override
    {
        return scheduler_.write(key, [key, verifiers = std::move(verifiers)](Database& db) {
            return sqlite::set_verifiers(db, key, verifiers);
        });
    }

    Stored<bool> set_enabled(const AccountKey& key, bool enabled) override
    {
        return scheduler_.write(key,
            [key, enabled](Database& db) { return sqlite::set_enabled(db, key, enabled); });
    }

    Stored<bool> begin_removal(const AccountKey& key) override
    {
        return scheduler_.write(key, [key](Database& db) { return sqlite::begin_removal(db, key); });
    }

    Stored<bool> remove(const AccountKey& key, std::uint64_t former_name) override
    {
        return scheduler_.write(key, [key, former_name, now = scheduler_.now()](Database& db) {
            return remove_account(db, key, former_name, now);
        });
    }

    Stored<std::vector<AccountKey>> removals() override
    {
        return scheduler_.read_hosts([](Database& db) { return list_removals(db.connection()); });
    }

    Stored<std::vector<FormerName>> former_names() override
    {
        return scheduler_.read_hosts([](Database& db) { return list_former_names(db.connection()); });
    }

    Stored<std::vector<Account>> list(std::string host, std::string after, std::size_t limit) override
    {
        return scheduler_.read_hosts([host = std::move(host), after = std::move(after), limit](Database& db) {
            return list_accounts(db.connection(), host, after, limit);
        });
    }

    Stored<std::size_t> count(std::string host) override
    {
        return scheduler_.read_hosts([host = std::move(host)](Database& db) {
            return count_accounts(db.connection(), host);
        });
    }

    Stored<Holdings> holdings(const AccountKey& key) override
    {
        return scheduler_.read_aside(key,
            [key](Database& db) { return count_holdings(db.connection(), key); });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteRosters final : public RosterStore {
public:
    explicit SqliteRosters(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<RosterData> load(const AccountKey& key) override
    {
        return scheduler_.read(key, [key](Database& db) { return load_roster(db.connection(), key); });
    }

    Stored<Done> put(const AccountKey& key, RosterRecord record, std::uint64_t version) override
    {
        return scheduler_.write(key, [key, record = std::move(record), version](Database& db) {
            return put_roster_record(db, key, record, version);
        });
    }

    Stored<Done> remove(const AccountKey& key, Jid contact, std::uint64_t version) override
    {
        return scheduler_.write(key, [key, contact = std::move(contact), version](Database& db) {
            return remove_roster_record(db, key, contact, version);
        });
    }

    Stored<std::vector<AccountKey>> holders(Jid contact) override
    {
        return scheduler_.read_hosts([contact = std::move(contact)](Database& db) {
            return roster_holders(db.connection(), contact);
        });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteMailbox final : public MailboxStore {
public:
    explicit SqliteMailbox(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::vector<MailboxMessage>> read(const AccountKey& key, std::uint64_t after,
        std::size_t limit) override
    {
        return scheduler_.read(key,
            [key, after, limit](Database& db) { return read_messages(db.connection(), key, after, limit); });
    }

    Stored<Done> remove(const AccountKey& key, std::vector<std::uint64_t> rows) override
    {
        return scheduler_.write(key,
            [key, rows = std::move(rows)](Database& db) { return remove_messages(db, key, rows); });
    }

    Stored<std::vector<std::uint64_t>> hand_over(const AccountKey& key, std::vector<HandOver> mail) override
    {
        return scheduler_.write(key,
            [key, mail = std::move(mail)](Database& db) { return hand_over_mail(db, key, mail); });
    }

    Stored<Done> remove_archived(const AccountKey& key, MessageId up_to) override
    {
        return scheduler_.write(key,
            [key, up_to](Database& db) { return remove_archived_mail(db, key, up_to); });
    }

    Stored<std::size_t> count(const AccountKey& key) override
    {
        return scheduler_.read(key, [key](Database& db) { return count_messages(db.connection(), key); });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteKeyval final : public KeyvalStore {
public:
    explicit SqliteKeyval(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<std::string>> get(const AccountKey& key, std::string store,
        std::string name) override
    {
        return scheduler_.read(key, [key, store = std::move(store), name = std::move(name)](Database& db) {
            return get_value(db.connection(), key, store, name);
        });
    }

    Stored<Done> set(const AccountKey& key, std::string store, std::string name, std::string value) override
    {
        return scheduler_.write(key,
            [key, store = std::move(store), name = std::move(name), value = std::move(value)](Database& db) {
                return set_value(db, key, store, name, value);
            });
    }

    Stored<Done> erase(const AccountKey& key, std::string store, std::string name) override
    {
        return scheduler_.write(key, [key, store = std::move(store), name = std::move(name)](Database& db) {
            return erase_value(db, key, store, name);
        });
    }

    Stored<Entries> load(const AccountKey& key, std::string store) override
    {
        return scheduler_.read(key, [key, store = std::move(store)](Database& db) {
            return load_values(db.connection(), key, store);
        });
    }

    Stored<Done> apply(const AccountKey& key, std::string store, Changes changes) override
    {
        return scheduler_.write(key,
            [key, store = std::move(store), changes = std::move(changes)](Database& db) {
                return apply_values(db, key, store, changes);
            });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteRooms final : public RoomStore {
public:
    explicit SqliteRooms(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<RoomRecord>> load(const AccountKey& room) override
    {
        return scheduler_.read(room, [room](Database& db) { return load_room(db.connection(), room); });
    }

    Stored<bool> create(const AccountKey& room, RoomRecord record) override
    {
        return scheduler_.write(room,
            [room, record = std::move(record)](Database& db) { return create_room(db, room, record); });
    }

    Stored<bool> change(const AccountKey& room, Change change) override
    {
        return scheduler_.write(room,
            [room, change = std::move(change)](Database& db) { return change_room(db, room, change); });
    }

    Stored<bool> remove(const AccountKey& room) override
    {
        return scheduler_.write(room, [room](Database& db) { return remove_room(db, room); });
    }

    Stored<std::vector<RoomSummary>> list(std::string host, std::string after, std::size_t limit,
        bool listed_only) override
    {
        return scheduler_.read_hosts([host = std::move(host), after = std::move(after), limit,
                                         listed_only](Database& db) {
            return list_rooms(db.connection(), host, after, limit, listed_only);
        });
    }

    Stored<std::size_t> count_owned(std::string host, Jid member) override
    {
        return scheduler_.read_hosts([host = std::move(host), member = std::move(member)](Database& db) {
            return count_owned_rooms(db.connection(), host, member);
        });
    }

    Stored<std::size_t> count(std::string host, bool listed_only) override
    {
        return scheduler_.read_hosts([host = std::move(host), listed_only](Database& db) {
            return count_rooms(db.connection(), host, listed_only);
        });
    }

    Stored<std::vector<std::string>> knowing(std::string host, Jid user, std::string store,
        std::string name) override
    {
        return scheduler_.read_hosts([host = std::move(host), user = std::move(user),
                                         store = std::move(store), name = std::move(name)](Database& db) {
            return rooms_knowing(db.connection(), host, user, store, name);
        });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteNodes final : public NodeStore {
public:
    explicit SqliteNodes(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<NodeRecord>> find(const AccountKey& service, std::string node) override
    {
        return scheduler_.read(service, [service, node = std::move(node)](Database& db) {
            return find_node(db.connection(), service, node);
        });
    }

    Stored<std::vector<NodeSummary>> list(const AccountKey& service, std::string after,
        std::size_t limit) override
    {
        return scheduler_.read(service, [service, after = std::move(after), limit](Database& db) {
            return list_nodes(db.connection(), service, after, limit);
        });
    }

    Stored<Creation> create(const AccountKey& service, NodeRecord record, NodeLimits limits) override
    {
        return scheduler_.write(service, [service, record = std::move(record), limits](Database& db) {
            return create_node(db, service, record, limits);
        });
    }

    Stored<std::optional<std::vector<std::string>>> change(const AccountKey& service, std::string node,
        Change change) override
    {
        return scheduler_.write(service,
            [service, node = std::move(node), change = std::move(change)](Database& db) {
                return change_node(db, service, node, change);
            });
    }

    Stored<bool> remove(const AccountKey& service, std::string node) override
    {
        return scheduler_.write(service,
            [service, node = std::move(node)](Database& db) { return remove_node(db, service, node); });
    }

    Stored<Published> publish(const AccountKey& service, Publication publication) override
    {
        return scheduler_.write(service, [service, publication = std::move(publication)](Database& db) {
            return publish_items(db, service, publication);
        });
    }

    Stored<std::optional<std::vector<std::string>>> retract(const AccountKey& service, std::string node,
        std::vector<std::string> ids) override
    {
        return scheduler_.write(service,
            [service, node = std::move(node), ids = std::move(ids)](Database& db) {
                return retract_items(db, service, node, ids);
            });
    }

    Stored<bool> purge(const AccountKey& service, std::string node) override
    {
        return scheduler_.write(service,
            [service, node = std::move(node)](Database& db) { return purge_items(db, service, node); });
    }

    Stored<ItemPage> items(const AccountKey& service, std::string node, ItemQuery query) override
    {
        return scheduler_.read(service,
            [service, node = std::move(node), query = std::move(query)](Database& db) {
                return node_items(db.connection(), service, node, query);
            });
    }

    Stored<std::optional<ArchivedItems>> archive(const AccountKey& service, std::string node,
        ArchiveQuery query) override
    {
        return scheduler_.read(service,
            [service, node = std::move(node), query = std::move(query)](Database& db) {
                return archived_items(db.connection(), service, node, query);
            });
    }

    Stored<std::vector<Involvement>> involving(const AccountKey& service, Jid user) override
    {
        return scheduler_.read(service, [service, user = std::move(user)](Database& db) {
            return nodes_involving(db.connection(), service, user);
        });
    }

    Stored<std::vector<std::string>> pending(const AccountKey& service, Jid owner, std::size_t limit) override
    {
        return scheduler_.read(service, [service, owner = std::move(owner), limit](Database& db) {
            return nodes_with_pending(db.connection(), service, owner, limit);
        });
    }

    Stored<Done> forget(Jid user) override
    {
        return scheduler_.write_hosts([user = std::move(user)](Database& db) {
            return forget_in_nodes(db.connection(), user);
        });
    }

    Stored<std::vector<LastItem>> last_items(LastItemsQuery query) override
    {
        return scheduler_.read_hosts([query = std::move(query)](Database& db) {
            return sqlite::last_items(db.connection(), query);
        });
    }

    Stored<std::vector<Expired>> expire(WallTime now, std::size_t limit) override
    {
        return scheduler_.write_hosts([now, limit](Database& db) { return expire_items(db, now, limit); });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteInbox final : public InboxStore {
public:
    explicit SqliteInbox(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::vector<Conversation>> conversations(const AccountKey& owner) override
    {
        return scheduler_.read_aside(owner, [owner](Database& db) { return read_conversations(db, owner); });
    }

    Stored<std::vector<std::optional<ArchivedMessage>>> newest(const AccountKey& owner,
        std::vector<Jid> peers) override
    {
        return scheduler_.read_aside(owner, [owner, peers = std::move(peers)](Database& db) {
            return newest_instant_messages(db, owner, peers);
        });
    }

    Stored<Done> set_read(const AccountKey& owner, std::vector<ReadPosition> positions) override
    {
        return scheduler_.write(owner, [owner, positions = std::move(positions)](Database& db) {
            return set_read_positions(db, owner, positions);
        });
    }

    Stored<std::vector<ReadPosition>> read_positions(const AccountKey& owner, std::vector<Jid> peers) override
    {
        return scheduler_.read(owner, [owner, peers = std::move(peers)](Database& db) {
            return find_read_positions(db.connection(), owner, peers);
        });
    }

private:
    CallScheduler& scheduler_;
};

class SqliteFront final : public Storage {
public:
    SqliteFront(std::shared_ptr<Engine> engine, Executor& home) : scheduler_(std::move(engine), home) {}

    AccountStore& accounts() override { return accounts_; }
    RosterStore& rosters() override { return rosters_; }
    MailboxStore& mailbox() override { return mailbox_; }
    KeyvalStore& keyval() override { return keyval_; }
    MessageStore& messages() override { return messages_; }
    ArchiveStore& archive() override { return archive_; }
    StreamStore& streams() override { return streams_; }
    RoomStore& rooms() override { return rooms_; }
    NodeStore& nodes() override { return nodes_; }
    InboxStore& inbox() override { return inbox_; }

private:
    CallScheduler scheduler_;
    SqliteAccounts accounts_ { scheduler_ };
    SqliteRosters rosters_ { scheduler_ };
    SqliteMailbox mailbox_ { scheduler_ };
    SqliteKeyval keyval_ { scheduler_ };
    SqliteMessages messages_ { scheduler_ };
    SqliteArchive archive_ { scheduler_ };
    SqliteStreams streams_ { scheduler_ };
    SqliteRooms rooms_ { scheduler_ };
    SqliteNodes nodes_ { scheduler_ };
    SqliteInbox inbox_ { scheduler_ };
};

class BackupCall final : public Job {
public:
    BackupCall(Engine& engine, Executor& home, std::string path, Stored<Done>::Promise promise)
        : Job(std::make_shared<Channel>(home)), engine_(engine), path_(std::move(path)),
          promise_(std::move(promise))
    {}

    void run(Database& database) override
    {
        result_ = Done();
        engine_.copy_to(database.connection(), path_);
    }
    void fail(StoreError error) override { result_ = error; }
    void deliver() override { promise_.fulfil(std::move(result_)); }

private:
    Engine& engine_;
    std::string path_;
    Stored<Done>::Promise promise_;
    Result<Done, StoreError> result_ = StoreError::unavailable;
};

class SqliteBackend final : public StorageBackend {
public:
    explicit SqliteBackend(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
    ~SqliteBackend() override { engine_->stop(); }

    std::unique_ptr<Storage> front(Executor& home) override
    {
        return std::make_unique<SqliteFront>(engine_, home);
    }

    Stored<Done> backup(Executor& home, std::string path) override
    {
        Stored<Done> pending;
        std::unique_ptr<Job> job = std::make_unique<BackupCall>(*engine_, home, std::move(path),
            pending.promise());
        if (engine_->has_failed() || !engine_->backups().submit(job)) {
            return Stored<Done>::ready(StoreError::unavailable);
        }
        return pending;
    }

    void stop() override { engine_->stop(); }
    Load load() const override { return engine_->load(); }

private:
    std::shared_ptr<Engine> engine_;
};

} // namespace

Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_backend(SqliteOptions options,
    std::size_t archive_segment, const Clock& clock, Log& log)
{
    auto engine = Engine::open(std::move(options), archive_segment, clock, log);
    if (!engine) {
        return engine.error();
    }
    std::unique_ptr<StorageBackend> backend = std::make_unique<SqliteBackend>(std::move(*engine));
    return backend;
}

} // namespace sqlite

Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_sqlite_storage(SqliteOptions options,
    const Clock& clock, Log& log)
{
    return sqlite::open_backend(std::move(options), sqlite::usual_archive_segment, clock, log);
}

} // namespace stonechat
