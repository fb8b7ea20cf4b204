// SPDX-License-Identifier: Apache-2.0
#include "pubsub/access.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stonechat {
namespace {

constexpr std::array<std::pair<std::string_view, NodeAffiliation>, 6> affiliation_names { {
    { "none", NodeAffiliation::none },
    { "outcast", NodeAffiliation::outcast },
    { "member", NodeAffiliation::member },
    { "publish-only", NodeAffiliation::publish_only },
    { "publisher", NodeAffiliation::publisher },
    { "owner", NodeAffiliation::owner },
} };

constexpr std::array<std::pair<std::string_view, NodeSubscriptionState>, 4> subscription_names { {
    { "none", NodeSubscriptionState::none },
    { "pending", NodeSubscriptionState::pending },
    { "unconfigured", NodeSubscriptionState::unconfigured },
    { "subscribed", NodeSubscriptionState::subscribed },
} };

template <class Names, class T> std::string_view name_in(const Names& names, T value)
{
    return std::find_if(names.begin(), names.end(), [value](const auto& each) {
        return each.second == value;
    })->first;
}

template <class T, std::size_t size>
std::optional<T> value_in(const std::array<std::pair<std::string_view, T>, size>& names,
    std::string_view text)
{
    for (const auto& [name, value] : names) {
        if (name == text) {
            return value;
        }
    }
    return std::nullopt;
}

bool is_in_allowed_group(const NodeConfig& config, const Relation& relation)
{
    return std::any_of(relation.groups.begin(), relation.groups.end(), [&config](const std::string& group) {
        return std::binary_search(config.roster_groups.begin(), config.roster_groups.end(), group);
    });
}

/// Affiliations that let everybody in, whatever the access model (§4.1).
bool is_admitted(NodeAffiliation affiliation)
{
    return affiliation == NodeAffiliation::owner || affiliation == NodeAffiliation::publisher
        || affiliation == NodeAffiliation::member;
}

/// The checks that are the same for reading and subscribing.
std::optional<StanzaError> entrance_refused(const NodeConfig& config, const Relation& relation)
{
    if (relation.affiliation == NodeAffiliation::outcast
        || relation.affiliation == NodeAffiliation::publish_only) {
        return StanzaError(StanzaError::forbidden);
    }
    switch (config.access) {
    case NodeConfig::Access::open:
    case NodeConfig::Access::authorize: return {};
    case NodeConfig::Access::presence:
        if (!relation.is_contact) {
            return pubsub_error(StanzaError::not_authorized, "presence-subscription-required");
        }
        return {};
    case NodeConfig::Access::roster:
        if (!is_in_allowed_group(config, relation)) {
            return pubsub_error(StanzaError::not_authorized, "not-in-roster-group");
        }
        return {};
    case NodeConfig::Access::whitelist: return pubsub_error(StanzaError::not_allowed, "closed-node");
    }
    return {};
}

} // namespace

StanzaError pubsub_error(StanzaError::Condition condition, std::string_view detail)
{
    return StanzaError(condition).with(Element(detail, ns::pubsub_errors));
}

StanzaError pubsub_error(StanzaError::Condition condition, StanzaError::Type type, std::string_view detail)
{
    return StanzaError(condition, type).with(Element(detail, ns::pubsub_errors));
}

StanzaError unsupported(std::string_view feature)
{
    return StanzaError(StanzaError::feature_not_implemented)
        .with(Element("unsupported", ns::pubsub_errors).with_attribute("feature", feature));
}

std::optional<StanzaError> reading_refused(const NodeConfig& config, const Relation& relation)
{
    if (is_admitted(relation.affiliation)) {
        return {};
    }
    if (auto refused = entrance_refused(config, relation)) {
        return refused;
    }
    if (config.access == NodeConfig::Access::authorize
        && relation.subscription != NodeSubscriptionState::subscribed) {
        return pubsub_error(StanzaError::not_authorized, "not-subscribed");
    }
    return {};
}

std::optional<StanzaError> subscribing_refused(const NodeConfig& config, const Relation& relation)
{
    if (!config.subscribe) {
        return unsupported("subscribe");
    }
    if (is_admitted(relation.affiliation)) {
        return {};
    }
    if (auto refused = entrance_refused(config, relation)) {
        return refused;
    }
    if (relation.subscription == NodeSubscriptionState::pending) {
        return pubsub_error(StanzaError::not_authorized, "pending-subscription");
    }
    return {};
}

bool needs_approval(const NodeConfig& config, const Relation& relation)
{
    return config.access == NodeConfig::Access::authorize && !is_admitted(relation.affiliation);
}

bool may_publish(const NodeConfig& config, const Relation& relation)
{
    switch (relation.affiliation) {
    case NodeAffiliation::owner:
    case NodeAffiliation::publisher:
    case NodeAffiliation::publish_only: return true;
    case NodeAffiliation::outcast: return false;
    case NodeAffiliation::member:
    case NodeAffiliation::none: break;
    }
    switch (config.publish) {
    case NodeConfig::Publish::publishers: return false;
    case NodeConfig::Publish::subscribers: return relation.subscription == NodeSubscriptionState::subscribed;
    case NodeConfig::Publish::open: return !reading_refused(config, relation);
    }
    return false;
}

bool may_remove_any(const Relation& relation)
{
    return relation.affiliation == NodeAffiliation::owner;
}

std::string_view to_text(NodeAffiliation affiliation)
{
    return name_in(affiliation_names, affiliation);
}

std::optional<NodeAffiliation> node_affiliation(std::string_view text)
{
    return value_in(affiliation_names, text);
}

std::string_view to_text(NodeSubscriptionState state)
{
    return name_in(subscription_names, state);
}

std::optional<NodeSubscriptionState> node_subscription_state(std::string_view text)
{
    return value_in(subscription_names, text);
}

} // namespace stonechat
