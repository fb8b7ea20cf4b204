// SPDX-License-Identifier: Apache-2.0
// Resumable sessions in memory.
#include "storage/memory/contents.hpp"
#include "storage/message_text.hpp"

#include <algorithm>

namespace stonechat::memory {

namespace {

KeptStream* find_stream(Everything& all, const AccountKey& owner, std::uint64_t row)
{
    const auto found = all.streams.find(row);
    return found != all.streams.end() && found->second.record.owner == owner ? &found->second : nullptr;
}

void apply(KeptStream& stream, StreamNote& note)
{
    auto& record = stream.record;
    record.handled = note.handled.value_or(record.handled);
    record.touched = note.touched.value_or(record.touched);
    if (note.state) {
        record.state = std::move(*note.state);
    }
    if (note.acknowledged) {
        stream.unacked_entries.erase(stream.unacked_entries.begin(),
            stream.unacked_entries.upper_bound(*note.acknowledged));
    }
}

StreamBacklog backlog(const Everything& all, const KeptStream& stream)
{
    StreamBacklog backlog;
    backlog.record = stream.record;
    const auto* owner = all.find(stream.record.owner);
    for (const auto& [sequence, entry] : stream.unacked_entries) {
        auto& unacked = backlog.unacked.emplace_back();
        unacked.sequence = sequence;
        unacked.form = entry.form;
        unacked.stamp = entry.message->stamp;
        unacked.id = entry.message->id;
        unacked.archived = owner != nullptr && owner->archive.contains(entry.message->id);
        unacked.xml = entry.message->xml;
    }
    return backlog;
}

} // namespace

Stored<std::uint64_t> MemoryStreams::create(StreamRecord record)
{
    return scheduler_.change([&record](Everything& all) {
        record.row = ++all.last_stream;
        all.owner(record.owner);
        all.streams[record.row].record = std::move(record);
        return all.last_stream;
    });
}

Stored<Done> MemoryStreams::note(std::vector<StreamNote> notes)
{
    return scheduler_.change([&notes](Everything& all) {
        for (auto& note : notes) {
            if (const auto found = all.streams.find(note.row); found != all.streams.end()) {
                apply(found->second, note);
            }
        }
        return Done();
    });
}

Stored<std::optional<StreamBacklog>> MemoryStreams::find(const AccountKey& owner, std::string token)
{
    return scheduler_.ask([&owner, &token](Everything& all) -> std::optional<StreamBacklog> {
        for (const auto& [row, stream] : all.streams) {
            if (stream.record.owner == owner && stream.record.token == token) {
                return backlog(all, stream);
            }
        }
        return std::nullopt;
    });
}

Stored<Done> MemoryStreams::renumber(const AccountKey& owner, std::uint64_t row, std::uint64_t received)
{
    return scheduler_.change([&owner, row, received](Everything& all) {
        if (auto* stream = find_stream(all, owner, row)) {
            std::map<std::uint64_t, KeptUnackedEntry> renumbered;
            auto next = received;
            for (auto& [sequence, entry] : stream->unacked_entries) {
                if (sequence > received) {
                    renumbered.emplace(++next, std::move(entry));
                }
            }
            stream->unacked_entries = std::move(renumbered);
        }
        return Done();
    });
}

Stored<Done> MemoryStreams::close_gap(const AccountKey& owner, std::uint64_t row, std::uint64_t sequence)
{
    return scheduler_.change([&owner, row, sequence](Everything& all) {
        auto* stream = find_stream(all, owner, row);
        if (stream == nullptr
            || (stream->unacked_entries.contains(sequence)
                && stream->unacked_entries.contains(sequence + 1))) {
            return Done();
        }
        std::map<std::uint64_t, KeptUnackedEntry> moved;
        for (auto& [number, entry] : stream->unacked_entries) {
            moved.emplace(number > sequence ? number - 1 : number, std::move(entry));
        }
        stream->unacked_entries = std::move(moved);
        return Done();
    });
}

Stored<Done> MemoryStreams::end(const AccountKey& owner, std::uint64_t row,
    std::vector<std::uint64_t> elsewhere)
{
    return scheduler_.change([&owner, row, &elsewhere](Everything& all) {
        auto* stream = find_stream(all, owner, row);
        if (stream == nullptr) {
            return Done();
        }
        for (const auto& [sequence, entry] : stream->unacked_entries) {
            const bool has_it = std::find(elsewhere.begin(), elsewhere.end(), sequence) != elsewhere.end();
            if (entry.form == CopyForm::itself && !has_it) {
                put_into_mailbox(all.owner(owner).mailbox, bare_sender_of(entry.message->xml), entry.message,
                    entry.mail);
            }
        }
        all.streams.erase(row);
        return Done();
    });
}

Stored<std::vector<StreamRecord>> MemoryStreams::expired(std::string host, WallTime now, std::size_t limit)
{
    return scheduler_.ask([&host, now, limit](Everything& all) {
        std::vector<StreamRecord> records;
        for (const auto& [row, stream] : all.streams) {
            const auto& record = stream.record;
            if (record.owner.host == host && record.touched + record.window < now && records.size() < limit) {
                records.push_back(record);
            }
        }
        return records;
    });
}

} // namespace stonechat::memory
