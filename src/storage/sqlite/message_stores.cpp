// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/message_stores.hpp"

#include "storage/sqlite/queries.hpp"

#include <algorithm>

namespace stonechat::sqlite {

namespace {

/// Adds the owners of a message: the recipient, as far as the store can tell, and the other side.
void add_owners_of(const MessageToStore& message, std::vector<AccountKey>& owners)
{
    if (message.mailbox) {
        owners.push_back(message.mailbox->owner);
    }
    for (const auto& entry : message.archives) {
        if (owners.empty() || owners.front() != entry.owner) {
            owners.push_back(entry.owner);
        }
    }
}

/// Runs a removal in steps. Each step is its own job, so that other calls run in between.
void remove_on(const std::shared_ptr<CallScheduler*>& scheduler, const AccountKey& owner,
    const std::optional<Jid>& peer, HistoryRemoval so_far, Stored<Done>::Promise promise)
{
    if (*scheduler == nullptr) {
        promise.fulfil(StoreError::unavailable);
        return;
    }
    (*scheduler)
        ->write(owner,
            [owner, peer, so_far](Database& db) { return remove_history(db, owner, peer, so_far); })
        .then([scheduler, owner, peer,
                  promise = std::move(promise)](const Result<HistoryRemoval, StoreError>& step) mutable {
            if (!step) {
                promise.fulfil(step.error());
            } else if (step->done) {
                promise.fulfil(Done());
            } else {
                remove_on(scheduler, owner, peer, *step, std::move(promise));
            }
        });
}

/// Removes messages above the limit, until none are left.
void trim_on(const std::shared_ptr<CallScheduler*>& scheduler, const AccountKey& owner, std::uint64_t bytes,
    Stored<std::uint64_t>::Promise promise)
{
    if (*scheduler == nullptr) {
        promise.fulfil(StoreError::unavailable);
        return;
    }
    (*scheduler)
        ->read_aside(owner, [owner, bytes](Database& db) { return find_archive_cut(db, owner, bytes); })
        .then([scheduler, owner, bytes,
                  promise = std::move(promise)](const Result<ArchiveCut, StoreError>& cut) mutable {
            if (!cut || !cut->below) {
                promise.fulfil(cut ? Result<std::uint64_t, StoreError>(std::min(cut->size, bytes))
                                   : cut.error());
                return;
            }
            HistoryRemoval removal;
            removal.below = *cut->below;
            Stored<Done> removing;
            remove_on(scheduler, owner, std::nullopt, removal, removing.promise());
            std::move(removing).then([scheduler, owner, bytes, promise = std::move(promise)](
                                         const Result<Done, StoreError>& removed) mutable {
                if (removed) {
                    trim_on(scheduler, owner, bytes, std::move(promise));
                } else {
                    promise.fulfil(removed.error());
                }
            });
        });
}

} // namespace

template <class Work>
Stored<MessageReceipt> SqliteMessages::write_for(const std::vector<AccountKey>& owners, Work work)
{
    switch (owners.size()) {
    case 0: return scheduler_.write_hosts(std::move(work));
    case 1: return scheduler_.write(owners[0], std::move(work));
    default: return scheduler_.write_both(owners[0], owners[1], std::move(work));
    }
}

Stored<MessageReceipt> SqliteMessages::accept(MessageToStore message)
{
    std::vector<AccountKey> owners;
    add_owners_of(message, owners);
    return write_for(owners, [message = std::move(message), now = scheduler_.now()](Database& db) {
        return accept_message(db, message, now);
    });
}

Stored<MessageReceipt> SqliteMessages::accept_both(MessageToStore received, MessageToStore sent)
{
    std::vector<AccountKey> owners;
    add_owners_of(received, owners);
    add_owners_of(sent, owners);
    auto work = [received = std::move(received), sent = std::move(sent),
                    now = scheduler_.now()](Database& db) {
        return sqlite::accept_both(db, received, sent, now);
    };
    return write_for(owners, std::move(work));
}

Stored<Done> SqliteMessages::end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how)
{
    return scheduler_.write(sender, [sender, stream, how, now = scheduler_.now()](Database& db) {
        if (const auto owner = db.find_owner(sender)) { // the account may have been removed
            db.sent_streams().end(*owner, stream, how, now);
        }
        return Done();
    });
}

Stored<std::optional<ArchivePage>> SqliteArchive::page(const AccountKey& owner, ArchiveQuery query)
{
    return scheduler_.read_aside(owner,
        [owner, query = std::move(query)](Database& db) { return read_archive(db, owner, query); });
}

Stored<ArchiveEnds> SqliteArchive::ends(const AccountKey& owner)
{
    return scheduler_.read_aside(owner, [owner](Database& db) { return archive_ends(db, owner); });
}

Stored<bool> SqliteArchive::replace(const AccountKey& owner, MessageId id, std::string xml)
{
    return scheduler_.write(owner,
        [owner, id, xml = std::move(xml)](Database& db) { return replace_message(db, owner, id, xml); });
}

Stored<std::optional<ArchivedMessage>> SqliteArchive::find(const AccountKey& owner, Jid peer, bool outgoing,
    std::string stanza_id)
{
    return scheduler_.read_aside(owner,
        [owner, peer = std::move(peer), outgoing, stanza_id = std::move(stanza_id)](Database& db) {
            return find_archived(db, owner, peer, outgoing, stanza_id);
        });
}

Stored<Done> SqliteArchive::remove(const AccountKey& owner, std::optional<Jid> peer)
{
    Stored<Done> pending;
    remove_on(scheduler_.alive(), owner, peer, HistoryRemoval(), pending.promise());
    return pending;
}

Stored<std::uint64_t> SqliteArchive::size(const AccountKey& owner)
{
    return scheduler_.read_aside(owner, [owner](Database& db) { return archive_size(db, owner); });
}

Stored<std::uint64_t> SqliteArchive::trim(const AccountKey& owner, std::uint64_t bytes)
{
    Stored<std::uint64_t> pending;
    trim_on(scheduler_.alive(), owner, bytes, pending.promise());
    return pending;
}

Stored<Done> SqliteArchive::set_retention(const AccountKey& owner, std::optional<Jid> peer,
    std::optional<Retention> retention)
{
    return scheduler_.write(owner, [owner, peer = std::move(peer), retention](Database& db) {
        return sqlite::set_retention(db, owner, peer, retention);
    });
}

Stored<ArchiveStore::RetentionChoices> SqliteArchive::retention(const AccountKey& owner)
{
    return scheduler_.read(owner,
        [owner](Database& db) { return retention_choices(db.connection(), owner); });
}

Stored<std::size_t> SqliteArchive::expire(std::string host, Retention host_default, WallTime now,
    std::size_t limit)
{
    return scheduler_.write_hosts([host = std::move(host), host_default, now, limit](Database& db) {
        return expire_messages(db, host, host_default, now, limit);
    });
}

Stored<std::size_t> SqliteArchive::index(std::size_t limit)
{
    return scheduler_.write_hosts([limit](Database& db) { return index_messages(db, limit); });
}

Stored<std::uint64_t> SqliteStreams::create(StreamRecord record)
{
    const auto owner = record.owner;
    return scheduler_.write(owner,
        [record = std::move(record)](Database& db) { return create_stream(db, record); });
}

Stored<Done> SqliteStreams::note(std::vector<StreamNote> notes)
{
    return scheduler_.write_hosts([notes = std::move(notes)](Database& db) {
        return note_streams(db, notes);
    });
}

Stored<std::optional<StreamBacklog>> SqliteStreams::find(const AccountKey& owner, std::string token)
{
    // Wait for all writes, not only for those of this account: unacked entries are written by calls of other
    // accounts, which do not name their owner.
    return scheduler_.read_hosts([owner, token = std::move(token)](Database& db) {
        return find_stream(db.connection(), owner, token);
    });
}

Stored<Done> SqliteStreams::renumber(const AccountKey& owner, std::uint64_t row, std::uint64_t received)
{
    return scheduler_.write(owner,
        [owner, row, received](Database& db) { return renumber_stream(db, owner, row, received); });
}

Stored<Done> SqliteStreams::close_gap(const AccountKey& owner, std::uint64_t row, std::uint64_t sequence)
{
    return scheduler_.write(owner,
        [owner, row, sequence](Database& db) { return close_stream_gap(db, owner, row, sequence); });
}

Stored<Done> SqliteStreams::end(const AccountKey& owner, std::uint64_t row,
    std::vector<std::uint64_t> elsewhere)
{
    return scheduler_.write(owner, [owner, row, elsewhere = std::move(elsewhere)](Database& db) {
        return end_stream_record(db, owner, row, elsewhere);
    });
}

Stored<std::vector<StreamRecord>> SqliteStreams::expired(std::string host, WallTime now, std::size_t limit)
{
    return scheduler_.read_hosts([host = std::move(host), now, limit](Database& db) {
        return expired_streams(db.connection(), host, now, limit);
    });
}

} // namespace stonechat::sqlite
