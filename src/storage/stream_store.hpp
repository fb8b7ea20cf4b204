// SPDX-License-Identifier: Apache-2.0
// StreamStore: records of sessions that can be resumed after the connection is lost or the server restarts
// (XEP-0198). A record holds what the client may be told. The messages that the client has not acknowledged
// are kept with it (MessageStore::accept adds them) and move into the mailbox when the session ends.
#pragma once

#include "storage/message_store.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stonechat {

struct StreamRecord {
    std::uint64_t row = 0; ///< given by the store; never reused
    std::string token;     ///< the `previd` of <resume/>; random, 128 bits
    AccountKey owner;
    std::string resource;
    std::uint32_t handled = 0;         ///< number of handled stanzas from the client, modulo 2^32
    std::chrono::seconds window { 0 }; ///< how long it may be resumed after `touched`
    WallTime touched;                  ///< the last time at which it was known to be connected
    std::string state;                 ///< state of the session's modules, as XML; opaque to the store
};

/// A change of one session's record. Absent fields stay as they are.
struct StreamNote {
    std::uint64_t row = 0;
    std::optional<std::uint32_t> handled;
    std::optional<std::uint64_t> acknowledged; ///< unacked entries up to this sequence are removed
    std::optional<std::string> state;
    std::optional<WallTime> touched;
};

/// A message that the client has not acknowledged.
struct UnackedMessage {
    std::uint64_t sequence = 0;
    CopyForm form = CopyForm::itself;
    WallTime stamp;
    MessageId id = 0;
    bool archived = false; ///< the owner's archive has it under `id`
    std::string xml;
};

struct StreamBacklog {
    StreamRecord record;
    std::vector<UnackedMessage> unacked; ///< in order of sequence
};

class StreamStore {
public:
    virtual ~StreamStore() = default;

    /// Creates a record and returns its row. `record.row` is ignored.
    virtual Stored<std::uint64_t> create(StreamRecord record) = 0;
    /// Applies all notes in one transaction. Notes for unknown rows are ignored.
    virtual Stored<Done> note(std::vector<StreamNote> notes) = 0;
    /// Returns the record and unacked messages of `token`, if the session belongs to `owner`.
    virtual Stored<std::optional<StreamBacklog>> find(const AccountKey& owner, std::string token) = 0;
    /// Called when the client reports that it has received `client_has` stanzas. Removes the unacked entries
    /// up to that sequence and renumbers the others from client_has + 1 on.
    virtual Stored<Done> renumber(const AccountKey& owner, std::uint64_t row, std::uint64_t client_has) = 0;
    /// Closes the gap after `sequence`: the sequences after the gap are reduced by one.
    virtual Stored<Done> close_gap(const AccountKey& owner, std::uint64_t row, std::uint64_t sequence) = 0;
    /// Ends the session. Its unacked messages go into the owner's mailbox: to their old row if they came from
    /// there, otherwise to the end. Mailbox limits do not apply, because the messages were accepted before.
    /// Carbon copies are dropped, and so are the sequences in `elsewhere`, which another device of the owner
    /// has received.
    virtual Stored<Done> end(const AccountKey& owner, std::uint64_t row,
        std::vector<std::uint64_t> elsewhere) = 0;
    /// Returns records of `host` whose window ended before `now`, `limit` at most, without their messages.
    virtual Stored<std::vector<StreamRecord>> expired(std::string host, WallTime now, std::size_t limit) = 0;
};

} // namespace stonechat
