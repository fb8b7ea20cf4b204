// SPDX-License-Identifier: Apache-2.0
#include "pubsub/failed_entries.hpp"

#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {

void FailedEntries::add(Element entry, StanzaError why)
{
    entries_.push_back(std::move(entry));
    if (!first_) {
        first_ = std::move(why);
    }
}

IqAnswer FailedEntries::answer(const Element& operation)
{
    if (!first_) {
        return std::nullopt;
    }
    // Who asked for one change learns why. For several there is one condition.
    const bool is_only_one = operation.child_count() == 1;
    StanzaError error = is_only_one ? std::move(*first_)
                                    : StanzaError(StanzaError::not_acceptable, first_->text());
    Element payload("pubsub", ns::pubsub_owner);
    Element& list = payload.add(operation.name());
    list.set_attribute("node", operation.attribute_or("node"));
    for (Element& entry : entries_) {
        list.add(std::move(entry));
    }
    return std::move(error).beside(std::move(payload));
}

} // namespace stonechat
