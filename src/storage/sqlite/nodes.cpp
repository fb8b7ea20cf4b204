// SPDX-License-Identifier: Apache-2.0
// The node store as SQL, without the items (node_items.cpp). Names of nodes and ids of items are blobs, which
// SQLite compares byte by byte. Triggers keep the counts of `node` and `owner` (schema.cpp).
#include "storage/sqlite/node_rows.hpp"

#include <map>

namespace stonechat::sqlite {

namespace {

constexpr auto select_node_row =
    "SELECT n.id, n.items, n.sequence, n.item_lifetime FROM owner o JOIN node n ON n.owner = o.id"
    " WHERE o.host = ?1 AND o.user = ?2 AND n.name = ?3";
constexpr auto select_node_record =
    "SELECT n.id, n.config, n.creator, n.created, n.item_lifetime, n.items, n.item_bytes"
    " FROM owner o JOIN node n ON n.owner = o.id WHERE o.host = ?1 AND o.user = ?2 AND n.name = ?3";
constexpr auto select_nodes = "SELECT n.id, n.name, n.config FROM owner o JOIN node n ON n.owner = o.id"
                              " WHERE o.host = ?1 AND o.user = ?2 AND n.name > ?3 ORDER BY n.name LIMIT ?4";
constexpr auto select_affiliates =
    "SELECT jid, affiliation FROM node_affiliation WHERE node = ?1 ORDER BY jid";
constexpr auto select_subscribers =
    "SELECT jid, state, id, options FROM node_subscription WHERE node = ?1 ORDER BY jid";
constexpr auto select_totals = "SELECT nodes, node_bytes FROM owner WHERE host = ?1 AND user = ?2";
constexpr auto insert_node_row =
    "INSERT INTO node (owner, name, config, creator, created, item_lifetime, sequence, items, item_bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)";
constexpr auto update_node_config = "UPDATE node SET config = ?2 WHERE id = ?1";
constexpr auto update_item_lifetime = "UPDATE node SET item_lifetime = ?2 WHERE id = ?1";
constexpr auto delete_node = "DELETE FROM node WHERE id = ?1";
constexpr auto upsert_affiliate = "INSERT INTO node_affiliation (node, jid, affiliation) VALUES (?1, ?2, ?3)"
                                  " ON CONFLICT DO UPDATE SET affiliation = excluded.affiliation";
constexpr auto delete_affiliate = "DELETE FROM node_affiliation WHERE node = ?1 AND jid = ?2";
constexpr auto upsert_subscriber =
    "INSERT INTO node_subscription (node, jid, state, id, options) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT DO UPDATE SET state = excluded.state, id = excluded.id, options = excluded.options";
constexpr auto delete_subscriber = "DELETE FROM node_subscription WHERE node = ?1 AND jid = ?2";
constexpr auto select_affiliations_of =
    "SELECT n.name, a.affiliation FROM node_affiliation a CROSS JOIN node n ON n.id = a.node"
    " WHERE a.jid = ?2 AND n.owner = ?1";
// The full addresses of ?2 are those between `?2/` and `?20`: '0' comes after '/'.
constexpr auto select_subscriptions_of =
    "SELECT n.name, s.jid, s.state, s.id, s.options FROM node_subscription s CROSS JOIN node n ON n.id = "
    "s.node"
    " WHERE (s.jid = ?2 OR (s.jid > ?2 || '/' AND s.jid < ?2 || '0')) AND n.owner = ?1 ORDER BY s.jid";
constexpr auto select_with_pending =
    "SELECT n.name FROM node n WHERE n.owner = ?1 AND (?2 = '' OR EXISTS (SELECT 1 FROM node_affiliation a"
    " WHERE a.node = n.id AND a.jid = ?2 AND a.affiliation = ?3)) AND EXISTS"
    " (SELECT 1 FROM node_subscription s WHERE s.node = n.id AND s.state = ?4) ORDER BY n.name LIMIT ?5";
constexpr auto delete_affiliations_of = "DELETE FROM node_affiliation WHERE jid = ?1";
constexpr auto delete_subscriptions_of =
    "DELETE FROM node_subscription WHERE jid = ?1 OR (jid > ?1 || '/' AND jid < ?1 || '0')";

std::vector<NodeAffiliate> read_affiliates(Connection& db, std::int64_t node)
{
    std::vector<NodeAffiliate> affiliates;
    auto rows = db.query(select_affiliates, node);
    while (rows.next()) {
        affiliates.push_back({ node_address(db, rows.view(0)), node_affiliation(db, rows.integer(1)) });
    }
    return affiliates;
}

/// Reads a subscription from the columns jid, state, id and options.
NodeSubscriber read_subscriber(Connection& db, const Rows& rows, int column)
{
    return { node_address(db, rows.view(column)), node_subscription(db, rows.integer(column + 1)),
        rows.text(column + 2), rows.text(column + 3) };
}

std::vector<NodeSubscriber> read_subscribers(Connection& db, std::int64_t node)
{
    std::vector<NodeSubscriber> subscribers;
    auto rows = db.query(select_subscribers, node);
    while (rows.next()) {
        subscribers.push_back(read_subscriber(db, rows, 0));
    }
    return subscribers;
}

void write_affiliates(Connection& db, std::int64_t node, const std::vector<NodeAffiliate>& affiliates)
{
    for (const auto& [jid, affiliation] : affiliates) {
        if (affiliation == NodeAffiliation::none) {
            db.execute(delete_affiliate, node, jid.text());
        } else {
            db.execute(upsert_affiliate, node, jid.text(), static_cast<std::int64_t>(affiliation));
        }
    }
}

void write_subscribers(Connection& db, std::int64_t node, const std::vector<NodeSubscriber>& subscribers)
{
    for (const auto& subscriber : subscribers) {
        if (subscriber.state == NodeSubscriptionState::none) {
            db.execute(delete_subscriber, node, subscriber.jid.text());
        } else {
            db.execute(upsert_subscriber, node, subscriber.jid.text(),
                static_cast<std::int64_t>(subscriber.state), subscriber.id, subscriber.options);
        }
    }
}

} // namespace

std::optional<NodeRow> find_node_row(Connection& db, const AccountKey& service, const std::string& name)
{
    auto rows = db.query(select_node_row, service.host, service.user, Blob { name });
    if (!rows.next()) {
        return std::nullopt;
    }
    return NodeRow { rows.integer(0), whole_number(rows.integer(1)), rows.integer(2),
        std::chrono::seconds(rows.integer(3)) };
}

NodeRow insert_node(Database& db, const AccountKey& service, const std::string& name,
    const NodeRecord& record)
{
    auto& connection = db.connection();
    const auto owner = db.owner(service);
    connection.execute(insert_node_row, owner, Blob { name }, record.config, record.creator.text(),
        sql_time(record.created), static_cast<std::int64_t>(record.item_lifetime.count()));
    NodeRow node;
    node.id = connection.last_row_id();
    node.item_lifetime = record.item_lifetime;
    write_affiliates(connection, node.id, record.affiliates);
    write_subscribers(connection, node.id, record.subscribers);
    return node;
}

NodeTotals node_totals(Connection& db, const AccountKey& service)
{
    auto rows = db.query(select_totals, service.host, service.user);
    return rows.next() ? NodeTotals { whole_number(rows.integer(0)), whole_number(rows.integer(1)) }
                       : NodeTotals();
}

bool has_most_nodes(Connection& db, const AccountKey& service, const NodeLimits& limits)
{
    return limits.nodes != 0 && node_totals(db, service).nodes >= limits.nodes;
}

NodeAffiliation node_affiliation(Connection& db, std::int64_t number)
{
    if (number < static_cast<int>(NodeAffiliation::none)
        || number > static_cast<int>(NodeAffiliation::owner)) {
        db.fail(Failure::damaged, "an affiliation with a node that makes no sense");
        return NodeAffiliation::none;
    }
    return static_cast<NodeAffiliation>(number);
}

NodeSubscriptionState node_subscription(Connection& db, std::int64_t number)
{
    if (number < static_cast<int>(NodeSubscriptionState::none)
        || number > static_cast<int>(NodeSubscriptionState::subscribed)) {
        db.fail(Failure::damaged, "a subscription of a node that makes no sense");
        return NodeSubscriptionState::none;
    }
    return static_cast<NodeSubscriptionState>(number);
}

Jid node_address(Connection& db, std::string_view text)
{
    auto jid = text.empty() ? Jid() : Jid::parse(text);
    if (!jid) {
        db.fail(Failure::damaged, "an address in a node that makes no sense");
        return Jid();
    }
    return std::move(*jid);
}

std::optional<NodeRecord> find_node(Connection& db, const AccountKey& service, const std::string& name)
{
    std::optional<NodeRecord> record;
    std::int64_t node = 0;
    {
        auto rows = db.query(select_node_record, service.host, service.user, Blob { name });
        if (!rows.next()) {
            return record;
        }
        record.emplace();
        node = rows.integer(0);
        record->name = name;
        record->config = rows.text(1);
        record->creator = node_address(db, rows.view(2));
        record->created = wall_time(rows.integer(3));
        record->item_lifetime = std::chrono::seconds(rows.integer(4));
        record->items = whole_number(rows.integer(5));
        record->item_bytes = whole_number(rows.integer(6));
    }
    record->affiliates = read_affiliates(db, node);
    record->subscribers = read_subscribers(db, node);
    return record;
}

std::vector<NodeSummary> list_nodes(Connection& db, const AccountKey& service, const std::string& after,
    std::size_t limit)
{
    std::vector<NodeSummary> nodes;
    auto rows = db.query(select_nodes, service.host, service.user, Blob { after }, sql_number(limit));
    while (rows.next()) {
        const auto node = rows.integer(0);
        nodes.push_back({ rows.text(1), rows.text(2), read_affiliates(db, node),
            read_subscribers(db, node) });
    }
    return nodes;
}

NodeStore::Creation create_node(Database& db, const AccountKey& service, const NodeRecord& record,
    const NodeLimits& limits)
{
    if (find_node_row(db.connection(), service, record.name)) {
        return NodeStore::Creation::exists;
    }
    if (has_most_nodes(db.connection(), service, limits)) {
        return NodeStore::Creation::too_many_nodes;
    }
    insert_node(db, service, record.name, record);
    return NodeStore::Creation::created;
}

std::optional<std::vector<std::string>> change_node(Database& db, const AccountKey& service,
    const std::string& name, const NodeStore::Change& change)
{
    auto& connection = db.connection();
    const auto node = find_node_row(connection, service, name);
    if (!node) {
        return std::nullopt;
    }
    if (change.config) {
        connection.execute(update_node_config, node->id, *change.config);
    }
    if (change.item_lifetime && *change.item_lifetime != node->item_lifetime) {
        connection.execute(update_item_lifetime, node->id,
            static_cast<std::int64_t>(change.item_lifetime->count()));
        set_expiry(connection, node->id, *change.item_lifetime);
    }
    write_affiliates(connection, node->id, change.affiliates);
    write_subscribers(connection, node->id, change.subscribers);
    return change.keep_items ? trim_items(connection, node->id, *change.keep_items)
                             : std::vector<std::string>();
}

bool remove_node(Database& db, const AccountKey& service, const std::string& name)
{
    const auto node = find_node_row(db.connection(), service, name);
    if (!node) {
        return false;
    }
    db.connection().execute(delete_node, node->id);
    return true;
}

std::vector<NodeStore::Involvement> nodes_involving(Connection& db, const AccountKey& service,
    const Jid& user)
{
    std::map<std::string, NodeStore::Involvement> by_name;
    const auto owner = owner_number(db, service);
    if (!owner) {
        return {};
    }
    auto affiliations = db.query(select_affiliations_of, *owner, user.text());
    while (affiliations.next()) {
        by_name[affiliations.text(0)].affiliation = node_affiliation(db, affiliations.integer(1));
    }
    auto subscriptions = db.query(select_subscriptions_of, *owner, user.text());
    while (subscriptions.next()) {
        by_name[subscriptions.text(0)].subscriptions.push_back(read_subscriber(db, subscriptions, 1));
    }
    std::vector<NodeStore::Involvement> involvements;
    for (auto& [name, involvement] : by_name) {
        involvement.node = name;
        involvements.push_back(std::move(involvement));
    }
    return involvements;
}

std::vector<std::string> nodes_with_pending(Connection& db, const AccountKey& service, const Jid& owner,
    std::size_t limit)
{
    std::vector<std::string> names;
    if (const auto holder = owner_number(db, service)) {
        auto rows = db.query(select_with_pending, *holder, owner.text(),
            static_cast<std::int64_t>(NodeAffiliation::owner),
            static_cast<std::int64_t>(NodeSubscriptionState::pending), sql_number(limit));
        while (rows.next()) {
            names.push_back(rows.text(0));
        }
    }
    return names;
}

Done forget_in_nodes(Connection& db, const Jid& user)
{
    db.execute(delete_affiliations_of, user.text());
    db.execute(delete_subscriptions_of, user.text());
    return Done();
}

} // namespace stonechat::sqlite
