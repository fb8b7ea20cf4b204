// SPDX-License-Identifier: Apache-2.0
#include "c2s/session_snapshot.hpp"

#include "router/handlers.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

namespace stonechat {
namespace {

constexpr std::string_view own_part = "core"; ///< in ns::session_state, which no module uses

} // namespace

std::string write_kept_state(const Session& session, const Handlers& handlers)
{
    Element kept = handlers.save(session);
    Element core(own_part, ns::session_state);
    if (session.is_interested()) {
        core.set_attribute("interested", "true");
    }
    if (session.is_available()) {
        core.add(session.presence()->element());
    }
    kept.add(std::move(core));
    return to_xml(kept);
}

SessionSnapshot SessionSnapshot::read(std::string_view text)
{
    SessionSnapshot state;
    auto kept = parse_element(text);
    if (!kept) {
        return state;
    }
    if (Element* core = kept->child(own_part, ns::session_state)) {
        state.interested = core->attribute_or("interested") == "true";
        if (Element* presence = core->child("presence", ns::client)) {
            auto stanza = Stanza::from_element(std::move(*presence));
            if (stanza) {
                state.presence = std::move(*stanza);
            }
        }
        kept->remove_children(own_part, ns::session_state);
    }
    state.modules = std::move(*kept);
    return state;
}

} // namespace stonechat
