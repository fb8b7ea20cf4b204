// SPDX-License-Identifier: Apache-2.0
// What somebody may do with a node: the access models (XEP-0060 section 4.5), affiliations (section 4.1) and
// publisher models, as pure decisions with the errors of the XEP.
#pragma once

#include "pubsub/node_config.hpp"
#include "storage/node_store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// What a service knows about somebody who asks for a node.
struct Relation {
    NodeAffiliation affiliation = NodeAffiliation::none;
    NodeSubscriptionState subscription = NodeSubscriptionState::none;
    bool is_contact = false;         ///< sees the presence of the service's account
    std::vector<std::string> groups; ///< of the account's roster in which the contact is
};

/// Makes an error with its condition of pubsub#errors. `feature` is for `unsupported` only.
StanzaError pubsub_error(StanzaError::Condition condition, std::string_view detail);
StanzaError pubsub_error(StanzaError::Condition condition, StanzaError::Type type, std::string_view detail);
StanzaError unsupported(std::string_view feature);

/// Returns why `relation` may not retrieve items or get events, or nullopt if it may (§6.5.9).
std::optional<StanzaError> reading_refused(const NodeConfig& config, const Relation& relation);
/// Returns why `relation` may not subscribe, or nullopt if it may (§6.1.3). With Access::authorize the
/// subscription may be pending.
std::optional<StanzaError> subscribing_refused(const NodeConfig& config, const Relation& relation);
/// Whether a new subscription waits for the approval of an owner.
bool needs_approval(const NodeConfig& config, const Relation& relation);
bool may_publish(const NodeConfig& config, const Relation& relation);
/// Whether an entity with these rights may remove any item, or purge the node (§7.2, §8.5).
bool may_remove_any(const Relation& relation);

std::string_view to_text(NodeAffiliation affiliation);
std::optional<NodeAffiliation> node_affiliation(std::string_view text);
std::string_view to_text(NodeSubscriptionState state);
std::optional<NodeSubscriptionState> node_subscription_state(std::string_view text);

} // namespace stonechat
