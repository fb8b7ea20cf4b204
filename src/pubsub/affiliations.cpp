// SPDX-License-Identifier: Apache-2.0
// XEP-0060 sections 5.7 and 8.9: affiliations: those of the sender in all nodes, and those of a node for its
// owners.
#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

/// Affiliations of a node that its owners may set at most.
constexpr std::size_t most_affiliations = 10'000;

void add_affiliation(Element& list, std::string_view attribute, std::string_view value,
    NodeAffiliation affiliation)
{
    Element& element = list.add("affiliation");
    element.set_attribute(attribute, value).set_attribute("affiliation", to_text(affiliation));
}

/// §5.7. The owner of the service owns all nodes; those are in service discovery, not in this list.
Task<IqAnswer> answer_own_affiliations(NodeService& service, PubsubRequest request)
{
    Element answer("pubsub", ns::pubsub);
    Element list("affiliations", ns::pubsub);
    const std::string name = request.node();
    if (!name.empty()) {
        auto finding = service.find(name);
        const auto node = co_await finding;
        if (!node) {
            co_return node.error();
        }
        list.set_attribute("node", name);
        const NodeAffiliation affiliation = service.relation(**node, request.from()).affiliation;
        if (affiliation != NodeAffiliation::none) {
            add_affiliation(list, "node", name, affiliation);
        }
    } else {
        auto reading = service.store().involving(service.key(), request.from().bare());
        const auto involved = co_await reading;
        if (!involved) {
            co_return to_stanza_error(involved.error());
        }
        for (const NodeStore::Involvement& each : *involved) {
            if (each.affiliation != NodeAffiliation::none) {
                add_affiliation(list, "node", each.node, each.affiliation);
            }
        }
    }
    answer.add(std::move(list));
    co_return answer;
}

/// §8.9.1
Task<IqAnswer> answer_node_affiliations(NodeService& service, PubsubRequest request)
{
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    Element answer("pubsub", ns::pubsub_owner);
    Element& list = answer.add("affiliations");
    list.set_attribute("node", (*node)->name());
    if (!service.owner().empty()) {
        add_affiliation(list, "jid", service.owner().text(), NodeAffiliation::owner);
    }
    for (const auto& [jid, affiliation] : (*node)->affiliates()) {
        add_affiliation(list, "jid", jid.text(), affiliation);
    }
    co_return answer;
}

/// Reads the changes that an owner wants. An entry that makes no sense refuses them all.
Result<std::vector<NodeAffiliate>, StanzaError> wanted_affiliations(const PubsubRequest& request)
{
    std::vector<NodeAffiliate> wanted;
    for (const Element* each : request.operation->children("affiliation", ns::pubsub_owner)) {
        if (!each->has_attribute("affiliation")) {
            continue; // §8.9.2.1: no change
        }
        const auto jid = Jid::parse(each->attribute_or("jid"));
        if (!jid) {
            return StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify);
        }
        const auto affiliation = node_affiliation(each->attribute_or("affiliation"));
        if (!affiliation) {
            return StanzaError(StanzaError::bad_request, "There is no such affiliation");
        }
        const bool again = std::any_of(wanted.begin(), wanted.end(),
            [&jid](const NodeAffiliate& other) { return other.jid.same_bare(*jid); });
        if (again) {
            return StanzaError(StanzaError::bad_request, "An entity is listed twice"); // §8.9.2.4
        }
        wanted.push_back({ jid->bare(), *affiliation });
    }
    return wanted;
}

/// §8.9.2.4: a node keeps an owner, and the owner of the service stays what it is.
std::optional<StanzaError> impossible(const NodeService& service, const Node& node,
    const std::vector<NodeAffiliate>& wanted)
{
    auto after = node.affiliates();
    for (const NodeAffiliate& each : wanted) {
        if (each.jid == service.owner()) {
            return StanzaError(StanzaError::not_acceptable, "The account owns its nodes");
        }
        after.insert_or_assign(each.jid, each.affiliation);
    }
    const bool has_owner = std::any_of(after.begin(), after.end(),
        [](const auto& each) { return each.second == NodeAffiliation::owner; });
    if (service.owner().empty() && !has_owner) {
        return StanzaError(StanzaError::not_acceptable, "A node needs an owner");
    }
    if (after.size() > most_affiliations) {
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "A node may have " + std::to_string(most_affiliations) + " affiliations at most");
    }
    return {};
}

/// §8.7: an outcast loses its subscriptions; who may publish needs no approval any more.
void settle_subscriptions(NodeService& service, const NodePtr& node, const NodeAffiliate& changed)
{
    std::vector<NodeSubscriber> subscriptions = node->subscriptions_of(changed.jid);
    switch (changed.affiliation) {
    case NodeAffiliation::outcast: end_subscriptions(service, node, std::move(subscriptions)); break;
    case NodeAffiliation::owner:
    case NodeAffiliation::publisher:
    case NodeAffiliation::member: approve_subscriptions(service, node, std::move(subscriptions)); break;
    case NodeAffiliation::none:
    case NodeAffiliation::publish_only: break;
    }
}

/// §8.9.2
Task<IqAnswer> answer_change_affiliations(NodeService& service, PubsubRequest request)
{
    auto wanted = wanted_affiliations(request);
    if (!wanted) {
        co_return wanted.error();
    }
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    if (auto refused = impossible(service, **node, *wanted)) {
        co_return std::move(*refused);
    }
    NodeStore::Change change;
    change.affiliates = *wanted;
    auto changing = service.store_change(*node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    for (const NodeAffiliate& each : *wanted) {
        (*node)->put(each);
        settle_subscriptions(service, *node, each);
    }
    co_return std::nullopt;
}

} // namespace

void attach_affiliations(PubsubRequests& on)
{
    on.get(ns::pubsub, "affiliations", answer_own_affiliations);
    on.get(ns::pubsub_owner, "affiliations", answer_node_affiliations);
    on.set(ns::pubsub_owner, "affiliations", answer_change_affiliations);
}

} // namespace stonechat
