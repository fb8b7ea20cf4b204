// SPDX-License-Identifier: Apache-2.0
#include "xmpp/read_mark.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {

std::optional<ReadMark> read_mark(std::string_view item_id, std::string_view payload)
{
    const auto conversation = Jid::parse(item_id);
    const auto displayed = parse_element(payload);
    return conversation && displayed ? read_mark(*conversation, *displayed) : std::nullopt;
}

std::optional<ReadMark> read_mark(const Jid& conversation, const Element& displayed)
{
    const Element* id = displayed.child("stanza-id", ns::stanza_id);
    if (!displayed.is("displayed", ns::displayed_sync) || id == nullptr) {
        return std::nullopt;
    }
    auto by = Jid::parse(id->attribute_or("by"));
    if (!by) {
        return std::nullopt;
    }
    return ReadMark { conversation, std::move(*by), std::string(id->attribute_or("id")) };
}

Element to_read_mark(const Jid& by, std::string_view id)
{
    Element displayed("displayed", ns::displayed_sync);
    displayed.add("stanza-id", ns::stanza_id).set_attribute("by", by.text()).set_attribute("id", id);
    return displayed;
}

} // namespace stonechat
