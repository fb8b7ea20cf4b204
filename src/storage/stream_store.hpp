// SPDX-License-Identifier: Apache-2.0
// StreamStore: sessions that can be resumed after the connection, or the server, is gone (XEP-0198).
// A record says what the client may be told; the messages it has not acknowledged are kept with it
// (MessageStore::accept puts them there) and find their way into the mailbox when it ends.
#pragma once

#include "storage/message_store.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stonechat {

struct StreamRecord {
    std::uint64_t row = 0; ///< the store gives it; never comes back
    std::string token;     ///< what <resume previd=''/> names; random, 128 bits
    AccountKey owner;
    std::string resource;
    std::uint32_t handled = 0;         ///< of the client's stanzas, modulo 2^32
    std::chrono::seconds window { 0 }; ///< how long it may be resumed after `touched`
    WallTime touched;                  ///< it was connected at this time
    std::string state;                 ///< what the session's modules keep, as XML; their business
};

/// A change of what is kept of one session; what is absent stays.
struct StreamNote {
    std::uint64_t row = 0;
    std::optional<std::uint32_t> handled;
    std::optional<std::uint64_t> acknowledged; ///< claims up to this sequence go
    std::optional<std::string> state;
    std::optional<WallTime> touched;
};

/// A message that the client has not acknowledged.
struct UnackedMessage {
    std::uint64_t sequence = 0;
    CopyForm form = CopyForm::itself;
    WallTime stamp;
    MessageId id = 0;
    bool archived = false; ///< is in the owner's archive under `id`
    std::string xml;
};

struct StreamBacklog {
    StreamRecord record;
    std::vector<UnackedMessage> unacked; ///< in order of sequence
};

class StreamStore {
public:
    virtual ~StreamStore() = default;

    /// The number of the new record. `row` of the argument is ignored.
    virtual Stored<std::uint64_t> create(StreamRecord record) = 0;
    /// All notes in one transaction; unknown rows are passed over.
    virtual Stored<Done> note(std::vector<StreamNote> notes) = 0;
    /// What is kept under `token`, if it belongs to `owner`.
    virtual Stored<std::optional<StreamBacklog>> find(const AccountKey& owner, std::string token) = 0;
    /// The client says it has received `received` stanzas: claims up to there go, the others are numbered
    /// anew from received + 1 on.
    virtual Stored<Done> renumber(const AccountKey& owner, std::uint64_t row, std::uint64_t received) = 0;
    /// One place behind `sequence` is free: what comes behind it moves up by one.
    virtual Stored<Done> close_gap(const AccountKey& owner, std::uint64_t row, std::uint64_t sequence) = 0;
    /// The session is over. What was not acknowledged goes into the owner's mailbox, at its end or, if it
    /// was there before, to its old place, and regardless of limits (it was accepted long ago); carbon
    /// copies and the sequences in `elsewhere` (which another device has) do not.
    virtual Stored<Done> end(const AccountKey& owner, std::uint64_t row,
        std::vector<std::uint64_t> elsewhere) = 0;
    /// Records of `host` whose window ended before `now`, `limit` at most, without backlog.
    virtual Stored<std::vector<StreamRecord>> expired(std::string host, WallTime now, std::size_t limit) = 0;
};

} // namespace stonechat
