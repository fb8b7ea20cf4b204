// SPDX-License-Identifier: Apache-2.0
// MessageStore: commits a message with everything that must be safe before anybody may see it: the stanza,
// stored once; its entries in the archives of sender and recipient; its entries in the queues of resumable
// sessions; its row in the mailbox. All of this is one transaction. A message that was rewritten on its way
// (by a room) is stored as two messages: one for the sender, one for the recipient.
#pragma once

#include "storage/stored.hpp"
#include "xmpp/jid.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// The number of a stored message, and its id in every archive that has it. Grows in the order of commits and
/// is never reused, even if the clock goes back. It is close to the microseconds since 1970, so that it
/// reveals little about the server's load.
using MessageId = std::uint64_t;

/// How a session receives a message: as it is, or as a carbon copy (XEP-0280).
enum class CopyForm : std::uint8_t { itself, carbon_received, carbon_sent };

/// The place of a message in the queue of a resumable session (XEP-0198). Kept until the client acknowledges
/// it.
struct UnackedEntry {
    std::uint64_t stream = 0;   ///< StreamRecord::row
    std::uint64_t sequence = 0; ///< ordinal among the stanzas sent to the client, from 1; does not wrap
    CopyForm form = CopyForm::itself;
};

/// A message in the archive of one account (XEP-0313).
struct ArchiveEntry {
    AccountKey owner;
    Jid peer; ///< the other side; a full JID if the stanza had one
    bool outgoing = false;
};

/// A message that arrives within this time after the first one may count as its repetition.
inline constexpr std::chrono::hours repeated_within { 24 };
/// Number of streams remembered per sender, the newest ones. Only their messages can be recognised as
/// repeated.
inline constexpr std::size_t sent_streams_remembered = 16;

/// The origin of a message with an `<origin-id/>` (XEP-0359). The client may send such a message again if it
/// cannot know whether the first one is safe. A message counts as a repetition if the sender's archive has an
/// outgoing message with the same `key` that arrived within `repeated_within` on an earlier stream of the
/// same sender, and that stream was not closed in good order (or was left open by an earlier run of the
/// server).
struct Origin {
    AccountKey sender;
    std::uint64_t stream = 0; ///< the stream on which the message arrived; a random number
    std::uint64_t key = 0;    ///< a keyed hash of addressee, origin-id and payload
    /// The sender was told that the earlier message failed, so this one is not a repetition.
    bool is_new_attempt = false;
};

/// How a client's stream ended.
enum class StreamEnd : std::uint8_t { in_good_order, broken };

/// The mailbox row of a message whose recipient cannot take it now (XEP-0160).
struct MailboxEntry {
    AccountKey owner;
    std::string sender; ///< bare address, for the sender's share
    MailboxLimits limits;
};

/// A message to be stored once for all owners who are shown this same stanza.
struct MessageToStore {
    WallTime stamp;
    std::string xml;         ///< the stanza, without <delay/> and without a stanza-id of this server
    bool searchable = false; ///< its owners may search its <body/>; never set for ciphertext
    std::vector<ArchiveEntry> archives; ///< none, or one for each side
    std::vector<UnackedEntry> unacked_entries;
    std::optional<MailboxEntry> mailbox;
    std::optional<Origin> origin;
};

struct MessageReceipt {
    MessageId id = 0;
    MessageId sent_id = 0; ///< id of the sender's form; equals `id` unless two forms were stored
    /// If the mailbox refused the message, nothing was stored.
    MailboxAnswer mailbox = MailboxAnswer::stored;
    /// The message repeats the message `id`; nothing was stored.
    bool is_repeated = false;
};

class MessageStore {
public:
    virtual ~MessageStore() = default;

    /// Stores `message`. On `full` or `unavailable` nothing was stored, and nobody may be given the message.
    /// An unacked entry for a session that has ended is ignored.
    virtual Stored<MessageReceipt> accept(MessageToStore message) = 0;
    /// Stores the two forms of a message that was rewritten on its way: `received` for its recipient, `sent`
    /// for its sender, which has no mailbox entry.
    virtual Stored<MessageReceipt> accept_both(MessageToStore received, MessageToStore sent) = 0;
    /// Records that the stream of an Origin ended.
    virtual Stored<Done> end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how) = 0;
};

} // namespace stonechat
