// SPDX-License-Identifier: Apache-2.0
// NodeService: the nodes of one address, as far as they are in memory: of an account (XEP-0163; `pep`) or of
// a service with a domain of its own (XEP-0060; `pubsub`). What differs between the two is virtual; how
// requests are answered is in the files beside this one. Lives on the home shard of its address; shard-bound.
#pragma once

#include "base/string_hash.hpp"
#include "base/task.hpp"
#include "config/settings.hpp"
#include "pubsub/access.hpp"
#include "pubsub/node.hpp"
#include "router/async_mutex.hpp"
#include "router/notifications.hpp"
#include "router/personal_nodes.hpp"
#include "storage/node_store.hpp"
#include "xmpp/stanza_error.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class DataView;
class Host;
class ItemAnswers;
class NodeStore;
class User;

class NodeService {
public:
    NodeService(Host& host, Jid address);
    virtual ~NodeService() = default;
    NodeService(const NodeService&) = delete;
    NodeService& operator=(const NodeService&) = delete;

    Host& host() const { return host_; }
    /// The address from which events come: a bare address or a domain.
    const Jid& address() const { return address_; }
    /// The key of its nodes in the store.
    virtual AccountKey key() const;
    /// Keeps this service alive as long as it is held: background work holds it.
    virtual std::shared_ptr<const void> hold() const { return {}; }
    NodeStore& store() const;

    /// The module's settings as of now; valid until the next turn of the loop.
    virtual const Section& settings() const = 0;
    /// What `who` (any address) is to `node`.
    virtual Relation relation(const Node& node, const Jid& who) const = 0;
    /// Whether the service passes over `who`: neither events nor subscriptions.
    virtual bool is_blocked(const Jid&) const { return false; }
    virtual bool may_create(const Jid& who) const = 0;
    /// The configuration of a new node `name`.
    virtual NodeConfig default_config(std::string_view name) const = 0;
    /// Whether access models that need a roster are possible.
    virtual bool has_contacts() const = 0;
    /// Whether the node is private for ever.
    virtual bool is_private(std::string_view) const { return false; }
    /// The view that `who` gets in place of a stored node of this name, or null.
    virtual DataView* view(std::string_view, const Jid&) const { return nullptr; }
    /// The account whose nodes these are, or null.
    virtual std::shared_ptr<User> account() const { return {}; }
    /// The owner of the service, who owns every node of it, or an empty address.
    virtual Jid owner() const { return {}; }
    /// Whether `who` owns every node of the service.
    virtual bool owns_all(const Jid& who) const { return !owner().empty() && who.same_bare(owner()); }
    /// Who gets events of `node` without a subscription, as far as their clients want them (XEP-0163 §4).
    virtual std::vector<NotificationTarget> unsubscribed_receivers(const Node&) const { return {}; }

    /// Answers to requests for items, or null if they are not kept.
    virtual ItemAnswers* item_answers() const { return nullptr; }

    /// Called after a committed change of the items of a node.
    virtual void changed(const PersonalNodes::Change&) {}

    NodeConfigLimits config_limits(std::string_view node) const;
    NodeLimits limits() const;
    std::size_t max_subscribers() const;
    std::size_t max_item_bytes() const;
    /// Number of items in one answer.
    std::size_t max_page() const;

    /// Returns the node, from the store if it is not in memory; `item-not-found` if there is none.
    Task<Result<NodePtr, StanzaError>> find(std::string name);
    /// The same for those who own the node; `forbidden` for others.
    Task<Result<NodePtr, StanzaError>> find_owned(std::string name, Jid who);
    /// Stores a change of a node. Returns the ids of the items that it removed; `item-not-found` if there is
    /// no such node any more. What the node has in memory is the caller's to change.
    Task<Result<std::vector<std::string>, StanzaError>> store_change(NodePtr node, NodeStore::Change change);
    /// Takes a node that was just created, unless somebody has found it in the store already: there is one
    /// object for a node.
    void add(NodePtr node);
    /// Drops a node from memory, because it was deleted or is in doubt.
    void forget(std::string_view name);
    /// Drops what the nodes in memory have of an account that was removed.
    void drop(const Jid& account);
    /// Drops nodes that nobody uses at the moment.
    void drop_idle();
    std::size_t loaded() const { return nodes_.size(); }

    /// To be locked by code that creates a node.
    AsyncMutex& creation_mutex() { return creation_mutex_; }

private:
    Host& host_;
    Jid address_;
    StringMap<NodePtr> nodes_;
    AsyncMutex creation_mutex_;
};

} // namespace stonechat
