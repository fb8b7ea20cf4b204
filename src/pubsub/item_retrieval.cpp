// SPDX-License-Identifier: Apache-2.0
// XEP-0060 section 6.5: retrieving items: all, some by id, the most recent, or page by page (XEP-0059), by
// the time of creation or modification (XEP-0413).
#include "pubsub/events.hpp"
#include "pubsub/item_answers.hpp"
#include "pubsub/node_creation.hpp"
#include "pubsub/node_service.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "router/data_view.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/result_set.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace stonechat {
namespace {

/// A request for items as the store understands it.
struct Retrieval {
    NodeStore::ItemQuery query;
    bool descending = false; ///< newest first
    bool paged = false;      ///< the request has a `<set/>`
    std::optional<std::size_t> index;
    std::size_t max = 0;
};

std::optional<std::size_t> positive_number(std::string_view text)
{
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failure == std::errc() && end == text.data() + text.size();
    return whole && number > 0 ? std::optional(number) : std::nullopt;
}

/// XEP-0413 §4. Items without another wish come in the order of modification.
Result<Done, StanzaError> read_order(const Element& pubsub, Retrieval& retrieval)
{
    const Element* order = pubsub.child("order", ns::order_by);
    if (order == nullptr) {
        return Done();
    }
    const std::string_view by = order->attribute_or("by");
    if (by != "creation" && by != "modification") {
        return StanzaError(StanzaError::feature_not_implemented,
            "Items are ordered by creation or modification");
    }
    retrieval.query.order = by == "creation" ? NodeStore::ItemOrder::created : NodeStore::ItemOrder::modified;
    const std::string_view desc = order->attribute_or("desc");
    retrieval.descending = desc == "true" || desc == "1";
    return Done();
}

/// In descending order, what comes after an item is what the store has before it.
void read_page(const ResultSetQuery& set, std::size_t most, Retrieval& retrieval)
{
    retrieval.max = std::min(set.max.value_or(most), most);
    retrieval.query.max = retrieval.max;
    retrieval.index = set.index;
    auto after = set.after;
    auto before = set.before;
    if (retrieval.descending) {
        std::swap(after, before);
        if (after && after->empty()) {
            after.reset(); // the last page in descending order is the first one of the store
        } else if (!after && !before) {
            before = "";
        }
    }
    retrieval.query.after = std::move(after);
    retrieval.query.before = std::move(before);
}

Result<Retrieval, StanzaError> read_retrieval(const PubsubRequest& request, std::size_t most)
{
    Retrieval retrieval;
    for (const Element* item : request.operation->children("item", ns::pubsub)) {
        if (retrieval.query.ids.size() == most) {
            return StanzaError(StanzaError::not_acceptable,
                "One request may ask for " + std::to_string(most) + " items at most");
        }
        retrieval.query.ids.emplace_back(item->attribute_or("id"));
    }
    if (auto order = read_order(request.pubsub(), retrieval); !order) {
        return order.error();
    }
    const auto set = ResultSetQuery::from_parent(request.pubsub());
    if (!set) {
        return set.error();
    }
    retrieval.paged = request.pubsub().child("set", ns::result_set) != nullptr;
    const auto newest = request.operation->attribute("max_items");
    if (newest) {
        const auto number = positive_number(*newest);
        if (!number) {
            return StanzaError(StanzaError::bad_request, "max_items has to be a number from 1");
        }
        retrieval.query.newest = *number;
    }
    if (retrieval.paged) {
        read_page(*set, most, retrieval);
    } else {
        retrieval.query.before = ""; // if there are too many, the newest
        retrieval.query.max = most;
        retrieval.max = most;
    }
    return retrieval;
}

Element to_answer(const Node& node, const Retrieval& retrieval, NodeStore::ItemPage page)
{
    if (retrieval.descending) {
        std::reverse(page.items.begin(), page.items.end());
    }
    Element answer("pubsub", ns::pubsub);
    Element& items = answer.add("items");
    items.set_attribute("node", node.name());
    for (const NodeItem& item : page.items) {
        items.add(to_element(item, node.config(), ns::pubsub, true));
    }
    const bool is_cut = retrieval.query.ids.empty() && page.items.size() < page.count;
    if (!retrieval.paged && !is_cut) {
        return answer;
    }
    ResultSetPage set;
    set.count = page.count;
    if (!page.items.empty()) {
        set.first = page.items.front().id;
        set.last = page.items.back().id;
        set.first_index = retrieval.descending ? page.count - page.first - page.items.size() : page.first;
    }
    answer.add(set.to_element());
    return answer;
}

/// XEP-0059 §2.4, for a page by its place: in descending order the place counts from the end.
Task<Result<Done, StanzaError>> place_page(NodeService& service, std::string node, Retrieval& retrieval)
{
    if (!retrieval.descending) {
        retrieval.query.index = *retrieval.index;
        co_return Done();
    }
    NodeStore::ItemQuery counting = retrieval.query;
    counting.max = 0;
    auto reading = service.store().items(service.key(), node, std::move(counting));
    const auto counted = co_await reading;
    if (!counted) {
        co_return to_stanza_error(counted.error());
    }
    const std::size_t end = counted->count - std::min(counted->count, *retrieval.index);
    const std::size_t begin = end - std::min(end, retrieval.max);
    retrieval.query.before.reset();
    retrieval.query.index = begin;
    retrieval.query.max = end - begin;
    co_return Done();
}

/// §6.5.9.2: a subscription that the request names has to be one of the sender.
bool has_wrong_subscription(const Node& node, const PubsubRequest& request)
{
    const auto id = request.operation->attribute("subid");
    if (!id) {
        return false;
    }
    const auto own = node.subscriptions_of(request.from());
    return std::none_of(own.begin(), own.end(), [&id](const NodeSubscriber& each) { return each.id == *id; });
}

/// The node is a view, which has one item.
Task<IqAnswer> answer_from_view(NodeService& service, DataView& view, PubsubRequest request,
    Retrieval retrieval)
{
    auto reading = view.read(service.account(), request.from());
    const auto data = co_await reading;
    if (!data) {
        co_return data.error();
    }
    NodeStore::ItemPage page;
    const std::vector<std::string>& ids = retrieval.query.ids;
    const bool is_asked = ids.empty() || std::find(ids.begin(), ids.end(), DataView::item_id) != ids.end();
    if (is_asked && data->content.first_child() != nullptr && retrieval.max > 0) {
        page.items.push_back({ DataView::item_id, service.address(), to_xml(data->content), data->modified,
            data->modified });
        page.count = 1;
    }
    const std::string name = request.node();
    const Node shown(new_node_record(service, name, request.from(), service.default_config(name)));
    co_return to_answer(shown, retrieval, std::move(page));
}

Task<IqAnswer> answer_items(NodeService& service, PubsubRequest request)
{
    const std::string name = request.node();
    if (name.empty()) {
        co_return pubsub_error(StanzaError::bad_request, "nodeid-required");
    }
    auto retrieval = read_retrieval(request, service.max_page());
    if (!retrieval) {
        co_return retrieval.error();
    }
    if (DataView* view = service.view(name, request.from())) {
        auto showing = answer_from_view(service, *view, request, std::move(*retrieval));
        auto answer = co_await showing;
        co_return answer;
    }
    auto finding = service.find(name);
    const auto node = co_await finding;
    if (!node) {
        co_return node.error();
    }
    if (auto refused = reading_refused((*node)->config(), service.relation(**node, request.from()))) {
        co_return std::move(*refused);
    }
    if (has_wrong_subscription(**node, request)) {
        co_return pubsub_error(StanzaError::not_acceptable, "invalid-subid");
    }
    if (!(*node)->config().persist_items) {
        co_return unsupported("persistent-items");
    }
    ItemAnswers* const answers = service.item_answers();
    const std::uint64_t version = (*node)->version();
    if (const Element* known = answers != nullptr ? answers->find(version, request.pubsub()) : nullptr) {
        co_return *known;
    }
    if (retrieval->index) {
        auto placing = place_page(service, name, *retrieval);
        const auto placed = co_await placing;
        if (!placed) {
            co_return placed.error();
        }
    }
    auto reading = service.store().items(service.key(), name, retrieval->query);
    auto page = co_await reading;
    if (!page) {
        co_return to_stanza_error(page.error());
    }
    if (!page->found) {
        co_return StanzaError(StanzaError::item_not_found); // XEP-0059 §2.2: no such place in the list
    }
    Element answer = to_answer(**node, *retrieval, std::move(*page));
    if (answers != nullptr) {
        answers->add(version, request.pubsub(), answer);
    }
    co_return answer;
}

} // namespace

void attach_item_retrieval(PubsubRequests& on)
{
    on.get(ns::pubsub, "items", answer_items);
}

} // namespace stonechat
