// SPDX-License-Identifier: Apache-2.0
#include "muc/occupant_relay.hpp"

#include "base/random.hpp"
#include "muc/muc_service.hpp"
#include "muc/occupants.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {

bool OccupantRelay::pass(const Stanza& request, const Occupant& asker, const Occupant& asked)
{
    if (open_.size() >= most) {
        return false;
    }
    // Requests that an account answers for its owner go to the account (vCards, so that avatars show).
    const Element& payload = *request.element().first_child();
    const bool of_account = payload.ns() == ns::vcard_temp || payload.ns() == ns::pubsub;
    const Jid& device = asked.shown().jid();
    const Jid target = of_account ? device.bare() : device;
    std::string id = random_id();
    Stanza passed = Stanza::iq(asker.address, target, request.iq_type(), id);
    passed.element().add(payload);
    due_.push_back({ service_.host().clock().steady() + patience, id });
    open_.emplace(std::move(id), Open { request, target });
    service_.host().router().route(std::move(passed));
    return true;
}

void OccupantRelay::take(const Stanza& answer)
{
    const auto found = open_.find(std::string(answer.id()));
    if (found == open_.end() || found->second.asked != answer.from()) {
        return;
    }
    const Stanza request = std::move(found->second.request);
    open_.erase(found);
    Stanza reply = Stanza::iq(request.to(), request.from(), answer.iq_type(), request.id());
    for (const Element* child : answer.element().children()) {
        Element& copy = reply.element().add(*child);
        if (copy.name() == "error") {
            copy.remove_attribute("by"); // `by` could contain the real address
        }
    }
    service_.host().router().route(std::move(reply));
}

void OccupantRelay::expire()
{
    const SteadyTime now = service_.host().clock().steady();
    while (!due_.empty() && due_.front().time <= now) {
        const auto found = open_.find(due_.front().id);
        due_.pop_front();
        if (found == open_.end()) {
            continue;
        }
        const Stanza request = std::move(found->second.request);
        open_.erase(found);
        service_.host().router().refuse(request, StanzaError(StanzaError::remote_server_timeout));
    }
}

} // namespace stonechat
