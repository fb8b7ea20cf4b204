// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/filing.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace stonechat::sqlite {

namespace {

// Most entries filed in one transaction. It takes a millisecond at most, and the progress costs one page.
constexpr std::size_t filed_at_once_at_most = 256;
// Entries filed for each added one, so that a segment is done before the next one is full.
constexpr std::size_t filed_for_each = 2;

constexpr auto select_filing =
    "SELECT filed, filing, filing_owner, filing_peer, filing_id FROM message_state";
constexpr auto update_filing = "UPDATE message_state SET filed = ?1, filing = ?2, filing_owner = ?3,"
                               " filing_peer = ?4, filing_id = ?5";
constexpr auto select_unfiled = "SELECT id, owner_a, peer_a, owner_b, peer_b, how, resource_a, resource_b, "
                                "replay, length(xml) FROM message"
                                " WHERE id > ?1 ORDER BY id";
constexpr auto insert_filed = "INSERT OR IGNORE INTO archive (owner, peer, id, outgoing, resource, replay)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Reads one side of the message in the current row. `owner` is the column of its owner, followed by its
/// peer; `resource` is the column of its resource.
TailEntry read_side(const Rows& rows, int owner, int resource, std::int64_t outgoing_bit)
{
    TailEntry entry;
    entry.owner = rows.integer(owner);
    entry.peer = rows.integer(owner + 1);
    entry.id = rows.integer(0);
    entry.outgoing = (rows.integer(5) & outgoing_bit) != 0;
    if (!rows.is_null(resource)) {
        entry.resource = rows.text(resource);
    }
    if (entry.outgoing && !rows.is_null(8)) {
        entry.replay = rows.integer(8);
    }
    entry.size = rows.integer(9);
    return entry;
}

} // namespace

FilingState FilingState::read(Connection& db)
{
    FilingState state;
    auto rows = db.query(select_filing);
    if (rows.next()) {
        state = { rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3), rows.integer(4) };
    }
    return state;
}

bool FilingState::has_filed(const TailEntry& entry) const
{
    return entry.id <= filed
        || (entry.id <= filing && std::tie(entry.owner, entry.peer, entry.id) <= std::tie(owner, peer, id));
}

void Filing::load()
{
    now_.state = FilingState::read(db_);
    std::vector<TailEntry> entries;
    {
        auto rows = db_.query(select_unfiled, now_.state.filed);
        while (rows.next()) {
            entries.push_back(read_side(rows, 1, 6, archived_outgoing_a));
            if (!rows.is_null(3)) {
                entries.push_back(read_side(rows, 3, 7, archived_outgoing_b));
            }
        }
    }
    for (const auto& entry : entries) {
        if (entry.id > now_.state.filing) {
            ++now_.open;
        } else if (!now_.state.has_filed(entry)) {
            segment_.push_back(entry);
        }
    }
    std::sort(segment_.begin(), segment_.end());
    tail_.add(std::move(entries));
    safe_ = now_;
}

void Filing::add(TailEntry entry)
{
    pending_.push_back(std::move(entry));
    owed_ += filed_for_each;
}

void Filing::step()
{
    if (now_.state.filing == 0) {
        owed_ = 0;
        if (now_.open < tail_.segment()) {
            return;
        }
        begin_segment();
    }
    if (owed_ >= filed_at_once()) {
        file_some(owed_);
        owed_ = 0;
        write_state();
    }
}

void Filing::begin_segment()
{
    segment_ = tail_.sorted();
    now_.at = 0;
    now_.open = 0;
    now_.state.filing = std::max_element(segment_.begin(), segment_.end(),
        [](const TailEntry& a, const TailEntry& b) {
            return a.id < b.id;
        })->id;
    owed_ = filed_at_once();
}

std::size_t Filing::filed_at_once() const
{
    return std::min(filed_at_once_at_most, tail_.segment() / 4 + 1);
}

void Filing::file_some(std::size_t count)
{
    const std::size_t end = std::min(segment_.size(), now_.at + std::min(count, segment_.size()));
    ArchiveSizes sizes(db_);
    for (; now_.at < end; ++now_.at) {
        insert(segment_[now_.at], sizes);
    }
    sizes.write();
    if (now_.at == segment_.size()) {
        now_.state = { now_.state.filing, 0, 0, 0, 0 };
        return;
    }
    if (now_.at > 0) {
        const TailEntry& last = segment_[now_.at - 1];
        now_.state.owner = last.owner;
        now_.state.peer = last.peer;
        now_.state.id = last.id;
    }
}

void Filing::file_all()
{
    if (now_.state.filing != 0) {
        file_some(segment_.size());
    }
    ArchiveSizes sizes(db_);
    std::int64_t newest = now_.state.filed;
    for (const TailEntry& entry : tail_.sorted()) {
        if (entry.id > now_.state.filed) {
            insert(entry, sizes);
            newest = std::max(newest, entry.id);
        }
    }
    for (const TailEntry& entry : pending_) {
        insert(entry, sizes);
        newest = std::max(newest, entry.id);
    }
    sizes.write();
    pending_.clear();
    now_.open = 0;
    if (newest != safe_.state.filed) {
        now_.state.filed = newest;
        write_state();
    }
}

bool Filing::has(std::int64_t owner, std::int64_t below) const
{
    return tail_.has(owner, now_.state.filed, below)
        || std::any_of(pending_.begin(), pending_.end(),
            [owner, below](const TailEntry& entry) { return entry.owner == owner && entry.id < below; });
}

void Filing::back_to(Mark mark)
{
    pending_ = std::move(mark.pending);
    now_ = { mark.state, mark.at, mark.open };
}

void Filing::committed()
{
    now_.open += pending_.size();
    tail_.add(std::exchange(pending_, {}));
    if (now_.state.filed != safe_.state.filed) {
        tail_.drop(now_.state.filed);
    }
    if (now_.state.filing == 0) {
        segment_ = {};
        now_.at = 0;
    }
    safe_ = now_;
}

void Filing::rolled_back()
{
    pending_.clear();
    now_ = safe_;
    if (now_.state.filing == 0) {
        segment_ = {};
    }
}

void Filing::insert(const TailEntry& entry, ArchiveSizes& sizes)
{
    const auto inserted = db_.execute(insert_filed, entry.owner, entry.peer, entry.id,
        std::int64_t(entry.outgoing), entry.resource, entry.replay);
    if (inserted > 0) {
        sizes.add(entry.owner, entry.size);
    }
}

void Filing::write_state()
{
    const FilingState& state = now_.state;
    db_.execute(update_filing, state.filed, state.filing, state.owner, state.peer, state.id);
}

} // namespace stonechat::sqlite
