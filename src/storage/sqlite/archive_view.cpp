// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/archive_view.hpp"

#include "storage/sqlite/archive_size.hpp"
#include "storage/sqlite/filing.hpp"

#include <algorithm>

namespace stonechat::sqlite {

namespace {

constexpr auto select_newest = "SELECT max(id) FROM message";

std::int64_t newest_message(Connection& db)
{
    auto rows = db.query(select_newest);
    return rows.next() ? rows.integer(0) : 0;
}

} // namespace

bool Wanted::is_met_by(const TailEntry& entry) const
{
    return (!peer || entry.peer == *peer) && (!resource || entry.resource == resource)
        && (!outgoing || entry.outgoing == *outgoing);
}

ArchiveView::ArchiveView(Database& db, const AccountKey& key) : db_(db.connection()), tail_(db.tail())
{
    renew();
    owner_ = owner_number(db_, key);
}

void ArchiveView::renew()
{
    leave();
    db_.execute("BEGIN");
}

bool ArchiveView::take(const Wanted& wanted)
{
    const auto state = FilingState::read(db_);
    const auto below = std::min(wanted.range.below, newest_message(db_) + 1);
    unfiled_.clear();
    entries_.clear();
    const auto add = [this, &state, &wanted](const TailEntry& entry) {
        if (wanted.is_met_by(entry) && !state.has_filed(entry)) {
            unfiled_.push_back(entry.id);
            entries_.push_back({ entry.id, entry.peer, entry.outgoing });
        }
    };
    return tail_.look(*owner_, state.filed, wanted.range.above, below, add)
        || db_.failure() != Failure::none; // then the answer is an error anyway
}

std::optional<std::uint64_t> ArchiveView::size() const
{
    const auto state = FilingState::read(db_);
    const auto below = newest_message(db_) + 1;
    std::int64_t bytes = filed_archive_bytes(db_, *owner_);
    const auto add = [&bytes, &state](const TailEntry& entry) {
        if (!state.has_filed(entry)) {
            bytes += entry.size;
        }
    };
    const bool is_whole = tail_.look(*owner_, state.filed, -1, below, add)
        || db_.failure() != Failure::none; // then the answer is an error anyway
    return is_whole ? std::optional(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)))
                    : std::nullopt;
}

std::span<const std::int64_t> ArchiveView::unfiled(Range range) const
{
    const auto first = std::upper_bound(unfiled_.begin(), unfiled_.end(), range.above);
    const auto last = std::lower_bound(first, unfiled_.end(), range.below);
    return { first, last };
}

void ArchiveView::leave()
{
    if (db_.in_transaction()) {
        db_.roll_back();
    }
}

} // namespace stonechat::sqlite
