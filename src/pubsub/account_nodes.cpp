// SPDX-License-Identifier: Apache-2.0
#include "pubsub/account_nodes.hpp"

#include "pubsub/node_profiles.hpp"
#include "router/host.hpp"
#include "router/user.hpp"

namespace stonechat {

AccountNodes::AccountNodes(User& user, const Watchers& watchers, ItemAnswers& answers)
    : NodeService(user.host(), user.jid()), user_(user), watchers_(watchers), answers_(answers)
{}

const Section& AccountNodes::settings() const
{
    return host().settings("pep");
}

std::shared_ptr<const void> AccountNodes::hold() const
{
    return user_.shared_from_this();
}

Relation AccountNodes::relation(const Node& node, const Jid& who) const
{
    Relation relation;
    if (who.same_bare(address())) {
        relation.affiliation = NodeAffiliation::owner;
        return relation;
    }
    if (is_private(node.name())) {
        return relation;
    }
    relation.affiliation = node.affiliation(who);
    relation.subscription = node.subscription_state(who);
    if (const RosterRecord* contact = user_.roster().find(who.bare_text())) {
        relation.is_contact = sees_us(contact->subscription);
        if (relation.is_contact) {
            relation.groups = contact->groups;
        }
    }
    return relation;
}

bool AccountNodes::is_blocked(const Jid& who) const
{
    return user_.block_list().covers(who);
}

bool AccountNodes::may_create(const Jid& who) const
{
    return who.same_bare(address());
}

NodeConfig AccountNodes::default_config(std::string_view name) const
{
    return account_node_config(name);
}

bool AccountNodes::is_private(std::string_view node) const
{
    return is_private_for_ever(node);
}

DataView* AccountNodes::view(std::string_view node, const Jid& who) const
{
    return who.same_bare(address()) ? host().data_view(node) : nullptr;
}

std::shared_ptr<User> AccountNodes::account() const
{
    return user_.shared_from_this();
}

std::vector<NotificationTarget> AccountNodes::unsubscribed_receivers(const Node& node) const
{
    std::vector<NotificationTarget> targets;
    targets.reserve(user_.roster().records().size() + 1);
    constexpr bool if_interested = true;
    targets.push_back({ address(), if_interested }); // XEP-0163 §4.3.1: the account's own clients
    const auto& blocked = user_.block_list().jids();
    for (const RosterRecord& contact : user_.roster().records()) {
        if (!sees_us(contact.subscription) || is_blocked(contact.contact)) {
            continue;
        }
        if (!reading_refused(node.config(), relation(node, contact.contact))) {
            targets.push_back({ contact.contact, if_interested });
            for (const Jid& jid : blocked) {
                if (jid.has_resource() && jid.same_bare(contact.contact)) {
                    targets.back().except.emplace_back(jid.resource());
                }
            }
        }
    }
    return targets;
}

void AccountNodes::changed(const PersonalNodes::Change& change)
{
    const auto [first, last] = watchers_.equal_range(change.node);
    for (auto each = first; each != last; ++each) {
        each->second(user_, change);
    }
}

// The key of the host itself, which has no nodes: those of a disabled account are not to be seen.
AccountKey NobodysNodes::key() const
{
    return { std::string(address().domain()), "" };
}

const Section& NobodysNodes::settings() const
{
    return host().settings("pep");
}

NodeConfig NobodysNodes::default_config(std::string_view name) const
{
    return account_node_config(name);
}

} // namespace stonechat
