// SPDX-License-Identifier: Apache-2.0
// Storage: the durable data of the server. Everything that must survive kill -9 goes through this interface.
// No call blocks: each returns at once with a Pending, which is answered on the caller's home thread. A write
// is answered only after its transaction is committed and synced, so an answered write is safe.
//
// A StorageBackend is one open database. Each shard has its own Storage on the backend (made by `front`),
// used on that shard's thread only. Calls made through one Storage for one account take effect in the order
// in which they were made, and so do all writes of that Storage. No store requires an account: data may be
// kept under any name. Text is UTF-8; addresses are prepared by the caller (xmpp/jid.hpp). The contract in
// full: docs/storage.md. The backends: sqlite_storage.hpp, memory_storage.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "storage/archive_store.hpp"
#include "storage/inbox_store.hpp"
#include "storage/message_store.hpp"
#include "storage/node_store.hpp"
#include "storage/room_store.hpp"
#include "storage/stored.hpp"
#include "storage/stream_store.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/scram_verifier.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

struct Account {
    std::string user;
    bool enabled = true;
    WallTime created;
    std::vector<ScramVerifier> verifiers; ///< at most one per hash
};

/// How much is kept for one account.
struct Holdings {
    struct Messages {
        std::size_t count = 0;
        std::uint64_t bytes = 0;
        bool more = false; ///< counting stopped at the limit; there are more
    };
    std::size_t contacts = 0;
    Messages archive;
    Messages mailbox;
    std::vector<std::pair<std::string, std::uint64_t>>
        stores; ///< bytes per store of KeyvalStore, and of the items in `nodes`; sorted by name
};

/// What is remembered of the name of a removed account: a number computed from the name, not the name itself.
struct FormerName {
    std::uint64_t name = 0;
    WallTime removed;          ///< when the last account of this name was removed
    std::uint32_t holders = 0; ///< how many accounts had this name
};

class AccountStore {
public:
    virtual ~AccountStore() = default;

    virtual Stored<std::optional<Account>> find(const AccountKey& key) = 0;
    /// Returns false, and changes nothing, if the account exists already. Data left under the name of a new
    /// account is deleted. Of two verifiers for one hash the last is kept.
    virtual Stored<bool> create(const AccountKey& key, std::vector<ScramVerifier> verifiers) = 0;
    /// Replaces all verifiers. Returns false if there is no such account.
    virtual Stored<bool> set_verifiers(const AccountKey& key, std::vector<ScramVerifier> verifiers) = 0;
    virtual Stored<bool> set_enabled(const AccountKey& key, bool enabled) = 0;
    /// First step of a removal: disables the account and deletes its verifiers, so that nobody can log in.
    /// `removals` lists the account until `remove` is done. Returns false if there is no account.
    virtual Stored<bool> begin_removal(const AccountKey& key) = 0;
    /// Removes the account, its data in every store, what rooms keep of it except bans, and what nodes keep
    /// of it (NodeStore::forget), in one transaction. Remembers `former_name`; 0: remembers nothing. (Of a
    /// long archive only the references are removed at once; ArchiveStore::expire removes the rest.)
    virtual Stored<bool> remove(const AccountKey& key, std::uint64_t former_name) = 0;
    Stored<bool> remove(const AccountKey& key) { return remove(key, 0); }
    /// Returns the accounts whose removal has begun but is not finished.
    virtual Stored<std::vector<AccountKey>> removals() = 0;
    virtual Stored<std::vector<FormerName>> former_names() = 0;
    /// Returns accounts of a host sorted by name, starting after `after`, `limit` at most. Verifiers are left
    /// out.
    virtual Stored<std::vector<Account>> list(std::string host, std::string after, std::size_t limit) = 0;
    virtual Stored<std::size_t> count(std::string host) = 0;
    /// For display to people. Counts 100,000 messages at most.
    virtual Stored<Holdings> holdings(const AccountKey& key) = 0;
};

enum class SubscriptionState : std::uint8_t { none, to, from, both };

/// A stored contact: the item that clients see (RFC 6121 §2.1.2) and the sub-states that they do not see (RFC
/// 6121 §3, Appendix A).
struct RosterRecord {
    Jid contact; ///< bare
    std::string name;
    std::vector<std::string> groups;
    SubscriptionState subscription = SubscriptionState::none;
    bool pending_out = false; ///< ask='subscribe'
    bool approved = false;    ///< pre-approval, §3.4
    bool in_roster = true;    ///< false: the record holds only a subscription request from a stranger
    std::optional<std::string> pending_in; ///< unanswered subscription request, as XML (§3.1.3)

    friend bool operator==(const RosterRecord&, const RosterRecord&) = default;
};

struct RosterData {
    std::uint64_t version = 0; ///< grows with each change that clients see
    std::vector<RosterRecord> items;
};

class RosterStore {
public:
    virtual ~RosterStore() = default;

    virtual Stored<RosterData> load(const AccountKey& key) = 0;
    /// Writes the record of `record.contact`, new or changed, together with the roster's version.
    virtual Stored<Done> put(const AccountKey& key, RosterRecord record, std::uint64_t version) = 0;
    virtual Stored<Done> remove(const AccountKey& key, Jid contact, std::uint64_t version) = 0;
    /// Returns the accounts, of any host, whose rosters have a record of `contact`.
    virtual Stored<std::vector<AccountKey>> holders(Jid contact) = 0;
};

/// A message that is kept until its recipient can take it.
struct MailboxMessage {
    std::uint64_t row = 0; ///< given by the store in order of arrival; never reused in one mailbox
    std::string sender;    ///< bare address; counts against the sender's share
    WallTime stamp;
    std::string xml;                   ///< the stanza as the recipient receives it, without <delay/>
    std::optional<MessageId> archived; ///< its id in the owner's archive, if it is archived
};

/// A row of the mailbox, and its new place in the queue of a resumable session (XEP-0198).
struct HandOver {
    std::uint64_t row = 0;
    UnackedEntry entry;
};

/// Offline messages (XEP-0160), kept until the client has acknowledged them. MessageStore::accept adds them
/// at the end. New mail never displaces old mail.
class MailboxStore {
public:
    virtual ~MailboxStore() = default;

    /// Returns the oldest messages after row `after`, `limit` at most.
    virtual Stored<std::vector<MailboxMessage>> read(const AccountKey& key, std::uint64_t after,
        std::size_t limit) = 0;
    /// Removes rows that the client has received.
    virtual Stored<Done> remove(const AccountKey& key, std::vector<std::uint64_t> rows) = 0;
    /// Moves mail into the queues of resumable sessions, where it is kept until acknowledged. When such a
    /// session ends, the mail returns to its old row (StreamStore::end). Returns the rows that were moved.
    /// Rows that no longer exist are skipped; mail for a session that has ended stays in the mailbox.
    virtual Stored<std::vector<std::uint64_t>> hand_over(const AccountKey& key,
        std::vector<HandOver> mail) = 0;
    /// Removes the mail that is also in the owner's archive with an id up to `up_to`: the client has read it
    /// there. Other mail stays.
    virtual Stored<Done> remove_archived(const AccountKey& key, MessageId up_to) = 0;
    virtual Stored<std::size_t> count(const AccountKey& key) = 0;
};

/// Values of small features, by account, store (the feature's name) and key. A feature with one value uses
/// one key; a feature with a map uses many keys and `load`s them together.
class KeyvalStore {
public:
    virtual ~KeyvalStore() = default;

    virtual Stored<std::optional<std::string>> get(const AccountKey& key, std::string store,
        std::string name) = 0;
    virtual Stored<Done> set(const AccountKey& key, std::string store, std::string name,
        std::string value) = 0;
    virtual Stored<Done> erase(const AccountKey& key, std::string store, std::string name) = 0;

    using Entries = std::vector<std::pair<std::string, std::string>>;
    /// Returns all values of one store, sorted by name.
    virtual Stored<Entries> load(const AccountKey& key, std::string store) = 0;
    /// Makes several changes, all or none. An entry with a value sets the key, one without a value erases it.
    using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;
    virtual Stored<Done> apply(const AccountKey& key, std::string store, Changes changes) = 0;
};

class Storage {
public:
    virtual ~Storage() = default;

    virtual AccountStore& accounts() = 0;
    virtual RosterStore& rosters() = 0;
    virtual MailboxStore& mailbox() = 0;
    virtual KeyvalStore& keyval() = 0;
    virtual MessageStore& messages() = 0;
    virtual ArchiveStore& archive() = 0;
    virtual StreamStore& streams() = 0;
    virtual RoomStore& rooms() = 0;
    virtual NodeStore& nodes() = 0;
    virtual InboxStore& inbox() = 0;
};

class StorageBackend {
public:
    virtual ~StorageBackend() = default;

    /// Makes a Storage that posts its answers to `home`, which must outlive it. Its destructor waits until
    /// all answers under way have been posted.
    virtual std::unique_ptr<Storage> front(Executor& home) = 0;

    /// Writes a consistent copy of the data to `path`, where nothing may exist, while the server keeps
    /// working. Answers on `home`, which must outlive this backend. The copy contains every write that was
    /// answered before the call. `unavailable` if something is there or it cannot be written (the log says
    /// why), or if this backend makes no copies: its administrator uses the tools of the database.
    virtual Stored<Done> backup(Executor& home, std::string path) = 0;

    /// Finishes and answers the queued calls, then stops the threads. Later calls are answered with
    /// `unavailable`.
    virtual void stop() = 0;

    struct Load {
        std::size_t queued_writes = 0;
        std::size_t queued_reads = 0;
        std::uint64_t commits = 0;
        std::uint64_t rows_written = 0;
        bool is_full = false; ///< the last write found no space; cleared by the next write that finds space
    };
    /// Returns the load for `status` and metrics. Any thread.
    virtual Load load() const = 0;
};

} // namespace stonechat
