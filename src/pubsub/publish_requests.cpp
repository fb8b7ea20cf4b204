// SPDX-License-Identifier: Apache-2.0
// The requests of XEP-0060 section 7: publish and retract.
#include "base/random.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/publishing.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <optional>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t most_id_bytes = 1023; ///< of the name of a node and the id of an item
constexpr std::size_t random_bytes_of_id = 16;

Result<std::optional<DataForm>, StanzaError> options_of(const Element& pubsub)
{
    const Element* options = pubsub.child("publish-options");
    if (options == nullptr) {
        return std::optional<DataForm>();
    }
    const Element* x = options->child("x", ns::data_forms);
    if (x == nullptr) {
        return StanzaError(StanzaError::bad_request, "<publish-options/> needs a form");
    }
    auto form = DataForm::from_element(*x);
    if (!form) {
        return form.error();
    }
    if (form->form_type() != ns::publish_options) {
        return StanzaError(StanzaError::bad_request, "The FORM_TYPE of <publish-options/> is wrong");
    }
    return std::optional(std::move(*form));
}

Result<NodeItem, StanzaError> item_of(const Element& element, const Jid& from, WallTime now)
{
    NodeItem item;
    item.id = element.attribute_or("id");
    if (item.id.empty()) {
        item.id = random_id(random_bytes_of_id);
    }
    if (item.id.size() > most_id_bytes) {
        return StanzaError(StanzaError::bad_request, "An item id may have 1023 bytes at most");
    }
    if (element.child_count() > 1) {
        return pubsub_error(StanzaError::bad_request, "invalid-payload");
    }
    if (const Element* payload = element.first_child()) {
        item.payload = to_xml(*payload);
    }
    item.publisher = from.bare();
    item.created = now;
    item.modified = now;
    return item;
}

Result<Publication, StanzaError> read_publish(const PubsubRequest& request, WallTime now)
{
    Publication publication;
    publication.node = request.node();
    if (publication.node.empty()) {
        return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    if (publication.node.size() > most_id_bytes) {
        return StanzaError(StanzaError::bad_request, "The name of a node may have 1023 bytes at most");
    }
    auto options = options_of(request.pubsub());
    if (!options) {
        return options.error();
    }
    publication.options = std::move(*options);
    const auto items = request.operation->children("item", ns::pubsub);
    if (items.size() > 1) {
        return pubsub_error(StanzaError::not_allowed, "max-items-exceeded");
    }
    if (!items.empty()) {
        auto item = item_of(*items.front(), request.from(), now);
        if (!item) {
            return item.error();
        }
        publication.item = std::move(*item);
        if (const Element* payload = items.front()->first_child()) {
            publication.payload_ns = payload->ns().text();
        }
    }
    return publication;
}

Element publish_result(const std::string& node, const std::string& id)
{
    Element result("pubsub", ns::pubsub);
    Element& element = result.add("publish");
    element.set_attribute("node", node);
    if (!id.empty()) {
        element.add("item").set_attribute("id", id);
    }
    return result;
}

/// §7.1
Task<IqAnswer> answer_publish(NodeService& service, PubsubRequest request)
{
    auto publication = read_publish(request, service.host().clock().wall());
    if (!publication) {
        co_return publication.error();
    }
    const std::string node = publication->node;
    const std::string id = publication->item ? publication->item->id : std::string();
    auto publishing = publish(service, request.from(), std::move(*publication));
    auto failed = co_await publishing;
    if (failed) {
        co_return std::move(*failed);
    }
    co_return publish_result(node, id);
}

/// §7.2.2: owners remove every item, publishers their own.
Task<bool> may_retract(NodeService& service, const NodePtr& node, const Jid& from, const std::string& id)
{
    const Relation relation = service.relation(*node, from);
    if (may_remove_any(relation)) {
        co_return true;
    }
    if (!may_publish(node->config(), relation)) {
        co_return false;
    }
    NodeStore::ItemQuery query;
    query.ids.push_back(id);
    query.with_payload = false;
    auto reading = service.store().items(service.key(), node->name(), std::move(query));
    const auto page = co_await reading;
    co_return page && (page->items.empty() || page->items.front().publisher.same_bare(from));
}

/// §7.2
Task<IqAnswer> answer_retract(NodeService& service, PubsubRequest request)
{
    const std::string name = request.node();
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    const auto items = request.operation->children("item", ns::pubsub);
    if (items.size() != 1 || items.front()->attribute_or("id").empty()) {
        co_return pubsub_error(StanzaError::bad_request, "item-required");
    }
    const std::string id(items.front()->attribute_or("id"));
    auto finding = service.find(name);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto asking = may_retract(service, *node, request.from(), id);
    const bool allowed = co_await asking;
    if (!allowed) {
        co_return StanzaError(StanzaError::forbidden);
    }
    if (!(*node)->config().persist_items) {
        co_return unsupported("persistent-items");
    }
    const std::string_view notify = request.operation->attribute_or("notify");
    std::vector<std::string> ids;
    ids.push_back(id);
    auto retracting = retract(service, *node, std::move(ids), notify == "1" || notify == "true");
    const auto retracted = co_await retracting;
    if (!retracted) {
        co_return retracted.error();
    }
    if (retracted->empty()) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    co_return std::nullopt;
}

} // namespace

void attach_publishing(PubsubRequests& on)
{
    on.set(ns::pubsub, "publish", answer_publish);
    on.set(ns::pubsub, "retract", answer_retract);
}

} // namespace stonechat
