// SPDX-License-Identifier: Apache-2.0
// AccountNodes: the nodes of one account (XEP-0163): its pubsub service is its bare address. Contacts who see
// the account's presence get its events without a subscription, if their clients want them. Part of a User,
// made on first use; shard-bound.
#pragma once

#include "pubsub/node_service.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace stonechat {

class User;

class AccountNodes final : public NodeService {
public:
    using Watchers = std::multimap<std::string, PersonalNodes::OnChange, std::less<>>;
    /// `watchers`: who is told about changes, by node. `answers`: those of all accounts of the shard.
    AccountNodes(User& user, const Watchers& watchers, ItemAnswers& answers);

    // NodeService
    std::shared_ptr<const void> hold() const override;
    const Section& settings() const override;
    Relation relation(const Node& node, const Jid& who) const override;
    bool is_blocked(const Jid& who) const override;
    bool may_create(const Jid& who) const override;
    NodeConfig default_config(std::string_view name) const override;
    bool has_contacts() const override { return true; }
    bool is_private(std::string_view node) const override;
    DataView* view(std::string_view node, const Jid& who) const override;
    std::shared_ptr<User> account() const override;
    Jid owner() const override { return address(); }
    std::vector<NotificationTarget> unsubscribed_receivers(const Node& node) const override;
    ItemAnswers* item_answers() const override { return &answers_; }
    void changed(const PersonalNodes::Change& change) override;

private:
    User& user_;
    const Watchers& watchers_;
    ItemAnswers& answers_;
};

/// The service of an address without an account: it has no nodes and makes none, and otherwise answers like
/// an account. So nobody learns by requests which accounts exist.
class NobodysNodes final : public NodeService {
public:
    NobodysNodes(Host& host, Jid address) : NodeService(host, std::move(address)) {}

    AccountKey key() const override;
    const Section& settings() const override;
    Relation relation(const Node&, const Jid&) const override { return {}; }
    bool may_create(const Jid&) const override { return false; }
    NodeConfig default_config(std::string_view name) const override;
    bool has_contacts() const override { return true; }
    Jid owner() const override { return address(); }
};

} // namespace stonechat
