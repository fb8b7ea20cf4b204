// SPDX-License-Identifier: Apache-2.0
#include "router/destination.hpp"

#include "router/notifications.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <optional>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// The way back from WireForm, for a destination that needs the tree.
std::optional<Stanza> parsed(const WireForm& form, const Jid& to)
{
    std::string xml = "<stanza xmlns='" + std::string(ns::client) + "'>";
    form.append_to(xml, to.text());
    xml += "</stanza>";
    auto wrapper = parse_element(xml);
    if (!wrapper || wrapper->first_child() == nullptr) {
        return std::nullopt;
    }
    auto stanza = Stanza::from_element(Element(*wrapper->first_child()));
    return stanza ? std::optional(std::move(*stanza)) : std::nullopt;
}

} // namespace

void Destination::deliver_copy(Stanza& shared, const Jid& to)
{
    Stanza copy = shared;
    copy.set_to(to);
    deliver(std::move(copy), Settlement());
}

void Destination::deliver_notification(Stanza& shared, const NotificationTarget& target, std::string_view)
{
    if (target.subscribed) {
        deliver_copy(shared, target.account);
        return;
    }
    for (const std::string& resource : target.resources) {
        if (const auto full = target.account.with_resource(resource)) {
            deliver_copy(shared, *full);
        }
    }
}

void Destination::deliver_directly(WireForms stanzas, const Jid& to, const Jid&)
{
    for (const auto& form : stanzas) {
        if (auto stanza = parsed(*form, to)) {
            deliver(std::move(*stanza), Settlement());
        }
    }
}

} // namespace stonechat
