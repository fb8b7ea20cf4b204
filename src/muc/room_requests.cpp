// SPDX-License-Identifier: Apache-2.0
#include "muc/room_requests.hpp"

#include "base/background.hpp"
#include "muc/group_ticks.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "muc/room_admin.hpp"
#include "muc/room_archive.hpp"
#include "muc/room_card.hpp"
#include "muc/room_disco.hpp"
#include "muc/room_hat_commands.hpp"
#include "muc/room_moderation.hpp"
#include "muc/room_owner.hpp"
#include "muc/room_registration.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <array>
#include <utility>

namespace stonechat {
namespace {

Task<RoomAnswer> answer_ping(std::shared_ptr<Room>, Iq)
{
    co_return RoomAnswer(std::nullopt);
}

struct Row {
    IqType type;
    std::string_view ns;
    std::string_view element;
    RoomHandler handler;
};

constexpr std::array rows {
    Row { IqType::get, ns::disco_info, "query", answer_room_info },
    Row { IqType::get, ns::disco_items, "query", answer_room_items },
    Row { IqType::get, ns::muc_admin, "query", answer_admin_get },
    Row { IqType::set, ns::muc_admin, "query", answer_admin_set },
    Row { IqType::get, ns::muc_owner, "query", answer_owner_get },
    Row { IqType::set, ns::muc_owner, "query", answer_owner_set },
    Row { IqType::get, ns::in_band_registration, "query", answer_register_get },
    Row { IqType::set, ns::in_band_registration, "query", answer_register_set },
    Row { IqType::get, ns::archive, "query", answer_archive_form },
    Row { IqType::set, ns::archive, "query", answer_archive_query },
    Row { IqType::get, ns::archive, "metadata", answer_archive_metadata },
    Row { IqType::set, ns::moderation, "moderate", answer_moderate },
    Row { IqType::get, ns::group_ticks, "ticks", answer_ticks },
    Row { IqType::get, ns::vcard_temp, "vCard", answer_card_get },
    Row { IqType::set, ns::vcard_temp, "vCard", answer_card_set },
    Row { IqType::set, ns::commands, "command", answer_command },
    Row { IqType::get, ns::ping, "ping", answer_ping },
};

const Row* find_row(IqType type, const Element& payload)
{
    for (const Row& row : rows) {
        if (row.type == type && payload.is(row.element, row.ns)) {
            return &row;
        }
    }
    return nullptr;
}

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
Task<Done> answer_for_room(std::shared_ptr<Room> room, RoomHandler handler, Stanza request,
    Settlement settlement)
{
    const Settlement held = std::move(settlement);
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
    } else if (!room.service().relay().pass(request, *asker, *asked)) {
        room.refuse(request, StanzaError(StanzaError::resource_constraint));
    }
}

} // namespace

void receive_request(Room& room, Stanza stanza, Settlement settlement)
{
    if (!stanza.is_request()) {
        room.service().relay().take(stanza);
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
    const Row* row = find_row(stanza.iq_type(), Iq(stanza).payload());
    if (row == nullptr) {
        room.refuse(stanza, StanzaError(StanzaError::service_unavailable));
        return;
    }
    start_in_background(answer_for_room(room.shared_from_this(), row->handler, std::move(stanza),
                            std::move(settlement)),
        room.host().log(), "request to a room not answered");
}

} // namespace stonechat
