// SPDX-License-Identifier: Apache-2.0
// Storage: what lasts. Everything the server must find again after kill -9 goes through here, and
// nothing here blocks: each call returns at once with a Pending that is answered on the caller's
// home thread. A write is answered only when its transaction is committed and synced, so "it was
// answered" means "it is safe".
//
// A StorageBackend is one open database; each shard has a Storage of its own on it (made by
// `front`), used on that shard's thread only. Calls made by one Storage for one account take effect
// in the order in which they were made, and so do all its writes. Nothing needs an account: anything
// may be kept for any name. Text is UTF-8; addresses arrive prepared (xmpp/jid.hpp).
#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "storage/archive_store.hpp"
#include "storage/message_store.hpp"
#include "storage/room_store.hpp"
#include "storage/stored.hpp"
#include "storage/stream_store.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/scram_verifier.hpp"

#include <chrono>
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
        bool more = false; ///< there are more than were counted
    };
    std::size_t contacts = 0;
    Messages archive;
    Messages mailbox;
    std::vector<std::pair<std::string, std::uint64_t>>
        stores; ///< bytes by store of KeyvalStore, in order of name
};

/// What is remembered of a name after its account was removed: not the name, but a number made of it.
struct FormerName {
    std::uint64_t name = 0;
    WallTime removed;          ///< the last time
    std::uint32_t holders = 0; ///< how many accounts have had it
};

class AccountStore {
public:
    virtual ~AccountStore() = default;

    virtual Stored<std::optional<Account>> find(const AccountKey& key) = 0;
    /// False if the account exists already (it is left alone). A new account owns nothing: what was
    /// kept under its name goes. Of two verifiers for one hash the last is kept.
    virtual Stored<bool> create(const AccountKey& key, std::vector<ScramVerifier> verifiers) = 0;
    /// Replaces all verifiers. False if there is no such account.
    virtual Stored<bool> set_verifiers(const AccountKey& key, std::vector<ScramVerifier> verifiers) = 0;
    virtual Stored<bool> set_enabled(const AccountKey& key, bool enabled) = 0;
    /// The first step of a removal that takes several: nobody can log in any more (it is disabled and has
    /// no verifiers), and `removals` names it until `remove` has been done. False if there is no account.
    virtual Stored<bool> begin_removal(const AccountKey& key) = 0;
    /// Removes the account and everything kept for it in every store, in one transaction, and what rooms
    /// keep of it, but for bans. `former_name` is remembered; 0: nothing is. (Of a long archive, it is the
    /// way there that goes; the rest follows with ArchiveStore::expire.)
    virtual Stored<bool> remove(const AccountKey& key, std::uint64_t former_name) = 0;
    Stored<bool> remove(const AccountKey& key) { return remove(key, 0); }
    /// Accounts whose removal has begun and is not done.
    virtual Stored<std::vector<AccountKey>> removals() = 0;
    virtual Stored<std::vector<FormerName>> former_names() = 0;
    /// Accounts of a host in order of name, those behind `after`, `limit` at most; verifiers are left out.
    virtual Stored<std::vector<Account>> list(std::string host, std::string after, std::size_t limit) = 0;
    virtual Stored<std::size_t> count(std::string host) = 0;
    /// For people who ask; counts 100,000 messages at most.
    virtual Stored<Holdings> holdings(const AccountKey& key) = 0;
};

enum class SubscriptionState : std::uint8_t { none, to, from, both };

/// A contact as it is kept: the item that clients see (RFC 6121 §2.1.2) and the sub-states that they
/// do not (RFC 6121 §3, Appendix A).
struct RosterRecord {
    Jid contact; ///< bare
    std::string name;
    std::vector<std::string> groups;
    SubscriptionState subscription = SubscriptionState::none;
    bool pending_out = false;              ///< ask='subscribe'
    bool approved = false;                 ///< pre-approval, §3.4
    bool in_roster = true;                 ///< false: only a request from a stranger is kept here
    std::optional<std::string> pending_in; ///< the subscription request as XML, until it is answered (§3.1.3)

    friend bool operator==(const RosterRecord&, const RosterRecord&) = default;
};

struct RosterData {
    std::uint64_t version = 0; ///< counts up with each change that clients see
    std::vector<RosterRecord> items;
};

class RosterStore {
public:
    virtual ~RosterStore() = default;

    virtual Stored<RosterData> load(const AccountKey& key) = 0;
    /// Writes the record of `record.contact`, new or changed, and the roster's version with it.
    virtual Stored<Done> put(const AccountKey& key, RosterRecord record, std::uint64_t version) = 0;
    virtual Stored<Done> remove(const AccountKey& key, Jid contact, std::uint64_t version) = 0;
    /// Whose rosters have a record of `contact`, on any host.
    virtual Stored<std::vector<AccountKey>> holders(Jid contact) = 0;
};

/// A message that waits for its recipient.
struct MailboxMessage {
    std::uint64_t row = 0; ///< order of arrival, never twice in one mailbox; the store gives it
    std::string sender;    ///< bare address, for the sender's share
    WallTime stamp;
    std::string xml;                   ///< the stanza as the recipient is to get it, without <delay/>
    std::optional<MessageId> archived; ///< its id in the owner's archive, if it is there
};

/// Mail, and the place that it gets in what a resumable session is sent (XEP-0198).
struct HandOver {
    std::uint64_t row = 0;
    UnackedEntry entry;
};

/// Offline messages (XEP-0160), kept until the client has acknowledged them. They get in by
/// MessageStore::accept, at the end; old mail is never displaced by new.
class MailboxStore {
public:
    virtual ~MailboxStore() = default;

    /// The oldest messages behind row `after`, `limit` at most.
    virtual Stored<std::vector<MailboxMessage>> read(const AccountKey& key, std::uint64_t after,
        std::size_t limit) = 0;
    /// Removes these rows: the client has them.
    virtual Stored<Done> remove(const AccountKey& key, std::vector<std::uint64_t> rows) = 0;
    /// Moves mail into the queues of resumable sessions, where it is kept until acknowledged; when such a
    /// session ends it comes back to its old row (StreamStore::end). The rows that were moved: not one that
    /// is gone, nor one for a session that has ended, which stays.
    virtual Stored<std::vector<std::uint64_t>> hand_over(const AccountKey& key,
        std::vector<HandOver> mail) = 0;
    /// Removes what is in the owner's archive, as new as `up_to` at most, and nothing else: the client has
    /// read it there.
    virtual Stored<Done> remove_archived(const AccountKey& key, MessageId up_to) = 0;
    virtual Stored<std::size_t> count(const AccountKey& key) = 0;
};

/// Values of small features: per account, store (the feature's name) and key. A feature with one
/// value uses one key; a map uses many and `load`s them together.
class KeyvalStore {
public:
    virtual ~KeyvalStore() = default;

    virtual Stored<std::optional<std::string>> get(const AccountKey& key, std::string store,
        std::string name) = 0;
    virtual Stored<Done> set(const AccountKey& key, std::string store, std::string name,
        std::string value) = 0;
    virtual Stored<Done> erase(const AccountKey& key, std::string store, std::string name) = 0;

    using Entries = std::vector<std::pair<std::string, std::string>>;
    /// All of one store, in order of name.
    virtual Stored<Entries> load(const AccountKey& key, std::string store) = 0;
    /// Several changes at once, all or none: a value to set it, nothing to erase it.
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
};

class StorageBackend {
public:
    virtual ~StorageBackend() = default;

    /// A Storage whose answers are posted to `home`, which must outlive it. Its destructor waits until
    /// everything under way was posted.
    virtual std::unique_ptr<Storage> front(Executor& home) = 0;

    /// A consistent copy of everything into the file `path` (which must not exist), while the server
    /// works on; answered on `home`, which must outlive this backend. Contains all that was answered
    /// before the call. `unavailable` if the file exists or cannot be written (the log says why).
    virtual Stored<Done> backup(Executor& home, std::string path) = 0;

    /// Finishes what is queued, answers it, stops the threads. Calls made later are answered with
    /// `unavailable`.
    virtual void stop() = 0;

    struct Load {
        std::size_t queued_writes = 0;
        std::size_t queued_reads = 0;
        std::uint64_t commits = 0;
        std::uint64_t rows_written = 0;
        bool is_full = false; ///< the last write found no space; the next one that does ends it
    };
    /// For `status` and metrics; any thread.
    virtual Load load() const = 0;
};

/// A backend that keeps everything in memory: for tests, and to show what the interface promises.
std::unique_ptr<StorageBackend> make_memory_storage(const Clock& clock);

struct SqliteOptions {
    std::string path;            ///< the database file; created if it does not exist
    unsigned readers = 2;        ///< threads for reads
    std::size_t queue = 65536;   ///< writes, and reads, waiting at most; more are answered with `unavailable`
    std::uint64_t max_bytes = 0; ///< the file may grow to this; more is answered with `full`. 0 = no limit
    /// Without work for so long, a thread gives back the pages of the file that it has in memory.
    std::chrono::milliseconds rest = std::chrono::seconds(30);
    /// A write or fsync failed with an I/O error: nothing that was not answered is safe, all calls are
    /// `unavailable` from now on, the server must stop. Called once, on a thread of the database; it
    /// must not call `stop` there.
    Function<void(std::string)> on_fatal;
};

/// Why a database cannot be opened: a sentence that names the file and what to do.
struct StorageOpenError {
    std::string message;
};

/// Opens (or makes) the database, after migrating it forward; refuses a damaged, empty-but-present,
/// foreign or newer one.
Result<std::unique_ptr<StorageBackend>, StorageOpenError> open_sqlite_storage(SqliteOptions options,
    const Clock& clock, Log& log);

/// Which of `keys` have no account in the database `path`, which a server may be using; nothing is written. A
/// file that is not there has none.
Result<std::vector<AccountKey>, StorageOpenError> keys_without_account(const std::string& path,
    std::vector<AccountKey> keys);

} // namespace stonechat
