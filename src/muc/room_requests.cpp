// SPDX-License-Identifier: Apache-2.0
#include "muc/room_requests.hpp"

#include "base/background.hpp"
#include "muc/muc_service.hpp"
#include "muc/occupant_relay.hpp"
#include "muc/room.hpp"
#include "muc/room_handlers.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

void send_answer(const Room& room, const Stanza& request, IqAnswer answer)
{
    if (answer) {
        room.host().trace("answered", request, "result");
        room.send(request.result(std::move(*answer)));
    } else {
        room.refuse(request, answer.error());
    }
}

/// Answers a request. Holds the settlement until the answer is sent, which tells that the change is stored.
Task<Done> answer_for_room(std::shared_ptr<Room> room, RoomHandlers::OnRequest handler, Stanza request,
    Settlement settlement)
{
    std::optional<RoomAnswer> answer;
    try {
        auto asked = handler(room, Iq(request));
        answer.emplace(co_await asked);
    } catch (const std::exception& failure) {
        room->host().router().dead_letters().add(room->host(), request, failure.what());
        answer.emplace(StanzaError(StanzaError::internal_server_error));
    }
    send_answer(*room, request, std::move(answer->answer));
    if (answer->afterwards) {
        answer->afterwards();
    }
    std::move(settlement).settle();
    co_return Done();
}

/// Handles a request to an occupant (§17.4, XEP-0410).
void receive_for_occupant(Room& room, const Stanza& request)
{
    const Occupant* asker = room.occupants().by_device(request.from());
    const Occupant* asked = room.occupants().by_nick(request.to().resource());
    if (asker == nullptr) {
        // §6.6 asks for bad-request for service discovery, XEP-0410 §3.2 for not-acceptable for the rest.
        const Namespace& ns = Iq(request).payload().ns();
        const bool is_disco = ns == ns::disco_info || ns == ns::disco_items;
        room.refuse(request,
            is_disco ? StanzaError(StanzaError::bad_request) : StanzaError(StanzaError::not_acceptable));
    } else if (asked == nullptr) {
        room.refuse(request, StanzaError(StanzaError::item_not_found));
    } else if (asked == asker && Iq(request).payload().is("ping", ns::ping)) {
        room.send(request.result()); // XEP-0410 §3.3
    } else if (!relay(room, request, *asker, *asked)) {
        room.refuse(request, StanzaError(StanzaError::resource_constraint));
    }
}

} // namespace

void receive_request(Room& room, Stanza stanza, Settlement& settlement)
{
    if (!stanza.is_request()) {
        room.host().requests().take(std::move(stanza));
        return;
    }
    const bool is_inside = room.occupants().by_device(stanza.from()) != nullptr;
    const bool is_locked_out = room.state() == Room::State::locked
        && room.affiliation(stanza.from()) != Affiliation::owner;
    if (!room.exists() || is_locked_out) {
        room.refuse(stanza, room.absence());
        return;
    }
    if (stanza.to().has_resource()) {
        receive_for_occupant(room, stanza);
        return;
    }
    if (!is_inside && room.affiliation(stanza.from()) == Affiliation::outcast) {
        room.refuse(stanza, StanzaError(StanzaError::forbidden));
        return;
    }
    const RoomHandlers& handlers = room.service().room_handlers();
    const RoomHandlers::OnRequest* handler = handlers.find(stanza.iq_type(), Iq(stanza).payload());
    if (handler == nullptr) {
        room.refuse(stanza, StanzaError(StanzaError::service_unavailable));
        return;
    }
    start_in_background(answer_for_room(room.shared_from_this(), *handler, std::move(stanza),
                            std::move(settlement)),
        room.host().log(), "request to a room not answered");
}

} // namespace stonechat
