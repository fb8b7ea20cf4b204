// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace stonechat {

Node::Node(const NodeRecord& record)
    : name_(record.name), creator_(record.creator), created_(record.created),
      config_(node_config_from_text(record.config))
{
    renew_version();
    for (const NodeAffiliate& each : record.affiliates) {
        put(each);
    }
    for (const NodeSubscriber& each : record.subscribers) {
        put(each);
    }
}

void Node::renew_version()
{
    static std::atomic<std::uint64_t> last = 0; // shared by all shards
    version_ = ++last;
}

NodeAffiliation Node::affiliation(const Jid& who) const
{
    const auto found = affiliates_.find(who.bare_text());
    if (found != affiliates_.end()) {
        return found->second;
    }
    const auto domain = affiliates_.find(who.domain());
    return domain == affiliates_.end() ? NodeAffiliation::none : domain->second;
}

void Node::put(const NodeAffiliate& affiliate)
{
    if (affiliate.affiliation == NodeAffiliation::none) {
        affiliates_.erase(affiliate.jid);
    } else {
        affiliates_.insert_or_assign(affiliate.jid, affiliate.affiliation);
    }
}

std::vector<Jid> Node::owners() const
{
    std::vector<Jid> owners;
    for (const auto& [jid, affiliation] : affiliates_) {
        if (affiliation == NodeAffiliation::owner) {
            owners.push_back(jid);
        }
    }
    return owners;
}

const NodeSubscriber* Node::subscriber(const Jid& jid) const
{
    const auto found = subscribers_.find(jid);
    return found == subscribers_.end() ? nullptr : &found->second;
}

std::vector<NodeSubscriber> Node::subscriptions_of(const Jid& who) const
{
    std::vector<NodeSubscriber> found;
    const auto bare = subscribers_.find(who.bare_text());
    if (bare != subscribers_.end()) {
        found.push_back(bare->second);
    }
    // Other addresses may stand between the bare address and its full ones: `a@b.example` < `a@b/x`.
    const std::string prefix = std::string(who.bare_text()) + "/";
    auto each = subscribers_.lower_bound(std::string_view(prefix));
    for (; each != subscribers_.end() && each->first.text().starts_with(prefix); ++each) {
        found.push_back(each->second);
    }
    return found;
}

NodeSubscriptionState Node::subscription_state(const Jid& who) const
{
    NodeSubscriptionState best = NodeSubscriptionState::none;
    for (const NodeSubscriber& each : subscriptions_of(who)) {
        best = std::max(best, each.state);
    }
    return best;
}

void Node::put(const NodeSubscriber& subscriber)
{
    if (subscriber.state == NodeSubscriptionState::none) {
        subscribers_.erase(subscriber.jid);
    } else {
        subscribers_.insert_or_assign(subscriber.jid, subscriber);
    }
}

void Node::forget(const Jid& account)
{
    affiliates_.erase(account);
    for (const NodeSubscriber& each : subscriptions_of(account)) {
        subscribers_.erase(each.jid);
    }
}

} // namespace stonechat
