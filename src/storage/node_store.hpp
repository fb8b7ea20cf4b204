// SPDX-License-Identifier: Apache-2.0
// NodeStore: the nodes of pubsub services (XEP-0060) and their items. A service is an account (XEP-0163),
// with the account's key, or a service with a domain of its own, with the key { domain, "" }. Names of nodes
// and ids of items are bytes: they are compared and sorted as bytes, never prepared. The formats of a node's
// configuration and of a subscription's options belong to pubsub/.
#pragma once

#include "storage/archive_store.hpp"
#include "storage/stored.hpp"
#include "xmpp/jid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat {

/// XEP-0060 §4.1. The numbers are the stored values.
enum class NodeAffiliation : std::uint8_t {
    none = 0,
    outcast = 1,
    member = 2,
    publish_only = 3,
    publisher = 4,
    owner = 5,
};

/// XEP-0060 §4.2. The numbers are the stored values.
enum class NodeSubscriptionState : std::uint8_t { none = 0, pending = 1, unconfigured = 2, subscribed = 3 };

struct NodeAffiliate {
    Jid jid; ///< bare, or a domain
    NodeAffiliation affiliation = NodeAffiliation::none;
    friend bool operator==(const NodeAffiliate&, const NodeAffiliate&) = default;
};

/// A node has at most one subscription of each address.
struct NodeSubscriber {
    Jid jid; ///< bare or full: where the events go
    NodeSubscriptionState state = NodeSubscriptionState::none;
    std::string id;      ///< `subid`
    std::string options; ///< in the format of pubsub/
    friend bool operator==(const NodeSubscriber&, const NodeSubscriber&) = default;
};

struct NodeRecord {
    std::string name;
    std::string config; ///< in the format of pubsub/
    Jid creator;        ///< bare
    WallTime created;
    /// Items that were published longer ago than this are removed by `expire`; zero: never. A part of the
    /// configuration that the store has to know.
    std::chrono::seconds item_lifetime { 0 };
    std::vector<NodeAffiliate> affiliates;   ///< in order of jid; none with affiliation none
    std::vector<NodeSubscriber> subscribers; ///< in order of jid; none with state none
    std::size_t items = 0;                   ///< number of items now
    std::uint64_t item_bytes = 0;            ///< total size of their ids and payloads
};

/// A node in a list.
struct NodeSummary {
    std::string name;
    std::string config;
    std::vector<NodeAffiliate> affiliates;
    std::vector<NodeSubscriber> subscribers;
};

struct NodeItem {
    std::string id;
    Jid publisher;       ///< bare; empty if nobody needs to know
    std::string payload; ///< the one element in `<item/>`, as XML; may be empty
    WallTime created;    ///< when an item with this id first appeared; kept when it is published again
    WallTime modified;
    friend bool operator==(const NodeItem&, const NodeItem&) = default;
};

/// What one service may keep. 0: no limit.
struct NodeLimits {
    std::size_t nodes = 0;
    /// Of the items of all nodes together, ids and payloads. A publication that does not add to them is
    /// never refused.
    std::uint64_t bytes = 0;
};

class NodeStore {
public:
    virtual ~NodeStore() = default;

    /// Returns the node, without its items.
    virtual Stored<std::optional<NodeRecord>> find(const AccountKey& service, std::string node) = 0;
    /// Returns nodes sorted by name, starting after `after`, `limit` at most.
    virtual Stored<std::vector<NodeSummary>> list(const AccountKey& service, std::string after,
        std::size_t limit) = 0;

    enum class Creation { created, exists, too_many_nodes };
    /// Creates a node without items. Changes nothing unless the answer is `created`.
    virtual Stored<Creation> create(const AccountKey& service, NodeRecord record, NodeLimits limits) = 0;

    struct Change {
        std::optional<std::string> config;
        std::optional<std::chrono::seconds> item_lifetime; ///< set together with `config`
        /// Items beyond this number are removed, oldest modification first; they are in the answer.
        std::optional<std::size_t> keep_items;
        std::vector<NodeAffiliate> affiliates;   ///< each replaces the record; affiliation none deletes it
        std::vector<NodeSubscriber> subscribers; ///< each replaces the record; state none deletes it
    };
    /// Applies the change in one transaction. Absent fields stay as they are. Returns the ids of removed
    /// items, oldest first, or nullopt if there is no such node.
    virtual Stored<std::optional<std::vector<std::string>>> change(const AccountKey& service,
        std::string node, Change change) = 0;
    /// Removes the node with its items, affiliations and subscriptions. Returns false if there was none.
    virtual Stored<bool> remove(const AccountKey& service, std::string node) = 0;

    struct Publication {
        std::string node;
        /// Creates the node with this record if it does not exist, in the same transaction. Its `name` is
        /// `node`.
        std::optional<NodeRecord> create;
        std::vector<NodeItem> items; ///< `created` is ignored: both times become `modified`
        /// The node keeps this many items, those that were modified last; at least 1.
        std::size_t keep_items = 1;
        NodeLimits limits;
    };
    struct Published {
        enum class Outcome { published, no_node, too_many_nodes, too_many_bytes };
        Outcome outcome = Outcome::published;
        bool created = false;             ///< the node was created
        std::vector<std::string> trimmed; ///< ids of items removed because of keep_items, oldest first
    };
    /// Adds items, or replaces those with the same id, in one transaction. A published item is the newest of
    /// its node, in the order of `items`; a replaced item keeps its `created`. Changes nothing unless the
    /// outcome is `published`.
    virtual Stored<Published> publish(const AccountKey& service, Publication publication) = 0;
    /// Removes items. Returns the ids of those that existed; nullopt if there is no such node.
    virtual Stored<std::optional<std::vector<std::string>>> retract(const AccountKey& service,
        std::string node, std::vector<std::string> ids) = 0;
    /// Removes all items. Returns false if there is no such node.
    virtual Stored<bool> purge(const AccountKey& service, std::string node) = 0;

    /// By the last publication of each item, or by its first.
    enum class ItemOrder { modified, created };
    struct ItemQuery {
        /// If not empty: these, in this order and each once; only `with_payload` is used besides.
        std::vector<std::string> ids;
        ItemOrder order = ItemOrder::modified;
        /// Only the newest items in this order; the page is a part of them. 0: all.
        std::size_t newest = 0;
        // Paging (XEP-0059), from the oldest to the newest item.
        std::optional<std::string> after;  ///< only items behind the one with this id
        std::optional<std::string> before; ///< only items ahead of the one with this id; "": of the end
        std::optional<std::size_t> index;  ///< only items from this place on
        std::size_t max = SIZE_MAX;        ///< with `before`: the last so many; else the first so many
        bool with_payload = true;          ///< false: payloads stay empty
    };
    struct ItemPage {
        std::vector<NodeItem> items; ///< oldest first, or in the order of `ids`
        std::size_t first = 0;       ///< place of the first item of the page among all that were asked for
        std::size_t count = 0;       ///< number of all that were asked for, without paging
        bool found = true;           ///< false: there is no item `after` or `before`
    };
    /// Returns items of a node; an empty page if there is no such node.
    virtual Stored<ItemPage> items(const AccountKey& service, std::string node, ItemQuery query) = 0;

    /// An item in the archive of its node (XEP-0442). Its id there numbers the publications of the node: it
    /// is never used again, also not when the item is published again.
    struct ArchivedItem {
        MessageId id = 0;
        NodeItem item;
    };
    struct ArchivedItems {
        std::vector<ArchivedItem> items; ///< oldest publication first
        bool complete = false;           ///< no further page in the direction of paging
        std::size_t count = 0;           ///< size of the selection
        std::optional<std::size_t> first_index;
    };
    /// Returns a page of the items of a node, in the order of their last publication. Of the query, `with` is
    /// the address of the publisher, and `text` is not used. Returns nothing if an id that the query names is
    /// unknown, an empty page if there is no such node.
    virtual Stored<std::optional<ArchivedItems>> archive(const AccountKey& service, std::string node,
        ArchiveQuery query) = 0;

    /// A service's record of somebody: what it has in one of its nodes.
    struct Involvement {
        std::string node;
        NodeAffiliation affiliation = NodeAffiliation::none;
        std::vector<NodeSubscriber> subscriptions; ///< of the bare address and of its full addresses
    };
    /// Returns the nodes of the service with an affiliation or a subscription of `user` (bare), by name.
    virtual Stored<std::vector<Involvement>> involving(const AccountKey& service, Jid user) = 0;
    /// Returns the names of nodes with subscriptions that wait for approval, sorted, `limit` at most: of
    /// those that `owner` (bare) owns, or of all if it is empty.
    virtual Stored<std::vector<std::string>> pending(const AccountKey& service, Jid owner,
        std::size_t limit) = 0;
    /// Removes all affiliations and subscriptions of `user` (bare) in the nodes of all services, also of an
    /// only owner: administrators own all nodes of a service. Part of AccountStore::remove.
    virtual Stored<Done> forget(Jid user) = 0;

    /// One node with its newest item, as somebody who reads it needs it.
    struct LastItem {
        AccountKey service;
        std::string node;
        std::string config;
        /// The affiliation of the reader (of the bare address, else of its domain).
        NodeAffiliation affiliation = NodeAffiliation::none;
        /// The best state of the subscriptions of the reader's bare address and its full addresses.
        NodeSubscriptionState subscription = NodeSubscriptionState::none;
        std::vector<std::string> groups; ///< of the reader in the owner's roster
        NodeItem item;
    };
    struct LastItemsQuery {
        Jid reader;                       ///< full, or bare if no block of one client matters
        std::vector<AccountKey> accounts; ///< whose nodes; accounts only
        std::vector<std::string> nodes;   ///< names
        /// An account that has a value in this keyval store under the name of the reader's full or bare
        /// address or its domain is passed over: it blocks the reader. The reader's own account is never
        /// passed over.
        std::string block_store;
    };
    /// Returns the newest items of these nodes, of those accounts whose roster lets `reader` see their
    /// presence (subscription from or both) or that are the reader. One pass over the data, in no order.
    virtual Stored<std::vector<LastItem>> last_items(LastItemsQuery query) = 0;

    /// An item that `expire` removed.
    struct Expired {
        AccountKey service;
        std::string node;
        std::vector<std::string> ids;
    };
    /// Removes items whose node's item_lifetime is over at `now`, `limit` items at most. Returns what was
    /// removed: less than `limit` means that no more is due.
    virtual Stored<std::vector<Expired>> expire(WallTime now, std::size_t limit) = 0;
};

} // namespace stonechat
