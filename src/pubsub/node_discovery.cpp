// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_discovery.hpp"

#include "pubsub/node_commands.hpp"
#include "pubsub/node_service.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/result_set.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t nodes_in_a_page = 200;

NodeRecord to_record(const NodeSummary& summary)
{
    NodeRecord record;
    record.name = summary.name;
    record.config = summary.config;
    record.affiliates = summary.affiliates;
    record.subscribers = summary.subscribers;
    return record;
}

bool is_shown(const NodeService& service, const NodeSummary& summary, const Jid& to)
{
    const Node node(to_record(summary));
    return !reading_refused(node.config(), service.relation(node, to));
}

void add_node(const NodeService& service, const NodeSummary& summary, Element& query)
{
    Element& item = query.add("item");
    item.set_attribute("jid", service.address().text()).set_attribute("node", summary.name);
    const std::string title = node_config_from_text(summary.config).title;
    if (!title.empty()) {
        item.set_attribute("name", title);
    }
}

std::string node_of(const Iq& iq)
{
    return std::string(iq.payload().attribute_or("node"));
}

/// The node that a request names, if the sender may see it.
Task<Result<NodePtr, StanzaError>> visible_node(NodeService& service, Iq iq)
{
    auto finding = service.find(node_of(iq));
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (auto refused = reading_refused((*node)->config(), service.relation(**node, iq.from()))) {
        co_return std::move(*refused);
    }
    co_return *node;
}

DataForm meta_data(const Node& node, std::size_t items)
{
    DataForm form(DataForm::Type::result, ns::pubsub_meta_data);
    add_meta_data(node.config(), form);
    form.add("pubsub#creator", DataForm::FieldType::jid_single, node.creator().text());
    form.add("pubsub#creation_date", DataForm::FieldType::text_single, to_datetime(node.created()));
    const auto subscribed = std::count_if(node.subscribers().begin(), node.subscribers().end(),
        [](const auto& each) { return each.second.state == NodeSubscriptionState::subscribed; });
    form.add("pubsub#num_subscribers", DataForm::FieldType::text_single, std::to_string(subscribed));
    form.add("pubsub#num_items", DataForm::FieldType::text_single, std::to_string(items));
    DataForm::Field owners;
    owners.var = "pubsub#owner";
    owners.type = DataForm::FieldType::jid_multi;
    for (const Jid& owner : node.owners()) {
        owners.values.push_back(owner.text());
    }
    if (!owners.values.empty()) {
        form.add(std::move(owners));
    }
    return form;
}

} // namespace

std::vector<std::string_view> pubsub_features()
{
    return {
        "http://jabber.org/protocol/pubsub",
        "http://jabber.org/protocol/pubsub#access-authorize",
        "http://jabber.org/protocol/pubsub#access-open",
        "http://jabber.org/protocol/pubsub#access-whitelist",
        "http://jabber.org/protocol/pubsub#auto-create",
        "http://jabber.org/protocol/pubsub#config-node",
        "http://jabber.org/protocol/pubsub#config-node-max",
        "http://jabber.org/protocol/pubsub#create-and-configure",
        "http://jabber.org/protocol/pubsub#create-nodes",
        "http://jabber.org/protocol/pubsub#delete-items",
        "http://jabber.org/protocol/pubsub#delete-nodes",
        get_pending_command,
        "http://jabber.org/protocol/pubsub#instant-nodes",
        "http://jabber.org/protocol/pubsub#item-ids",
        "http://jabber.org/protocol/pubsub#last-published",
        "http://jabber.org/protocol/pubsub#manage-subscriptions",
        "http://jabber.org/protocol/pubsub#member-affiliation",
        "http://jabber.org/protocol/pubsub#meta-data",
        "http://jabber.org/protocol/pubsub#modify-affiliations",
        "http://jabber.org/protocol/pubsub#multi-items",
        "http://jabber.org/protocol/pubsub#outcast-affiliation",
        "http://jabber.org/protocol/pubsub#persistent-items",
        "http://jabber.org/protocol/pubsub#publish",
        "http://jabber.org/protocol/pubsub#publish-only-affiliation",
        ns::publish_options,
        "http://jabber.org/protocol/pubsub#publisher-affiliation",
        "http://jabber.org/protocol/pubsub#purge-nodes",
        "http://jabber.org/protocol/pubsub#retract-items",
        "http://jabber.org/protocol/pubsub#retrieve-affiliations",
        "http://jabber.org/protocol/pubsub#retrieve-default",
        "http://jabber.org/protocol/pubsub#retrieve-default-sub",
        "http://jabber.org/protocol/pubsub#retrieve-items",
        "http://jabber.org/protocol/pubsub#retrieve-subscriptions",
        "http://jabber.org/protocol/pubsub#rsm",
        "http://jabber.org/protocol/pubsub#subscribe",
        "http://jabber.org/protocol/pubsub#subscription-notifications",
        "http://jabber.org/protocol/pubsub#subscription-options",
        ns::order_by,
        "urn:xmpp:order-by:1@http://jabber.org/protocol/pubsub",
    };
}

Task<Result<Done, StanzaError>> add_nodes(NodeService& service, Iq iq, Element& query)
{
    const auto set = ResultSetQuery::from_parent(iq.payload());
    if (!set) {
        co_return set.error();
    }
    if (set->before || set->index) {
        co_return StanzaError(StanzaError::feature_not_implemented);
    }
    const std::size_t most = std::min(set->max.value_or(nodes_in_a_page), nodes_in_a_page);
    std::string after = set->after.value_or("");
    std::string first;
    std::string last;
    std::size_t shown = 0;
    bool more = true;
    while (more && shown < most) {
        auto listing = service.store().list(service.key(), after, nodes_in_a_page);
        const auto nodes = co_await listing;
        if (!nodes) {
            co_return to_stanza_error(nodes.error());
        }
        more = nodes->size() == nodes_in_a_page;
        for (const NodeSummary& summary : *nodes) {
            after = summary.name;
            if (!is_shown(service, summary, iq.from())) {
                continue;
            }
            if (shown == most) {
                more = true;
                break;
            }
            add_node(service, summary, query);
            first = first.empty() ? summary.name : first;
            last = summary.name;
            ++shown;
        }
    }
    if (more || iq.payload().child("set", ns::result_set) != nullptr) {
        ResultSetPage page;
        page.first = first;
        page.last = last;
        query.add(page.to_element());
    }
    co_return Done();
}

Task<Result<Done, StanzaError>> add_node_info(NodeService& service, Iq iq, Element& query)
{
    auto finding = visible_node(service, iq);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    NodeStore::ItemQuery counting;
    counting.max = 0;
    auto reading = service.store().items(service.key(), (*node)->name(), std::move(counting));
    const auto items = co_await reading;
    if (!items) {
        co_return to_stanza_error(items.error());
    }
    Element& identity = query.add("identity");
    identity.set_attribute("category", "pubsub").set_attribute("type", "leaf");
    if (!(*node)->config().title.empty()) {
        identity.set_attribute("name", (*node)->config().title);
    }
    query.add("feature").set_attribute("var", ns::pubsub);
    query.add(meta_data(**node, items->count).to_element());
    co_return Done();
}

Task<Result<Done, StanzaError>> add_node_items(NodeService& service, Iq iq, Element& query)
{
    auto finding = visible_node(service, iq);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    const auto set = ResultSetQuery::from_parent(iq.payload());
    if (!set) {
        co_return set.error();
    }
    NodeStore::ItemQuery asked;
    asked.after = set->after;
    asked.before = set->before;
    asked.index = set->index;
    asked.max = std::min(set->max.value_or(service.max_page()), service.max_page());
    asked.with_payload = false;
    auto reading = service.store().items(service.key(), (*node)->name(), std::move(asked));
    const auto page = co_await reading;
    if (!page) {
        co_return to_stanza_error(page.error());
    }
    if (!page->found) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    for (const NodeItem& item : page->items) {
        query.add("item").set_attribute("jid", service.address().text()).set_attribute("name", item.id);
    }
    if (page->items.size() < page->count || iq.payload().child("set", ns::result_set) != nullptr) {
        ResultSetPage answer;
        answer.count = page->count;
        if (!page->items.empty()) {
            answer.first = page->items.front().id;
            answer.last = page->items.back().id;
            answer.first_index = page->first;
        }
        query.add(answer.to_element());
    }
    co_return Done();
}

} // namespace stonechat
