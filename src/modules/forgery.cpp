// SPDX-License-Identifier: Apache-2.0
#include "modules/forgery.hpp"

#include "router/host.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

/// Returns whether only an account may send this to its own devices. Checks all versions of the protocols,
/// because old clients accept old ones.
bool is_voice_of_account(const Element& child)
{
    const std::string_view ns = child.ns().text();
    if (ns.starts_with("urn:xmpp:carbons:")) {
        return child.name() == "sent" || child.name() == "received";
    }
    return ns.starts_with("urn:xmpp:mam:") && (child.name() == "result" || child.name() == "fin");
}

bool is_push(const Stanza& iq)
{
    if (iq.iq_type() != IqType::set || !iq.to().has_resource()) {
        return false;
    }
    const Namespace& ns = iq.element().first_child()->ns();
    return ns == ns::roster || ns == ns::blocking;
}

class Forgery final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("forgery",
            "Stops clients from sending forged carbons, archive results and pushes (roster, block list) to "
            "other accounts.");
    }

    void attach(Handlers& on) override { on.any(Flow::from_client, look); }

private:
    static Verdict look(Stanza& stanza, const Context& context)
    {
        if (stanza.to().empty() || stanza.to().same_bare(context.user->jid())) {
            return Verdict::pass();
        }
        switch (stanza.kind()) {
        case StanzaKind::message: return strip(stanza);
        case StanzaKind::iq:
            return is_push(stanza) ? Verdict::bounce(StanzaError(StanzaError::service_unavailable))
                                   : Verdict::pass();
        case StanzaKind::presence: return Verdict::pass();
        }
        return Verdict::pass();
    }

    /// Removes forged parts and passes the rest of the message on. If nothing is left, drops it without an
    /// error.
    static Verdict strip(Stanza& message)
    {
        const bool stripped = message.element().remove_children_if(is_voice_of_account) > 0;
        return stripped && message.element().first_child() == nullptr ? Verdict::done() : Verdict::pass();
    }
};

} // namespace

std::unique_ptr<Module> make_forgery()
{
    return std::make_unique<Forgery>();
}

} // namespace stonechat
