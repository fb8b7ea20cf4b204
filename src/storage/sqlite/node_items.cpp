// SPDX-License-Identifier: Apache-2.0
// The items of nodes as SQL.
#include "storage/node_rules.hpp"
#include "storage/sqlite/node_rows.hpp"
#include "storage/sqlite/roster_groups.hpp"

#include <algorithm>
#include <map>

namespace stonechat::sqlite {

namespace {

// The `row` of an item is its place in the order of first publication, its `sequence` that in the order of
// the last one.
constexpr auto upsert_item =
    "INSERT INTO node_item (node, id, sequence, publisher, created, modified, expires, payload)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)"
    " ON CONFLICT (node, id) DO UPDATE SET sequence = excluded.sequence, publisher = excluded.publisher,"
    " modified = excluded.modified, expires = excluded.expires, payload = excluded.payload";
constexpr auto update_node_sequence = "UPDATE node SET sequence = ?2 WHERE id = ?1";
constexpr auto select_oldest = "SELECT row, id FROM node_item WHERE node = ?1 ORDER BY sequence"
                               " LIMIT max(0, (SELECT items FROM node WHERE id = ?1) - ?2)";
constexpr auto delete_row = "DELETE FROM node_item WHERE row = ?1";
constexpr auto delete_item = "DELETE FROM node_item WHERE node = ?1 AND id = ?2";
constexpr auto delete_items = "DELETE FROM node_item WHERE node = ?1";
constexpr auto update_expiry = "UPDATE node_item SET expires = modified + ?2 WHERE node = ?1";
constexpr auto begin_publication = "SAVEPOINT publication";
constexpr auto undo_publication = "ROLLBACK TO publication";
constexpr auto end_publication = "RELEASE publication";

constexpr auto select_item =
    "SELECT id, publisher, CASE WHEN ?3 THEN payload ELSE x'' END, created, modified FROM node_item"
    " WHERE node = ?1 AND id = ?2";

/// The queries for one order of items.
struct Ordering {
    const char* place; ///< of the item ?2
    const char* page;  ///< ?2 items, the newest first, after ?3 others
};
constexpr Ordering by_modification {
    "SELECT (SELECT count(*) FROM node_item b WHERE b.node = a.node AND b.sequence < a.sequence)"
    " FROM node_item a WHERE a.node = ?1 AND a.id = ?2",
    "SELECT id, publisher, CASE WHEN ?4 THEN payload ELSE x'' END, created, modified FROM node_item"
    " WHERE node = ?1 ORDER BY sequence DESC LIMIT ?2 OFFSET ?3",
};
// The rows are sorted before the items are read, because payloads may be large.
constexpr Ordering by_creation {
    "SELECT (SELECT count(*) FROM node_item b WHERE b.node = a.node AND b.row < a.row)"
    " FROM node_item a WHERE a.node = ?1 AND a.id = ?2",
    "SELECT id, publisher, CASE WHEN ?4 THEN payload ELSE x'' END, created, modified FROM node_item"
    " WHERE row IN (SELECT row FROM node_item WHERE node = ?1 ORDER BY row DESC LIMIT ?2 OFFSET ?3)"
    " ORDER BY row DESC",
};

// Without conditions, the first of these reads the index only.
constexpr auto select_publications = "SELECT sequence FROM node_item WHERE node = ?1 ORDER BY sequence";
constexpr auto select_publications_of =
    "SELECT sequence FROM node_item WHERE node = ?1 AND modified >= ?2 AND modified <= ?3"
    " AND (?4 = '' OR publisher = ?4) ORDER BY sequence";
constexpr auto select_publication =
    "SELECT id, publisher, payload, created, modified FROM node_item WHERE node = ?1 AND sequence = ?2";
constexpr auto find_publication = "SELECT 1 FROM node_item WHERE node = ?1 AND sequence = ?2";

constexpr auto select_open_account =
    "SELECT o.id, r.groups FROM owner o LEFT JOIN roster r ON r.owner = o.id AND r.contact = ?3"
    " WHERE o.host = ?1 AND o.user = ?2 AND (?8 OR (r.subscription IN (?4, ?5) AND NOT EXISTS"
    " (SELECT 1 FROM keyval k WHERE k.owner = o.id AND k.store = ?6 AND k.name IN (?3, ?7, ?9))))";
constexpr auto select_last_item =
    "SELECT i.id, i.publisher, i.payload, i.created, i.modified, n.config, coalesce("
    "(SELECT affiliation FROM node_affiliation WHERE node = n.id AND jid = ?3),"
    " (SELECT affiliation FROM node_affiliation WHERE node = n.id AND jid = ?4), 0),"
    " coalesce((SELECT max(state) FROM node_subscription"
    " WHERE node = n.id AND (jid = ?3 OR (jid > ?3 || '/' AND jid < ?3 || '0'))), 0)"
    " FROM node n JOIN node_item i"
    " ON i.row = (SELECT row FROM node_item WHERE node = n.id ORDER BY sequence DESC LIMIT 1)"
    " WHERE n.owner = ?1 AND n.name = ?2";
constexpr auto select_expired_items =
    "SELECT i.row, i.id, i.node, n.name, o.host, o.user FROM node_item i CROSS JOIN node n ON n.id = i.node"
    " CROSS JOIN owner o ON o.id = n.owner WHERE i.expires <= ?1 ORDER BY i.expires, i.row LIMIT ?2";

/// Reads an item from the columns id, publisher, payload, created and modified, which are the first ones.
NodeItem read_item(Connection& db, const Rows& rows)
{
    return { rows.text(0), node_address(db, rows.view(1)), rows.text(2), wall_time(rows.integer(3)),
        wall_time(rows.integer(4)) };
}

void put_items(Connection& db, NodeRow& node, const std::vector<NodeItem>& items)
{
    const auto lifetime = kept_for(node.item_lifetime);
    for (const auto& item : items) {
        std::optional<std::int64_t> expires;
        if (lifetime) {
            expires = sql_time(item.modified + *lifetime);
        }
        db.execute(upsert_item, node.id, Blob { item.id }, ++node.sequence, item.publisher.text(),
            sql_time(item.modified), expires, Blob { item.payload });
    }
    db.execute(update_node_sequence, node.id, node.sequence);
}

NodeStore::ItemPage items_by_id(Connection& db, const NodeRow& node, const NodeStore::ItemQuery& query)
{
    NodeStore::ItemPage page;
    for (const auto& id : each_once(query.ids)) {
        auto rows = db.query(select_item, node.id, Blob { id }, std::int64_t(query.with_payload));
        if (rows.next()) {
            page.items.push_back(read_item(db, rows));
        }
    }
    page.count = page.items.size();
    return page;
}

/// Finds the place of an item among the last `count` items. Returns false if it is not there.
bool find_place(Connection& db, const Ordering& order, const NodeRow& node, std::size_t count,
    const std::string& id, std::optional<std::size_t>& place)
{
    auto rows = db.query(order.place, node.id, Blob { id });
    const std::size_t passed = node.items - count;
    if (!rows.next() || whole_number(rows.integer(0)) < passed) {
        return false;
    }
    place = whole_number(rows.integer(0)) - passed;
    return true;
}

bool has_publication(Connection& db, const NodeRow& node, MessageId id)
{
    return id <= static_cast<MessageId>(INT64_MAX)
        && db.query(find_publication, node.id, static_cast<std::int64_t>(id)).next();
}

/// Returns the publications that meet the conditions of a query on time and publisher, oldest first.
std::vector<MessageId> selected_publications(Connection& db, const NodeRow& node, const ArchiveQuery& query)
{
    std::vector<MessageId> ids;
    const auto take = [&ids](Rows rows) {
        while (rows.next()) {
            ids.push_back(whole_number(rows.integer(0)));
        }
    };
    if (!query.start && !query.end && !query.with) {
        take(db.query(select_publications, node.id));
        return ids;
    }
    const std::string publisher = query.with ? query.with->bare().text() : std::string();
    const std::int64_t start = query.start ? sql_time(*query.start) : INT64_MIN;
    const std::int64_t end = query.end ? sql_time(*query.end) : INT64_MAX;
    take(db.query(select_publications_of, node.id, start, end, publisher));
    return ids;
}

/// Returns the groups of the reader in the account's roster, if the account lets it see its presence.
struct OpenAccount {
    std::int64_t owner = 0;
    std::vector<std::string> groups;
};
std::optional<OpenAccount> find_open_account(Connection& db, const AccountKey& account,
    const NodeStore::LastItemsQuery& query)
{
    const std::string domain(query.reader.domain());
    const std::string bare(query.reader.bare_text());
    const bool is_own = query.reader.local() == account.user && domain == account.host;
    auto rows = db.query(select_open_account, account.host, account.user, bare,
        static_cast<std::int64_t>(SubscriptionState::from),
        static_cast<std::int64_t>(SubscriptionState::both), query.block_store, domain, std::int64_t(is_own),
        query.reader.text());
    if (!rows.next()) {
        return std::nullopt;
    }
    auto groups = decode_groups(rows.is_null(1) ? std::string_view() : rows.view(1));
    if (!groups) {
        db.fail(Failure::damaged, "a roster item that makes no sense");
        return std::nullopt;
    }
    return OpenAccount { rows.integer(0), std::move(*groups) };
}

std::optional<NodeStore::LastItem> find_last_item(Connection& db, const OpenAccount& account,
    const std::string& node, const Jid& reader)
{
    const std::string domain(reader.domain());
    const std::string bare(reader.bare_text());
    auto rows = db.query(select_last_item, account.owner, Blob { node }, bare, domain);
    if (!rows.next()) {
        return std::nullopt;
    }
    NodeStore::LastItem last;
    last.node = node;
    last.config = rows.text(5);
    last.affiliation = node_affiliation(db, rows.integer(6));
    last.subscription = node_subscription(db, rows.integer(7));
    last.groups = account.groups;
    last.item = read_item(db, rows);
    return last;
}

} // namespace

std::vector<std::string> trim_items(Connection& db, std::int64_t node, std::size_t keep)
{
    std::vector<std::int64_t> rows_to_delete;
    std::vector<std::string> ids;
    {
        auto rows = db.query(select_oldest, node, sql_number(keep));
        while (rows.next()) {
            rows_to_delete.push_back(rows.integer(0));
            ids.push_back(rows.text(1));
        }
    }
    for (const auto row : rows_to_delete) {
        db.execute(delete_row, row);
    }
    return ids;
}

void set_expiry(Connection& db, std::int64_t node, std::chrono::seconds item_lifetime)
{
    std::optional<std::int64_t> lifetime;
    if (const auto kept = kept_for(item_lifetime)) {
        lifetime = kept->count();
    }
    db.execute(update_expiry, node, lifetime); // without a lifetime the sum is NULL
}

NodeStore::Published publish_items(Database& db, const AccountKey& service,
    const NodeStore::Publication& publication)
{
    using Outcome = NodeStore::Published::Outcome;
    auto& connection = db.connection();
    NodeStore::Published published;
    auto node = find_node_row(connection, service, publication.node);
    if (!node && !publication.create) {
        published.outcome = Outcome::no_node;
        return published;
    }
    if (!node && has_most_nodes(connection, service, publication.limits)) {
        published.outcome = Outcome::too_many_nodes;
        return published;
    }
    const bool is_first = !db.find_owner(service).has_value();
    const auto before = node_totals(connection, service).bytes;
    connection.execute(begin_publication);
    if (!node) {
        node = insert_node(db, service, publication.node, *publication.create);
        published.created = true;
    }
    put_items(connection, *node, publication.items);
    published.trimmed = trim_items(connection, node->id, std::max<std::size_t>(publication.keep_items, 1));
    if (is_too_much(publication.limits, before, node_totals(connection, service).bytes)) {
        connection.execute(undo_publication);
        if (is_first) {
            db.forget_owner(service);
        }
        published = { Outcome::too_many_bytes, false, {} };
    }
    connection.execute(end_publication);
    return published;
}

std::optional<std::vector<std::string>> retract_items(Database& db, const AccountKey& service,
    const std::string& node, const std::vector<std::string>& ids)
{
    auto& connection = db.connection();
    const auto found = find_node_row(connection, service, node);
    if (!found) {
        return std::nullopt;
    }
    std::vector<std::string> removed;
    for (const auto& id : ids) {
        if (connection.execute(delete_item, found->id, Blob { id }) > 0) {
            removed.push_back(id);
        }
    }
    return removed;
}

bool purge_items(Database& db, const AccountKey& service, const std::string& node)
{
    const auto found = find_node_row(db.connection(), service, node);
    if (!found) {
        return false;
    }
    db.connection().execute(delete_items, found->id);
    return true;
}

NodeStore::ItemPage node_items(Connection& db, const AccountKey& service, const std::string& node,
    const NodeStore::ItemQuery& query)
{
    const auto found = find_node_row(db, service, node);
    if (!found) {
        return {};
    }
    if (!query.ids.empty()) {
        return items_by_id(db, *found, query);
    }
    const auto& order = query.order == NodeStore::ItemOrder::modified ? by_modification : by_creation;
    NodeStore::ItemPage page;
    page.count = query.newest == 0 ? found->items : std::min(query.newest, found->items);
    std::optional<std::size_t> after;
    std::optional<std::size_t> before;
    page.found = (!query.after || find_place(db, order, *found, page.count, *query.after, after))
        && (!query.before || query.before->empty()
            || find_place(db, order, *found, page.count, *query.before, before));
    if (!page.found) {
        return page;
    }
    const auto places = cut_items(query, page.count, after, before);
    auto rows = db.query(order.page, found->id, sql_number(places.to - places.from),
        sql_number(page.count - places.to), std::int64_t(query.with_payload));
    while (rows.next()) {
        page.items.push_back(read_item(db, rows));
    }
    std::reverse(page.items.begin(), page.items.end());
    page.first = page.items.empty() ? 0 : places.from;
    return page;
}

std::optional<NodeStore::ArchivedItems> archived_items(Connection& db, const AccountKey& service,
    const std::string& node, const ArchiveQuery& query)
{
    const auto found = find_node_row(db, service, node);
    if (!found) {
        return NodeStore::ArchivedItems { {}, true, 0, {} };
    }
    for (const MessageId id : named_publications(query)) {
        if (!has_publication(db, *found, id)) {
            return std::nullopt;
        }
    }
    const PageOfIds cut = cut_publications(selected_publications(db, *found, query), query);
    NodeStore::ArchivedItems page { {}, cut.complete, cut.count.value_or(0), cut.first_index };
    for (const MessageId id : cut.ids) {
        auto rows = db.query(select_publication, found->id, static_cast<std::int64_t>(id));
        if (rows.next()) {
            page.items.push_back({ id, read_item(db, rows) });
        }
    }
    return page;
}

std::vector<NodeStore::LastItem> last_items(Connection& db, const NodeStore::LastItemsQuery& query)
{
    std::vector<NodeStore::LastItem> items;
    for (const auto& account : query.accounts) {
        const auto open = find_open_account(db, account, query);
        if (!open) {
            continue;
        }
        for (const auto& node : query.nodes) {
            if (auto last = find_last_item(db, *open, node, query.reader)) {
                last->service = account;
                items.push_back(std::move(*last));
            }
        }
    }
    return items;
}

std::vector<NodeStore::Expired> expire_items(Database& db, WallTime now, std::size_t limit)
{
    auto& connection = db.connection();
    std::vector<NodeStore::Expired> expired;
    std::map<std::int64_t, std::size_t> places;
    std::vector<std::int64_t> rows_to_delete;
    {
        auto rows = connection.query(select_expired_items, sql_time(now), sql_number(limit));
        while (rows.next()) {
            rows_to_delete.push_back(rows.integer(0));
            const auto [place, is_new] = places.emplace(rows.integer(2), expired.size());
            if (is_new) {
                expired.push_back({ { rows.text(4), rows.text(5) }, rows.text(3), {} });
            }
            expired[place->second].ids.push_back(rows.text(1));
        }
    }
    for (const auto row : rows_to_delete) {
        connection.execute(delete_row, row);
    }
    return expired;
}

} // namespace stonechat::sqlite
