// SPDX-License-Identifier: Apache-2.0
// SentStreams: the streams on which accounts sent messages that their clients may send again (Origin). A
// stream is dropped soon after it was closed in good order, or a day after it broke. Each stream has one row,
// written with its first such message, so that the server knows it after a restart. Part of the writer's
// Database.
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
        closed = 2, ///< in good order; kept for a while, because messages of it may still be waiting for
                    ///< their commit
    };
    std::uint64_t number = 0;
    std::int64_t first = 0; ///< the id of the first message of the stream
    State state = State::open;
    std::int64_t ended = 0; ///< microseconds since 1970; 0 while it is open
};

/// Returns the number stored in an archive for the message `key` of `stream`.
std::int64_t replay_number(std::uint64_t key, std::uint64_t stream);

class SentStreams {
public:
    explicit SentStreams(Connection& db) : db_(db) {}

    /// Call at the start of the server. Marks streams that an earlier run left open as broken and deletes the
    /// old ones.
    static void begin_run(Connection& db, WallTime now);

    const std::vector<SentStream>& of(std::int64_t owner);
    /// Records that the message `id` arrived on this stream.
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
