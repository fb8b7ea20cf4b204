// SPDX-License-Identifier: Apache-2.0
#include "xmpp/delay.hpp"

#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {

Element Delay::to_element() const
{
    Element delay("delay", ns::delay);
    if (!from.empty()) {
        delay.set_attribute("from", from.text());
    }
    delay.set_attribute("stamp", to_datetime(stamp, true));
    delay.add_text(reason);
    return delay;
}

std::optional<Delay> Delay::from_element(const Element& delay)
{
    if (!delay.is("delay", ns::delay)) {
        return std::nullopt;
    }
    const auto stamp = parse_datetime(delay.attribute_or("stamp"));
    auto from = delay.has_attribute("from") ? Jid::parse(delay.attribute_or("from")) : Jid();
    if (!stamp || !from) {
        return std::nullopt;
    }
    return Delay { *stamp, std::move(*from), delay.text() };
}

void strip_forged_delays(Element& stanza, std::string_view domain)
{
    stanza.remove_children_if([domain](const Element& child) {
        if (!child.is("delay", ns::delay)) {
            return false;
        }
        const auto from = Jid::parse(child.attribute_or("from"));
        return from && from->domain() == domain;
    });
}

} // namespace stonechat
