// SPDX-License-Identifier: Apache-2.0
// Node: a node in memory: its configuration, affiliations and subscriptions; items stay in the store. Owned
// by its NodeService; shard-bound. A change is stored first and put here after the commit.
#pragma once

#include "pubsub/access.hpp"
#include "pubsub/node_config.hpp"
#include "router/async_mutex.hpp"
#include "storage/node_store.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Node {
    /// The order of addresses as texts, so that a part of an address can be looked up.
    struct ByText {
        using is_transparent = void;
        static std::string_view text(const Jid& jid) { return jid.text(); }
        static std::string_view text(std::string_view text) { return text; }
        template <class A, class B> bool operator()(const A& a, const B& b) const
        {
            return text(a) < text(b);
        }
    };

public:
    explicit Node(const NodeRecord& record);

    const std::string& name() const { return name_; }
    const Jid& creator() const { return creator_; }
    WallTime created() const { return created_; }
    const NodeConfig& config() const { return config_; }
    void set_config(NodeConfig config)
    {
        config_ = std::move(config);
        renew_version();
    }

    /// The affiliation of a bare address, else that of its domain (a domain can be an outcast or a member).
    NodeAffiliation affiliation(const Jid& who) const;
    using Affiliates = std::map<Jid, NodeAffiliation, ByText>;
    const Affiliates& affiliates() const { return affiliates_; }
    void put(const NodeAffiliate& affiliate);
    std::vector<Jid> owners() const;

    using Subscribers = std::map<Jid, NodeSubscriber, ByText>;
    const Subscribers& subscribers() const { return subscribers_; }
    /// The subscription of exactly this address, or null.
    const NodeSubscriber* subscriber(const Jid& jid) const;
    /// The subscriptions of a bare address and of its full addresses.
    std::vector<NodeSubscriber> subscriptions_of(const Jid& who) const;
    /// The best state among them.
    NodeSubscriptionState subscription_state(const Jid& who) const;
    void put(const NodeSubscriber& subscriber);

    /// Drops the affiliation and subscriptions of an account that was removed.
    void forget(const Jid& account);

    /// A number that no other node has, and that changes with the configuration and with the items.
    std::uint64_t version() const { return version_; }
    void renew_version();

    /// To be locked by code that changes the node: it waits for the store on the way.
    AsyncMutex& change_mutex() { return change_mutex_; }

private:
    std::string name_;
    Jid creator_;
    WallTime created_;
    NodeConfig config_;
    Affiliates affiliates_;
    Subscribers subscribers_;
    std::uint64_t version_ = 0;
    AsyncMutex change_mutex_;
};

using NodePtr = std::shared_ptr<Node>;

/// To be held while the items of a node change in the store: what was read before the end is out of date.
class ItemChange {
public:
    explicit ItemChange(NodePtr node) : node_(std::move(node)) { node_->renew_version(); }
    ItemChange(const ItemChange&) = delete;
    ItemChange& operator=(const ItemChange&) = delete;
    ~ItemChange() { node_->renew_version(); }

private:
    NodePtr node_;
};

} // namespace stonechat
