// SPDX-License-Identifier: Apache-2.0
// MessageStore: takes a message with everything that has to be safe before anybody may see it: the
// stanza once, its place in the archives of sender and recipient, its place in the queues of
// sessions that can be resumed, its row in the mailbox. All of it in one transaction, or nothing.
// What somebody has rewritten on its way (a room) is two messages: each side's owner has his own.
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

/// The number of a stored message and its id in every archive that has it. Grows in the order of
/// commits and never comes back, whatever the clock does; close to the microseconds since 1970, so it
/// says little about how busy the server is.
using MessageId = std::uint64_t;

/// How a session got a message: as it is, or as a carbon copy (XEP-0280).
enum class CopyForm : std::uint8_t { itself, carbon_received, carbon_sent };

/// The place of a message in what a resumable session is sent (XEP-0198): kept until acknowledged.
struct UnackedEntry {
    std::uint64_t stream = 0;   ///< StreamRecord::row
    std::uint64_t sequence = 0; ///< the how-manyth stanza to that client, from 1; does not wrap
    CopyForm form = CopyForm::itself;
};

/// A message in the archive of one account (XEP-0313).
struct ArchiveEntry {
    AccountKey owner;
    Jid peer; ///< the other side, full if the stanza said so
    bool outgoing = false;
};

/// So long after the first one a message counts as its repetition.
inline constexpr std::chrono::hours repeated_within { 24 };
/// Of so many streams of one sender, the newest, messages can be repeated.
inline constexpr std::size_t sent_streams_remembered = 16;

/// Where a message comes from that its client may send once more because it cannot know whether the first
/// one is safe: one with an `<origin-id/>` (XEP-0359). It is a repetition if the archive that it goes into as
/// an outgoing one has a message with the same `key` that came within that time on an earlier stream of the
/// same sender which was not closed in good order (or which an earlier server has left open).
struct Origin {
    AccountKey sender;
    std::uint64_t stream = 0; ///< on which it came; a random number for each
    std::uint64_t key = 0;    ///< a keyed hash of addressee, origin-id and payload
    /// Its sender was told that an earlier one has failed: this one is no repetition.
    bool is_new_attempt = false;
};

/// How a client's stream has ended.
enum class StreamEnd : std::uint8_t { in_good_order, broken };

/// A message for somebody who cannot take it now (XEP-0160).
struct MailboxEntry {
    AccountKey owner;
    std::string sender; ///< bare address, for the sender's share
    MailboxLimits limits;
};

/// For all who have it in the same words: whoever is in here is shown this stanza.
struct MessageToStore {
    WallTime stamp;
    std::string xml;         ///< the stanza, without <delay/> and without a stanza-id of ours
    bool searchable = false; ///< its <body/> is text that its owners may search; never for ciphertext
    std::vector<ArchiveEntry> archives; ///< none, or one for each side
    std::vector<UnackedEntry> unacked_entries;
    std::optional<MailboxEntry> mailbox;
    std::optional<Origin> origin;
};

struct MessageReceipt {
    MessageId id = 0;
    MessageId sent_id = 0; ///< of the sender's form; the same, unless there are two
    /// If the mailbox refused it, nothing at all was stored.
    MailboxAnswer mailbox = MailboxAnswer::stored;
    /// It is a repetition of the message `id`, and nothing was stored.
    bool is_repeated = false;
};

class MessageStore {
public:
    virtual ~MessageStore() = default;

    /// `full` or `unavailable`: nothing was stored, and nobody may be given the message. A claim in a
    /// session that has ended is passed over.
    virtual Stored<MessageReceipt> accept(MessageToStore message) = 0;
    /// The two forms of a message that was rewritten on its way: what its recipient gets, and what its
    /// sender sent, which has no mailbox.
    virtual Stored<MessageReceipt> accept_both(MessageToStore received, MessageToStore sent) = 0;
    /// The stream of an Origin is over.
    virtual Stored<Done> end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how) = 0;
};

} // namespace stonechat
