// SPDX-License-Identifier: Apache-2.0
// The conversations of an account as SQL (XEP-0430). The newest message of each conversation is one seek in
// the table `archive`. Only conversations with messages behind the read position are looked into.
#include "storage/sqlite/archive_view.hpp"
#include "storage/sqlite/queries.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/unread_counter.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace stonechat::sqlite {

namespace {

// Number of messages that one call reads in all to count what is unread. When they are used up, a few are
// read in each conversation: what is unread is seen, but not counted to its end.
constexpr std::size_t read_at_most = 20'000;
constexpr std::size_t read_at_least = 3;
// Number of newest messages among which an instant message is looked for.
constexpr std::size_t searched_for_instant = 100;

constexpr auto select_conversation_ends =
    "SELECT c.peer, d.jid, coalesce(p.id, 0), coalesce((SELECT a.id FROM archive a WHERE a.owner = c.owner"
    " AND a.peer = c.peer ORDER BY a.id DESC LIMIT 1), 0)"
    " FROM conversation c JOIN address d ON d.id = c.peer"
    " LEFT JOIN read_position p ON p.owner = c.owner AND p.peer = c.peer WHERE c.owner = ?1";
constexpr auto select_behind =
    "SELECT a.id, a.outgoing, m.stamp, m.xml FROM archive a CROSS JOIN message m ON m.id = a.id"
    " WHERE a.owner = ?1 AND a.peer = ?2 AND a.id > ?3 ORDER BY a.id DESC LIMIT ?4";
constexpr auto select_stored = "SELECT stamp, xml FROM message WHERE id = ?1";
constexpr auto advance_position = "INSERT INTO read_position (owner, peer, id)"
                                  " VALUES (?1, ?2, min(?3, coalesce((SELECT max(id) FROM message), 0)))"
                                  " ON CONFLICT (owner, peer) DO UPDATE SET id = max(id, excluded.id)";
constexpr auto select_has_conversation = "SELECT 1 FROM conversation WHERE owner = ?1 AND peer = ?2";
constexpr auto select_position = "SELECT id FROM read_position WHERE owner = ?1 AND peer = ?2";

/// A conversation while it is read.
struct Row {
    std::int64_t peer;
    std::string jid;
    std::int64_t read_to;
    std::int64_t newest;
};

/// Calls `f(id, outgoing, stamp, xml)` for the messages of a conversation that are newer than `above`, the
/// newest first, until it returns false or `limit` messages were read. Returns how many were read.
template <class F>
std::size_t go_back(ArchiveView& view, std::int64_t peer, std::int64_t above, std::size_t limit, F f)
{
    std::size_t count = 0;
    const auto unfiled = view.unfiled_entries();
    for (auto entry = unfiled.rbegin(); entry != unfiled.rend() && entry->id > above; ++entry) {
        if (entry->peer != peer) {
            continue;
        }
        if (count == limit) {
            return count;
        }
        ++count;
        auto rows = view.db().query(select_stored, entry->id);
        if (rows.next() && !f(entry->id, entry->outgoing, rows.integer(0), rows.view(1))) {
            return count;
        }
    }
    auto rows = view.db().query(select_behind, *view.owner(), peer, above, sql_number(limit - count));
    while (rows.next()) {
        ++count;
        if (!f(rows.integer(0), rows.integer(1) != 0, rows.integer(2), rows.view(3))) {
            break;
        }
    }
    return count;
}

std::vector<Row> read_rows(ArchiveView& view)
{
    std::vector<Row> found;
    boost::unordered_flat_map<std::int64_t, std::int64_t> newest_unfiled;
    for (const auto& entry : view.unfiled_entries()) {
        newest_unfiled[entry.peer] = entry.id;
    }
    auto rows = view.db().query(select_conversation_ends, *view.owner());
    while (rows.next()) {
        Row row { rows.integer(0), rows.text(1), rows.integer(2), rows.integer(3) };
        if (const auto unfiled = newest_unfiled.find(row.peer); unfiled != newest_unfiled.end()) {
            row.newest = std::max(row.newest, unfiled->second);
        }
        if (row.newest != 0) {
            found.push_back(std::move(row));
        }
    }
    std::sort(found.begin(), found.end(), [](const Row& a, const Row& b) { return a.newest > b.newest; });
    return found;
}

std::size_t count_unread(ArchiveView& view, const Row& row, std::size_t& left)
{
    UnreadCounter counter;
    const auto limit = std::clamp(left, read_at_least, unread_counted_at_most);
    const auto read = go_back(view, row.peer, row.read_to, limit,
        [&counter](std::int64_t id, bool outgoing, std::int64_t, std::string_view xml) {
            const auto message = parse_element(xml);
            return !message || counter.take(*message, outgoing, static_cast<std::uint64_t>(id));
        });
    left -= std::min(left, read);
    return counter.count();
}

bool open(ArchiveView& view, const Wanted& wanted)
{
    if (!view.owner()) {
        return false;
    }
    while (!view.take(wanted)) {
        view.renew();
    }
    return true;
}

std::optional<ArchivedMessage> newest_instant(ArchiveView& view, std::int64_t peer)
{
    std::optional<ArchivedMessage> found;
    go_back(view, peer, -1, searched_for_instant,
        [&found](std::int64_t id, bool, std::int64_t stamp, std::string_view xml) {
            const auto message = parse_element(xml);
            if (message && is_instant_message(*message)) {
                found = ArchivedMessage { static_cast<MessageId>(id), wall_time(stamp), std::string(xml) };
            }
            return !found;
        });
    return found;
}

/// Whether the account has a conversation with `peer`, or `peer` is a room here. Nobody fills the table with
/// other addresses.
bool is_known(Connection& db, std::int64_t owner, const Jid& peer)
{
    const auto address = address_number(db, peer.bare_text());
    if (address && db.query(select_has_conversation, owner, *address).next()) {
        return true;
    }
    return owner_number(db, { std::string(peer.domain()), std::string(peer.local()) }).has_value();
}

} // namespace

std::vector<Conversation> read_conversations(Database& db, const AccountKey& owner)
{
    std::vector<Conversation> conversations;
    ArchiveView view(db, owner);
    if (!open(view, {})) {
        return conversations;
    }
    std::size_t left = read_at_most;
    for (const Row& row : read_rows(view)) {
        auto peer = Jid::parse(row.jid);
        if (peer) {
            const std::size_t unread = row.newest > row.read_to ? count_unread(view, row, left) : 0;
            conversations.push_back({ std::move(*peer), static_cast<MessageId>(row.newest), unread });
        }
    }
    return conversations;
}

std::vector<std::optional<ArchivedMessage>> newest_instant_messages(Database& db, const AccountKey& owner,
    const std::vector<Jid>& peers)
{
    std::vector<std::optional<ArchivedMessage>> found(peers.size());
    ArchiveView view(db, owner);
    if (!open(view, {})) {
        return found;
    }
    for (std::size_t at = 0; at < peers.size(); ++at) {
        if (const auto peer = address_number(view.db(), peers[at].bare_text())) {
            found[at] = newest_instant(view, *peer);
        }
    }
    return found;
}

Done set_read_positions(Database& db, const AccountKey& key,
    const std::vector<InboxStore::ReadPosition>& positions)
{
    const auto owner = db.find_owner(key);
    if (!owner) { // the account was removed
        return Done();
    }
    for (const auto& position : positions) {
        if (is_known(db.connection(), *owner, position.peer)) {
            db.connection().execute(advance_position, *owner, db.address(position.peer.bare_text()),
                sql_number(position.id));
        }
    }
    return Done();
}

std::vector<InboxStore::ReadPosition> find_read_positions(Connection& db, const AccountKey& key,
    const std::vector<Jid>& peers)
{
    std::vector<InboxStore::ReadPosition> positions;
    const auto owner = owner_number(db, key);
    for (const Jid& peer : peers) {
        const auto address = owner ? address_number(db, peer.bare_text()) : std::nullopt;
        if (!address) {
            continue;
        }
        auto rows = db.query(select_position, *owner, *address);
        if (rows.next()) {
            positions.push_back({ peer, static_cast<MessageId>(rows.integer(0)) });
        }
    }
    return positions;
}

} // namespace stonechat::sqlite
