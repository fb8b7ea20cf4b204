// SPDX-License-Identifier: Apache-2.0
// The data of the memory backend, and its stores for messages. Every call takes effect at once, under one
// lock. Its answer is posted home, like that of the disk backend.
#pragma once

#include "storage/mailbox_counts.hpp"
#include "storage/storage.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <tuple>

namespace stonechat::memory {

struct ByName {
    bool operator()(const AccountKey& a, const AccountKey& b) const
    {
        return std::tie(a.host, a.user) < std::tie(b.host, b.user);
    }
};

/// A message, stored once for all owners. It lives as long as anything refers to it.
struct KeptMessage {
    MessageId id = 0;
    WallTime stamp;
    std::string xml;
    bool searchable = false;
    bool indexed = false;
};
using SharedMessage = std::shared_ptr<KeptMessage>;

struct KeptEntry {
    SharedMessage message;
    Jid peer;
    bool outgoing = false;
    std::optional<Origin> origin; ///< only of an outgoing message
};

struct KeptMail {
    std::uint64_t row = 0;
    std::string sender;
    std::size_t size = 0; ///< as counted when it was added; does not change if the message is replaced
    SharedMessage message;
};

struct KeptUnackedEntry {
    CopyForm form = CopyForm::itself;
    SharedMessage message;
    std::uint64_t mail = 0; ///< the row that it had in the mailbox; 0 = it was not there
};

struct KeptStream {
    StreamRecord record;
    std::map<std::uint64_t, KeptUnackedEntry> unacked_entries; ///< by sequence
};

struct Mailbox {
    std::deque<KeptMail> messages;
    MailboxCounts counts;
    std::uint64_t last_row = 0;
};

struct KeptRoom {
    RoomRecord record; ///< without members and progress
    std::map<std::string, RoomMember> members;
    std::map<std::string, RoomProgress> progress;
};

struct KeptItem {
    NodeItem item;
    std::uint64_t first = 0; ///< place in the order of first publication
};

struct KeptNode {
    NodeRecord record; ///< without affiliates and subscribers
    std::map<Jid, NodeAffiliation> affiliates;
    std::map<Jid, NodeSubscriber> subscribers;
    std::map<std::uint64_t, KeptItem> items;     ///< in the order of modification
    std::map<std::string, std::uint64_t> places; ///< of the items in that order, by id
    std::uint64_t sequence = 0;                  ///< place of the last publication
};

/// A stream of a sender (Origin).
struct KeptSentStream {
    std::uint64_t number = 0;
    std::optional<StreamEnd> end; ///< none while it is open
};

/// Everything kept under one name.
struct Belongings {
    std::optional<Account> account;
    bool is_being_removed = false; ///< the account is being removed
    std::optional<KeptRoom> room;
    std::map<std::string, KeptNode> nodes;
    std::uint64_t roster_version = 0;
    std::map<Jid, RosterRecord> roster;
    Mailbox mailbox;
    std::map<std::string, std::map<std::string, std::string>> keyval;
    std::map<MessageId, KeptEntry> archive;
    std::optional<Retention> retention;
    std::map<Jid, Retention> conversation_retention;
    std::map<Jid, MessageId> read_positions; ///< by bare address
    std::deque<KeptSentStream> sent_streams; ///< oldest first
};

struct Everything {
    std::map<AccountKey, Belongings, ByName> owners;
    std::map<std::uint64_t, KeptStream> streams;
    std::uint64_t last_stream = 0;
    MessageId last_message = 0;
    std::uint64_t last_item = 0; ///< number of first publications of items
    std::deque<std::weak_ptr<KeptMessage>> unindexed;
    std::map<std::uint64_t, FormerName> former_names;

    Belongings& owner(const AccountKey& key) { return owners[key]; }
    const Belongings* find(const AccountKey& key) const
    {
        const auto found = owners.find(key);
        return found == owners.end() ? nullptr : &found->second;
    }
    Belongings* find(const AccountKey& key)
    {
        const auto found = owners.find(key);
        return found == owners.end() ? nullptr : &found->second;
    }
    void remove_owner(const AccountKey& key)
    {
        owners.erase(key);
        std::erase_if(streams, [&key](const auto& stream) { return stream.second.record.owner == key; });
    }
};

/// The data shared by all fronts.
class Contents {
public:
    explicit Contents(const Clock& clock) : clock_(clock) {}

    const Clock& clock() const { return clock_; }

    template <class F> auto with(F f) -> Result<decltype(f(std::declval<Everything&>())), StoreError>
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            return StoreError::unavailable;
        }
        return f(everything_);
    }

    void count_write()
    {
        const std::lock_guard lock(mutex_);
        ++load_.commits;
        ++load_.rows_written;
    }

    void stop()
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }

    StorageBackend::Load load() const
    {
        const std::lock_guard lock(mutex_);
        return load_;
    }

private:
    const Clock& clock_;
    mutable std::mutex mutex_;
    Everything everything_;
    StorageBackend::Load load_;
    bool stopped_ = false;
};

/// Runs each call at once and posts the answer home.
class CallScheduler {
public:
    CallScheduler(std::shared_ptr<Contents> contents, Executor& home)
        : contents_(std::move(contents)), home_(home)
    {}

    template <class F> auto ask(F f)
    {
        auto answer = contents_->with(std::move(f));
        Pending<decltype(answer)> pending;
        home_.post([promise = pending.promise(), answer = std::move(answer)]() mutable {
            promise.fulfil(std::move(answer));
        });
        return pending;
    }

    template <class F> auto change(F f)
    {
        contents_->count_write();
        return ask(std::move(f));
    }

    WallTime now() const { return contents_->clock().wall(); }

private:
    std::shared_ptr<Contents> contents_;
    Executor& home_;
};

class MemoryMessages final : public MessageStore {
public:
    explicit MemoryMessages(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<MessageReceipt> accept(MessageToStore message) override;
    Stored<MessageReceipt> accept_both(MessageToStore received, MessageToStore sent) override;
    Stored<Done> end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how) override;

private:
    CallScheduler& scheduler_;
};

class MemoryMailbox final : public MailboxStore {
public:
    explicit MemoryMailbox(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::vector<MailboxMessage>> read(const AccountKey& key, std::uint64_t after,
        std::size_t limit) override;
    Stored<Done> remove(const AccountKey& key, std::vector<std::uint64_t> rows) override;
    Stored<std::vector<std::uint64_t>> hand_over(const AccountKey& key, std::vector<HandOver> mail) override;
    Stored<Done> remove_archived(const AccountKey& key, MessageId up_to) override;
    Stored<std::size_t> count(const AccountKey& key) override;

private:
    CallScheduler& scheduler_;
};

class MemoryArchive final : public ArchiveStore {
public:
    explicit MemoryArchive(CallScheduler& scheduler) : scheduler_(scheduler) {}

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

class MemoryStreams final : public StreamStore {
public:
    explicit MemoryStreams(CallScheduler& scheduler) : scheduler_(scheduler) {}

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

class MemoryRooms final : public RoomStore {
public:
    explicit MemoryRooms(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<RoomRecord>> load(const AccountKey& room) override;
    Stored<bool> create(const AccountKey& room, RoomRecord record) override;
    Stored<bool> change(const AccountKey& room, Change change) override;
    Stored<bool> remove(const AccountKey& room) override;
    Stored<std::vector<RoomSummary>> list(std::string host, std::string after, std::size_t limit,
        bool listed_only) override;
    Stored<std::size_t> count(std::string host, bool listed_only) override;
    Stored<std::size_t> count_owned(std::string host, Jid member) override;
    Stored<std::vector<std::string>> knowing(std::string host, Jid user, std::string store,
        std::string name) override;

private:
    CallScheduler& scheduler_;
};

class MemoryNodes final : public NodeStore {
public:
    explicit MemoryNodes(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::optional<NodeRecord>> find(const AccountKey& service, std::string node) override;
    Stored<std::vector<NodeSummary>> list(const AccountKey& service, std::string after,
        std::size_t limit) override;
    Stored<Creation> create(const AccountKey& service, NodeRecord record, NodeLimits limits) override;
    Stored<std::optional<std::vector<std::string>>> change(const AccountKey& service, std::string node,
        Change change) override;
    Stored<bool> remove(const AccountKey& service, std::string node) override;
    Stored<Published> publish(const AccountKey& service, Publication publication) override;
    Stored<std::optional<std::vector<std::string>>> retract(const AccountKey& service, std::string node,
        std::vector<std::string> ids) override;
    Stored<bool> purge(const AccountKey& service, std::string node) override;
    Stored<ItemPage> items(const AccountKey& service, std::string node, ItemQuery query) override;
    Stored<std::optional<ArchivedItems>> archive(const AccountKey& service, std::string node,
        ArchiveQuery query) override;
    Stored<std::vector<Involvement>> involving(const AccountKey& service, Jid user) override;
    Stored<std::vector<std::string>> pending(const AccountKey& service, Jid owner,
        std::size_t limit) override;
    Stored<Done> forget(Jid user) override;
    Stored<std::vector<LastItem>> last_items(LastItemsQuery query) override;
    Stored<std::vector<Expired>> expire(WallTime now, std::size_t limit) override;

private:
    CallScheduler& scheduler_;
};

class MemoryInbox final : public InboxStore {
public:
    explicit MemoryInbox(CallScheduler& scheduler) : scheduler_(scheduler) {}

    Stored<std::vector<Conversation>> conversations(const AccountKey& owner) override;
    Stored<std::vector<std::optional<ArchivedMessage>>> newest(const AccountKey& owner,
        std::vector<Jid> peers) override;
    Stored<Done> set_read(const AccountKey& owner, std::vector<ReadPosition> positions) override;
    Stored<std::vector<ReadPosition>> read_positions(const AccountKey& owner,
        std::vector<Jid> peers) override;

private:
    CallScheduler& scheduler_;
};

std::uint64_t bytes_in_nodes(const Belongings& owner);

/// Removes what nodes keep of an address.
void forget_in_nodes(Everything& all, const Jid& user);

/// Removes what rooms keep of an account, except bans.
void forget_in_rooms(Everything& all, const AccountKey& user);

/// Puts a message at the end of a mailbox, or back to the `row` that it had. Ignores the mailbox limits.
void put_into_mailbox(Mailbox& mailbox, std::string sender, SharedMessage message, std::uint64_t row = 0);

} // namespace stonechat::memory
