// SPDX-License-Identifier: Apache-2.0
// SentStreams: the streams on which accounts have sent messages that may be sent once more (Origin), until
// nothing of them can be: a stream goes when it was closed in good order, and a day after it has broken. One
// row for each stream, written with its first such message, so that the next server knows it too. Part of
// the writer's Database.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "storage/storage.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <vector>

namespace stonechat::sqlite {

struct SentStream {
    enum class State : std::uint8_t {
        open = 0,
        broken = 1,
        closed = 2, ///< in good order; kept for a while, as messages of it may still be on their way here
    };
    std::uint64_t number = 0;
    std::int64_t first = 0; ///< the id of the first message that came on it
    State state = State::open;
    std::int64_t ended = 0; ///< microseconds since 1970; 0 while it is open
};

/// What an archive has of the message `key` that came on `stream`.
std::int64_t replay_number(std::uint64_t key, std::uint64_t stream);

class SentStreams {
public:
    explicit SentStreams(Connection& db) : db_(db) {}

    /// Streams that the last server has left open are broken, and what is too old goes.
    static void begin_run(Connection& db, WallTime now);

    const std::vector<SentStream>& of(std::int64_t owner);
    /// The message `id` has come on this stream.
    void use(std::int64_t owner, std::uint64_t number, std::int64_t id);
    void end(std::int64_t owner, std::uint64_t number, StreamEnd how, WallTime now);
    void forget() { streams_.clear(); }
    void forget(std::int64_t owner) { streams_.erase(owner); }

private:
    std::vector<SentStream>& known(std::int64_t owner);
    SentStream& add(std::int64_t owner, std::uint64_t number, std::int64_t first);
    void drop_old(std::int64_t owner, std::vector<SentStream>& streams, std::int64_t now);
    void write(std::int64_t owner, const SentStream& stream);

    Connection& db_;
    boost::unordered_flat_map<std::int64_t, std::vector<SentStream>> streams_;
};

} // namespace stonechat::sqlite
