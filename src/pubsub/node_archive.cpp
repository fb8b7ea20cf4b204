// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_archive.hpp"

#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "router/archive_query.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <optional>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// The node of a request, if the sender may retrieve its items.
Task<Result<NodePtr, StanzaError>> archived_node(NodeService& service, Iq iq)
{
    const std::string name(iq.payload().attribute_or("node"));
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    auto finding = service.find(name);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (auto refused = reading_refused((*node)->config(), service.relation(**node, iq.from()))) {
        co_return std::move(*refused);
    }
    if (!(*node)->config().persist_items) {
        co_return unsupported("persistent-items");
    }
    co_return *node;
}

/// XEP-0313 §4.1.1: who may not know the publishers of items may not look for them.
bool may_ask_for_publisher(const NodeService& service, const Node& node, const Jid& who)
{
    return node.config().reply == NodeConfig::Reply::publisher
        || service.relation(node, who).affiliation == NodeAffiliation::owner;
}

/// Each item stands in a message of its own, as in the event about it (XEP-0442 §3).
ArchivePage to_archive_page(const NodeService& service, const Node& node, NodeStore::ArchivedItems found)
{
    ArchivePage page;
    page.complete = found.complete;
    page.count = found.count;
    page.first_index = found.first_index;
    for (const NodeStore::ArchivedItem& each : found.items) {
        const Element message = archived_event(service.address(), node, each.item);
        page.messages.push_back({ each.id, each.item.modified, to_xml(message) });
    }
    return page;
}

Task<IqAnswer> answer_query_form(NodeService& service, Iq iq)
{
    auto finding = archived_node(service, iq);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    Element query("query", ns::archive);
    query.set_attribute("node", (*node)->name());
    query.add(archive_form(ArchiveKind::items));
    co_return query;
}

Task<IqAnswer> answer_archive_query(NodeService& service, Iq iq, Session* session)
{
    const ArchivePageLimits limits;
    const auto request = read_archive_request(iq.payload(), limits, ArchiveKind::items);
    if (!request) {
        co_return request.error();
    }
    auto finding = archived_node(service, iq);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (request->query.with && !may_ask_for_publisher(service, **node, iq.from())) {
        co_return StanzaError(StanzaError::forbidden, "This node does not tell who published its items");
    }
    auto reading = service.store().archive(service.key(), (*node)->name(), request->query);
    auto found = co_await reading;
    if (!found) {
        co_return to_stanza_error(found.error());
    }
    if (!found->has_value()) {
        co_return StanzaError(StanzaError::item_not_found); // XEP-0313 §4.1.3, §4.3.2
    }
    ArchivePage page = to_archive_page(service, **node, std::move(**found));
    ArchiveAnswer answer = archive_answer(*request, std::move(page), limits, service.address(), iq.from());
    for (Stanza& message : answer.messages) {
        if (session != nullptr) {
            session->send(message);
        } else {
            service.host().router().route(std::move(message));
        }
    }
    co_return std::move(answer.fin);
}

/// The oldest or newest item.
Task<Result<std::optional<ArchiveEnds::End>, StanzaError>> end_of_archive(NodeService& service, NodePtr node,
    bool newest)
{
    ArchiveQuery query;
    query.from_the_end = newest;
    query.limit = 1;
    auto reading = service.store().archive(service.key(), node->name(), std::move(query));
    const auto found = co_await reading;
    if (!found) {
        co_return to_stanza_error(found.error());
    }
    std::optional<ArchiveEnds::End> end;
    if (found->has_value() && !(*found)->items.empty()) {
        const NodeStore::ArchivedItem& item = (*found)->items.front();
        end.emplace();
        end->id = item.id;
        end->stamp = item.item.modified;
    }
    co_return end;
}

/// XEP-0313 §5
Task<IqAnswer> answer_metadata(NodeService& service, Iq iq)
{
    auto finding = archived_node(service, iq);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    auto reading_oldest = end_of_archive(service, *node, false);
    const auto oldest = co_await reading_oldest;
    if (!oldest) {
        co_return oldest.error();
    }
    auto reading_newest = end_of_archive(service, *node, true);
    const auto newest = co_await reading_newest;
    if (!newest) {
        co_return newest.error();
    }
    ArchiveEnds ends;
    ends.oldest = *oldest;
    ends.newest = *newest;
    co_return archive_metadata(ends);
}

} // namespace

Task<IqAnswer> answer_node_archive(NodeService& service, Iq iq, Session* session)
{
    const bool is_get = iq.type() == IqType::get;
    const std::string_view what = iq.payload().name();
    if (what == "query") {
        auto asked = is_get ? answer_query_form(service, iq) : answer_archive_query(service, iq, session);
        auto answer = co_await asked;
        co_return answer;
    }
    if (what == "metadata" && is_get) {
        auto asked = answer_metadata(service, iq);
        auto answer = co_await asked;
        co_return answer;
    }
    co_return StanzaError(StanzaError::feature_not_implemented);
}

} // namespace stonechat
