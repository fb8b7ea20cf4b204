// SPDX-License-Identifier: Apache-2.0
#include "muc/occupant_relay.hpp"

#include "muc/occupants.hpp"
#include "muc/room.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

/// The answer as the asker gets it, from the nick that was asked.
Stanza passed_back(const Stanza& request, const Stanza& answer)
{
    Stanza reply = Stanza::iq(request.to(), request.from(), answer.iq_type(), request.id());
    for (const Element* child : answer.element().children()) {
        Element& copy = reply.element().add(*child);
        if (copy.name() == "error") {
            copy.remove_attribute("by"); // `by` could contain the real address
        }
    }
    return reply;
}

} // namespace

bool relay(Room& room, const Stanza& request, const Occupant& asker, const Occupant& asked)
{
    // Requests that an account answers for its owner go to the account (vCards, so that avatars show).
    const Element& payload = *request.element().first_child();
    const bool of_account = payload.ns() == ns::vcard_temp || payload.ns() == ns::pubsub;
    const Jid& device = asked.shown().jid();
    return room.host().requests().ask(asker.address, of_account ? device.bare() : device, request.iq_type(),
        payload, [&router = room.host().router(), request](const Stanza* answer) {
            if (answer != nullptr) {
                router.route(passed_back(request, *answer));
            } else {
                router.refuse(request, StanzaError(StanzaError::remote_server_timeout));
            }
        });
}

} // namespace stonechat
