// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sent_streams.hpp"

#include "storage/sqlite/queries.hpp"

#include <algorithm>
#include <chrono>

namespace stonechat::sqlite {

namespace {

constexpr std::size_t senders_remembered = 100'000;
// Longer than a received message can wait for its commit.
constexpr std::chrono::minutes closed_kept { 5 };

constexpr auto select_sent_streams =
    "SELECT stream, first, state, ended FROM sent_stream WHERE owner = ?1 ORDER BY first";
constexpr auto put_sent_stream = "INSERT OR REPLACE INTO sent_stream (owner, stream, first, state, ended)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr auto delete_sent_stream = "DELETE FROM sent_stream WHERE owner = ?1 AND stream = ?2";
constexpr auto break_open_streams = "UPDATE sent_stream SET state = 1, ended = ?1 WHERE state = 0";
constexpr auto delete_old_streams = "DELETE FROM sent_stream WHERE state = 2 OR ended < ?1";

/// Returns whether no message of the stream can be repeated any more.
bool is_over(const SentStream& stream, std::int64_t now)
{
    switch (stream.state) {
    case SentStream::State::open: return false;
    case SentStream::State::broken:
        return now - stream.ended > std::chrono::microseconds(repeated_within).count();
    case SentStream::State::closed:
        return now - stream.ended > std::chrono::microseconds(closed_kept).count();
    }
    return true;
}

} // namespace

std::int64_t replay_number(std::uint64_t key, std::uint64_t stream)
{
    // The finalizer of SplitMix64. The key is a keyed hash that outsiders cannot guess.
    std::uint64_t mixed = key ^ (stream * 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::int64_t>(mixed ^ (mixed >> 31U));
}

void SentStreams::begin_run(Connection& db, WallTime now)
{
    db.execute(break_open_streams, sql_time(now));
    db.execute(delete_old_streams, sql_time(now - repeated_within));
}

std::vector<SentStream>& SentStreams::known(std::int64_t owner)
{
    if (const auto found = streams_.find(owner); found != streams_.end()) {
        return found->second;
    }
    if (streams_.size() >= senders_remembered) {
        streams_.clear();
    }
    auto& streams = streams_[owner];
    auto rows = db_.query(select_sent_streams, owner);
    while (rows.next()) {
        streams.push_back({ static_cast<std::uint64_t>(rows.integer(0)), rows.integer(1),
            static_cast<SentStream::State>(rows.integer(2)), rows.integer(3) });
    }
    return streams;
}

const std::vector<SentStream>& SentStreams::of(std::int64_t owner)
{
    return known(owner);
}

void SentStreams::write(std::int64_t owner, const SentStream& stream)
{
    db_.execute(put_sent_stream, owner, static_cast<std::int64_t>(stream.number), stream.first,
        static_cast<std::int64_t>(stream.state), stream.ended);
}

void SentStreams::drop_old(std::int64_t owner, std::vector<SentStream>& streams, std::int64_t now)
{
    constexpr std::size_t most = sent_streams_remembered;
    std::size_t too_many = streams.size() < most ? 0 : streams.size() - most + 1;
    std::erase_if(streams, [&](const SentStream& stream) { // oldest first
        if (too_many == 0 && !is_over(stream, now)) {
            return false;
        }
        too_many -= too_many > 0 ? 1 : 0;
        db_.execute(delete_sent_stream, owner, static_cast<std::int64_t>(stream.number));
        return true;
    });
}

SentStream& SentStreams::add(std::int64_t owner, std::uint64_t number, std::int64_t first)
{
    auto& streams = known(owner);
    drop_old(owner, streams, first);
    return streams.emplace_back(SentStream { number, first, SentStream::State::open, 0 });
}

void SentStreams::use(std::int64_t owner, std::uint64_t number, std::int64_t id)
{
    const auto& streams = known(owner);
    const bool is_known = std::any_of(streams.begin(), streams.end(),
        [number](const SentStream& stream) { return stream.number == number; });
    if (!is_known) {
        write(owner, add(owner, number, id));
    }
}

void SentStreams::end(std::int64_t owner, std::uint64_t number, StreamEnd how, WallTime now)
{
    auto& streams = known(owner);
    const auto found = std::find_if(streams.begin(), streams.end(),
        [number](const SentStream& stream) { return stream.number == number; });
    // If the stream is unknown, its messages are still waiting for their commit: record it now.
    SentStream& stream = found != streams.end() ? *found : add(owner, number, sql_time(now));
    stream.state = how == StreamEnd::broken ? SentStream::State::broken : SentStream::State::closed;
    stream.ended = sql_time(now);
    write(owner, stream);
}

} // namespace stonechat::sqlite
