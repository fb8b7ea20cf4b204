// SPDX-License-Identifier: Apache-2.0
// What the queries on nodes and those on their items share.
#pragma once

#include "storage/sqlite/queries.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat::sqlite {

struct NodeRow {
    std::int64_t id = 0;
    std::size_t items = 0;
    std::int64_t sequence = 0; ///< of the last publication
    std::chrono::seconds item_lifetime { 0 };
};

std::optional<NodeRow> find_node_row(Connection& db, const AccountKey& service, const std::string& name);

/// Inserts a node that does not exist.
NodeRow insert_node(Database& db, const AccountKey& service, const std::string& name,
    const NodeRecord& record);

/// What a service keeps now.
struct NodeTotals {
    std::size_t nodes = 0;
    std::uint64_t bytes = 0;
};
NodeTotals node_totals(Connection& db, const AccountKey& service);

/// Returns whether a service may not have one more node.
bool has_most_nodes(Connection& db, const AccountKey& service, const NodeLimits& limits);

/// Returns the affiliation of a stored number. Anything else is a failure of the connection.
NodeAffiliation node_affiliation(Connection& db, std::int64_t number);

/// Returns the state of a subscription of a stored number. Anything else is a failure of the connection.
NodeSubscriptionState node_subscription(Connection& db, std::int64_t number);

/// Returns the address of a stored text, empty if it is empty. Anything else is a failure of the connection.
Jid node_address(Connection& db, std::string_view text);

/// Removes the oldest items beyond `keep`. Returns their ids, oldest first.
std::vector<std::string> trim_items(Connection& db, std::int64_t node, std::size_t keep);

/// Recomputes when the items of a node expire.
void set_expiry(Connection& db, std::int64_t node, std::chrono::seconds item_lifetime);

/// A number that cannot be negative, as it is stored.
inline std::uint64_t whole_number(std::int64_t stored)
{
    return stored > 0 ? static_cast<std::uint64_t>(stored) : 0;
}

} // namespace stonechat::sqlite
