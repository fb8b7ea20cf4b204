// SPDX-License-Identifier: Apache-2.0
// XEP-0060 sections 5.7 and 8.9: affiliations: those of the sender in all nodes, and those of a node for its
// owners.
#include "pubsub/events.hpp"
#include "pubsub/failed_entries.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
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

/// Reads the addresses of a request. One that is listed twice refuses the request.
std::optional<StanzaError> listed_twice(const std::vector<const Element*>& entries)
{
    std::set<std::string, std::less<>> seen;
    for (const Element* each : entries) {
        const auto jid = Jid::parse(each->attribute_or("jid"));
        if (jid && !seen.emplace(jid->bare_text()).second) {
            return StanzaError(StanzaError::bad_request, "An entity is listed twice"); // §8.9.2.4
        }
    }
    return {};
}

/// Works out which of the changes that an owner wants are possible, one after another.
class WantedAffiliations {
public:
    WantedAffiliations(const NodeService& service, const Node& node)
        : service_(service), after_(node.affiliates())
    {}

    void take(const Element& entry)
    {
        const auto jid = Jid::parse(entry.attribute_or("jid"));
        if (!jid) {
            fail(entry, NodeAffiliation::none,
                StanzaError(StanzaError::jid_malformed, StanzaError::Type::modify));
            return;
        }
        const auto affiliation = node_affiliation(entry.attribute_or("affiliation"));
        const NodeAffiliation now = affiliation_now(jid->bare());
        if (!affiliation) {
            fail(entry, now, StanzaError(StanzaError::bad_request, "There is no such affiliation"));
        } else if (auto refused = impossible(jid->bare(), *affiliation)) {
            fail(entry, now, std::move(*refused));
        } else {
            changes_.push_back({ jid->bare(), *affiliation });
            after_.insert_or_assign(jid->bare(), *affiliation);
        }
    }

    const std::vector<NodeAffiliate>& changes() const { return changes_; }
    FailedEntries& failed() { return failed_; }

private:
    NodeAffiliation affiliation_now(const Jid& jid) const
    {
        const auto found = after_.find(jid);
        if (jid == service_.owner()) {
            return NodeAffiliation::owner;
        }
        return found == after_.end() ? NodeAffiliation::none : found->second;
    }

    /// §8.9.2.4: a node keeps an owner, and the owner of the service stays what it is.
    std::optional<StanzaError> impossible(const Jid& jid, NodeAffiliation affiliation) const
    {
        if (jid == service_.owner()) {
            return StanzaError(StanzaError::not_acceptable, "The account owns its nodes");
        }
        const bool leaves = affiliation_now(jid) == NodeAffiliation::owner
            && affiliation != NodeAffiliation::owner;
        if (leaves && service_.owner().empty() && !has_owner_beside(jid)) {
            return StanzaError(StanzaError::not_acceptable, "A node needs an owner");
        }
        const bool is_new = affiliation != NodeAffiliation::none && !after_.contains(jid);
        if (is_new && after_.size() >= most_affiliations) {
            return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                "A node may have " + std::to_string(most_affiliations) + " affiliations at most");
        }
        return {};
    }

    bool has_owner_beside(const Jid& jid) const
    {
        return std::any_of(after_.begin(), after_.end(),
            [&jid](const auto& each) { return each.second == NodeAffiliation::owner && each.first != jid; });
    }

    void fail(const Element& entry, NodeAffiliation now, StanzaError why)
    {
        Element element("affiliation", ns::pubsub_owner);
        element.set_attribute("jid", entry.attribute_or("jid")).set_attribute("affiliation", to_text(now));
        failed_.add(std::move(element), std::move(why));
    }

    const NodeService& service_;
    Node::Affiliates after_; ///< with those that become `none`
    std::vector<NodeAffiliate> changes_;
    FailedEntries failed_;
};

/// Reads the changes of a request. New owners come first, so that an owner can hand the node over in one
/// request.
WantedAffiliations read_changes(const NodeService& service, const Node& node,
    const std::vector<const Element*>& entries)
{
    WantedAffiliations wanted(service, node);
    for (const bool new_owners : { true, false }) {
        for (const Element* each : entries) {
            const bool is_owner = each->attribute_or("affiliation") == to_text(NodeAffiliation::owner);
            if (each->has_attribute("affiliation")
                && is_owner == new_owners) { // without: §8.9.2.1, no change
                wanted.take(*each);
            }
        }
    }
    return wanted;
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

/// §8.9.2. What is possible is done; the answer lists the rest (§8.9.2.4).
Task<IqAnswer> answer_change_affiliations(NodeService& service, PubsubRequest request)
{
    const auto entries = request.operation->children("affiliation", ns::pubsub_owner);
    if (auto refused = listed_twice(entries)) {
        co_return std::move(*refused);
    }
    auto finding = service.find_owned(request.node(), request.from());
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto locking = (*node)->change_mutex().lock();
    const auto lock = co_await locking;
    WantedAffiliations wanted = read_changes(service, **node, entries);
    NodeStore::Change change;
    change.affiliates = wanted.changes();
    auto changing = service.store_change(*node, std::move(change));
    const auto changed = co_await changing;
    if (!changed) {
        co_return changed.error();
    }
    for (const NodeAffiliate& each : wanted.changes()) {
        (*node)->put(each);
        settle_subscriptions(service, *node, each);
    }
    co_return wanted.failed().answer(*request.operation);
}

} // namespace

void attach_affiliations(PubsubRequests& on)
{
    on.get(ns::pubsub, "affiliations", answer_own_affiliations);
    on.get(ns::pubsub_owner, "affiliations", answer_node_affiliations);
    on.set(ns::pubsub_owner, "affiliations", answer_change_affiliations);
}

} // namespace stonechat
