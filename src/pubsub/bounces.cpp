// SPDX-License-Identifier: Apache-2.0
#include "pubsub/bounces.hpp"

#include "base/keyed_hash.hpp"
#include "base/random.hpp"
#include "pubsub/events.hpp"
#include "pubsub/node_service.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// Between what is random in an id and what proves that it is ours.
constexpr char mark = '.';

/// Conditions that are about the event, or about the way to the subscriber: another event may arrive. So may
/// another one after service-unavailable, if the event was no headline: that is also the answer of somebody
/// who is offline (RFC 6121 §8.5.2.2.1).
constexpr std::array may_pass { StanzaError::bad_request, StanzaError::redirect, StanzaError::not_acceptable,
    StanzaError::internal_server_error, StanzaError::remote_server_not_found };

std::string proof_of(const NodeService& service, std::string_view node, std::string_view nonce)
{
    const KeyedHash hash(service.host().router().server().secret(), "ids of events");
    std::string text(service.address().text());
    text.append(1, '\0').append(node).append(1, '\0').append(nonce);
    return std::to_string(hash(text));
}

std::optional<StanzaError> error_in(const Stanza& message)
{
    const Element* error = message.element().child("error");
    return error == nullptr ? std::nullopt : StanzaError::from_element(*error);
}

} // namespace

std::string new_event_id(const NodeService& service, std::string_view node)
{
    std::string id = random_id();
    const std::string proof = proof_of(service, node, id);
    id.append(1, mark).append(proof);
    return id;
}

bool is_event_id(const NodeService& service, std::string_view node, std::string_view id)
{
    const std::size_t place = id.find(mark);
    return place != std::string_view::npos
        && equal_in_constant_time(id.substr(place + 1), proof_of(service, node, id.substr(0, place)));
}

bool shows_gone(const StanzaError& error, NodeConfig::MessageKind kind)
{
    const StanzaError::Condition condition = error.condition();
    if (condition == StanzaError::gone) {
        return true;
    }
    if (std::find(may_pass.begin(), may_pass.end(), condition) != may_pass.end()) {
        return false;
    }
    if (condition == StanzaError::service_unavailable && kind == NodeConfig::MessageKind::normal) {
        return false;
    }
    return error.type() == StanzaError::Type::cancel;
}

Task<Done> take_bounce(NodeService& service, std::shared_ptr<const void>, Stanza message)
{
    const auto error = error_in(message);
    const Jid from = message.from();
    if (!error || std::as_const(message).id().find(mark) == std::string_view::npos) {
        co_return Done();
    }
    auto reading = service.store().involving(service.key(), from.bare());
    const auto involved = co_await reading;
    if (!involved) {
        co_return Done();
    }
    for (const NodeStore::Involvement& each : *involved) {
        if (!is_event_id(service, each.node, message.id())) {
            continue;
        }
        auto finding = service.find(each.node);
        const auto node = co_await finding;
        const NodeSubscriber* subscriber = node ? (*node)->subscriber(from) : nullptr;
        if (subscriber != nullptr && shows_gone(*error, (*node)->config().notification_type)) {
            end_subscriptions(service, *node, { *subscriber });
        }
    }
    co_return Done();
}

} // namespace stonechat
