// SPDX-License-Identifier: Apache-2.0
#include "muc/service_requests.hpp"

#include "muc/muc_service.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "storage/room_store.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/result_set.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

constexpr std::size_t rooms_in_a_page = 100;

constexpr std::array features { ns::disco_info, ns::disco_items, ns::muc, ns::muc_stable_id, ns::occupant_id,
    ns::ping, ns::result_set };

Element info()
{
    Element query("query", ns::disco_info);
    query.add("identity")
        .set_attribute("category", "conference")
        .set_attribute("type", "text")
        .set_attribute("name", "Group chat");
    for (const std::string_view feature : features) {
        query.add("feature").set_attribute("var", feature);
    }
    return query;
}

Element to_items(const std::vector<RoomSummary>& rooms, const Jid& service, std::optional<std::size_t> more)
{
    Element query("query", ns::disco_items);
    for (const RoomSummary& room : rooms) {
        const RoomConfig config = room_config_from_text(room.config);
        Element& item = query.add("item");
        item.set_attribute("jid", room.room + "@" + service.text());
        item.set_attribute("name", config.name.empty() ? room.room : config.name);
    }
    if (more) {
        ResultSetPage page;
        page.count = more;
        if (!rooms.empty()) {
            page.first = rooms.front().room;
            page.last = rooms.back().room;
        }
        query.add(page.to_element());
    }
    return query;
}

/// §6.3: lists the rooms that are not hidden, in pages if there are many (XEP-0059).
Task<Result<Element, StanzaError>> items(MucService& service, Element request)
{
    const auto wanted = ResultSetQuery::from_parent(request);
    if (!wanted) {
        co_return wanted.error();
    }
    if (wanted->before || wanted->index) {
        co_return StanzaError(StanzaError::feature_not_implemented);
    }
    const bool asks_for_page = request.child("set", ns::result_set) != nullptr;
    const std::size_t limit = std::min(wanted->max.value_or(rooms_in_a_page), rooms_in_a_page);
    RoomStore& store = service.host().storage().rooms();
    const std::string host = service.domain().text();
    auto listing = store.list(host, wanted->after.value_or(""), limit + 1, true);
    auto rooms = co_await listing;
    if (!rooms) {
        co_return to_stanza_error(rooms.error());
    }
    const bool more = rooms->size() > limit;
    if (more) {
        rooms->resize(limit);
    }
    std::optional<std::size_t> count;
    if (more || asks_for_page) {
        auto counting = store.count(host, true);
        const auto counted = co_await counting;
        count = counted ? *counted : rooms->size();
    }
    co_return to_items(*rooms, service.domain(), count);
}

Task<IqAnswer> answer_service_info(MucService&, Iq iq)
{
    if (iq.payload().has_attribute("node")) {
        co_return StanzaError(StanzaError::item_not_found);
    }
    co_return std::optional(info());
}

Task<IqAnswer> answer_service_items(MucService& service, Iq iq)
{
    const Element& payload = iq.payload();
    if (payload.has_attribute("node")) {
        Element none("query", ns::disco_items);
        none.set_attribute("node", payload.attribute_or("node"));
        co_return std::optional(std::move(none));
    }
    auto listing = items(service, payload);
    auto listed = co_await listing;
    if (!listed) {
        co_return listed.error();
    }
    co_return std::optional(std::move(*listed));
}

Task<IqAnswer> answer_service_ping(MucService&, Iq)
{
    co_return std::optional<Element>();
}

Task<IqAnswer> refuse_unknown(MucService&, Iq)
{
    co_return StanzaError(StanzaError::service_unavailable);
}

} // namespace

ServiceRequests service_requests()
{
    ServiceRequests requests("request to the rooms' service");
    const auto get = [&requests](std::string_view ns, std::string_view element, ServiceHandler handler) {
        requests.add("muc", IqType::get, ns, element, handler);
    };
    get(ns::disco_info, "query", answer_service_info);
    get(ns::disco_items, "query", answer_service_items);
    get(ns::ping, "ping", answer_service_ping);
    return requests;
}

Task<Done> answer_for_service(MucService& service, Stanza request)
{
    const Iq iq(request);
    const ServiceHandler* found = service.requests().find(request.iq_type(), iq.payload());
    const ServiceHandler handler = found == nullptr ? refuse_unknown : *found;
    auto asked = handler(service, iq);
    auto answered = co_await asked;
    service.host().trace("answered", request, answered ? "result" : to_text(answered.error().condition()));
    Router& router = service.host().router();
    router.route(answered ? request.result(std::move(*answered)) : request.error_reply(answered.error()));
    co_return Done();
}

} // namespace stonechat
