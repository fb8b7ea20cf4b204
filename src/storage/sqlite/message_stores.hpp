// SPDX-License-Identifier: Apache-2.0
// One shard's message stores on an SQLite database: they turn each call into a job. Live on the home thread
// of their Storage, like the CallScheduler.
#pragma once

#include "storage/sqlite/call_scheduler.hpp"

namespace stonechat::sqlite {

class SqliteMessages final : public MessageStore {
public:
    explicit SqliteMessages(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<MessageReceipt> accept(MessageToStore message) override;
    Stored<MessageReceipt> accept_both(MessageToStore received, MessageToStore sent) override;
    Stored<Done> end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how) override;

private:
    template <class Work> Stored<MessageReceipt> write_for(const std::vector<AccountKey>& owners, Work work);

    CallScheduler& scheduler_;
};

class SqliteArchive final : public ArchiveStore {
public:
    explicit SqliteArchive(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<ArchivePage>> page(const AccountKey& owner, ArchiveQuery query) override;
    Stored<ArchiveEnds> ends(const AccountKey& owner) override;
    Stored<bool> replace(const AccountKey& owner, MessageId id, std::string xml) override;
    Stored<std::optional<ArchivedMessage>> find(const AccountKey& owner, Jid peer, bool outgoing,
        std::string stanza_id) override;
    Stored<Done> remove(const AccountKey& owner, std::optional<Jid> peer) override;
    Stored<std::uint64_t> size(const AccountKey& owner) override;
    Stored<std::uint64_t> trim(const AccountKey& owner, std::uint64_t bytes) override;
    Stored<Done> set_retention(const AccountKey& owner, std::optional<Jid> peer,
        std::optional<Retention> retention) override;
    Stored<RetentionChoices> retention(const AccountKey& owner) override;
    Stored<std::size_t> expire(std::string host, Retention host_default, WallTime now,
        std::size_t limit) override;
    Stored<std::size_t> index(std::size_t limit) override;

private:
    CallScheduler& scheduler_;
};

class SqliteStreams final : public StreamStore {
public:
    explicit SqliteStreams(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::uint64_t> create(StreamRecord record) override;
    Stored<Done> note(std::vector<StreamNote> notes) override;
    Stored<std::optional<StreamBacklog>> find(const AccountKey& owner, std::string token) override;
    Stored<Done> renumber(const AccountKey& owner, std::uint64_t row, std::uint64_t received) override;
    Stored<Done> close_gap(const AccountKey& owner, std::uint64_t row, std::uint64_t sequence) override;
    Stored<Done> end(const AccountKey& owner, std::uint64_t row,
        std::vector<std::uint64_t> elsewhere) override;
    Stored<std::vector<StreamRecord>> expired(std::string host, WallTime now, std::size_t limit) override;

private:
    CallScheduler& scheduler_;
};

} // namespace stonechat::sqlite
