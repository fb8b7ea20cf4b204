// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_requests.hpp"

#include "pubsub/access.hpp"
#include "pubsub/node_service.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {

PubsubRequests::PubsubRequests() : table_("pubsub request")
{
    attach_publishing(*this);
    attach_item_retrieval(*this);
    attach_subscribing(*this);
    attach_node_management(*this);
    attach_affiliations(*this);
    attach_subscribers(*this);
}

void PubsubRequests::get(std::string_view ns, std::string_view operation, PubsubHandler handler)
{
    table_.add("pubsub", IqType::get, ns, operation, handler);
}

void PubsubRequests::set(std::string_view ns, std::string_view operation, PubsubHandler handler)
{
    table_.add("pubsub", IqType::set, ns, operation, handler);
}

PubsubRequests::Found PubsubRequests::find(const Iq& iq) const
{
    for (const Element* child : iq.payload().children()) {
        if (child->ns() != iq.payload().ns()) {
            continue; // `<set/>` of XEP-0059, `<order/>` of XEP-0413
        }
        if (const PubsubHandler* handler = table_.find(iq.type(), *child)) {
            return { *handler, child };
        }
    }
    return {};
}

Task<IqAnswer> PubsubRequests::answer(NodeService& service, Iq iq) const
{
    const Found found = find(iq);
    if (found.handler == nullptr) {
        const Element* child = iq.payload().first_child();
        co_return child == nullptr ? StanzaError(StanzaError::bad_request) : unsupported(child->name());
    }
    PubsubRequest request { iq, found.operation };
    auto asked = found.handler(service, request);
    auto answer = co_await asked;
    co_return answer;
}

} // namespace stonechat
