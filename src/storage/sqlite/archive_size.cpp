// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/archive_size.hpp"

#include <unordered_map>

namespace stonechat::sqlite {

namespace {

constexpr auto update_size = "UPDATE owner SET archive_bytes = archive_bytes + ?2 WHERE id = ?1";
constexpr auto select_filed_size = "SELECT archive_bytes FROM owner WHERE id = ?1";
// Reads `message` once, in order; the subqueries on `archive` tell whether an archive still has the message.
constexpr auto select_filed_sizes = "SELECT length(m.xml),"
                                    " CASE WHEN EXISTS (SELECT 1 FROM archive a WHERE a.owner = m.owner_a "
                                    "AND a.peer = m.peer_a AND a.id = m.id)"
                                    " THEN m.owner_a END,"
                                    " CASE WHEN EXISTS (SELECT 1 FROM archive a WHERE a.owner = m.owner_b "
                                    "AND a.peer = m.peer_b AND a.id = m.id)"
                                    " THEN m.owner_b END FROM message m";

} // namespace

void ArchiveSizes::add(std::int64_t owner, std::int64_t bytes)
{
    if (owner != owner_) {
        write();
        owner_ = owner;
    }
    bytes_ += bytes;
}

void ArchiveSizes::write()
{
    if (bytes_ != 0) {
        db_.execute(update_size, owner_, bytes_);
        bytes_ = 0;
    }
}

std::int64_t filed_archive_bytes(Connection& db, std::int64_t owner)
{
    auto rows = db.query(select_filed_size, owner);
    return rows.next() ? rows.integer(0) : 0;
}

void count_archive_bytes(Connection& db)
{
    std::unordered_map<std::int64_t, std::int64_t> bytes;
    {
        auto rows = db.query(select_filed_sizes);
        while (rows.next()) {
            for (const int owner : { 1, 2 }) {
                if (!rows.is_null(owner)) {
                    bytes[rows.integer(owner)] += rows.integer(0);
                }
            }
        }
    }
    for (const auto& [owner, sum] : bytes) {
        db.execute(update_size, owner, sum);
    }
}

} // namespace stonechat::sqlite
