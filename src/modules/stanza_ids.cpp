// SPDX-License-Identifier: Apache-2.0
#include "modules/stanza_ids.hpp"

#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

class StanzaIds final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("stanza_ids", "Removes forged stanza ids and occupant ids from messages.")
            .implements(Xep { 359, "0.7.0", "Unique and Stable Stanza IDs", "ids that cannot be guessed" })
            .feature(ns::stanza_id, On::both);
    }

    void attach(Handlers& on) override
    {
        on.message(Flow::from_client, Stage::guard, strip_all);
        on.message(Flow::to_user, Stage::guard, strip_own);
    }

private:
    /// Removes all ids of this server's accounts and hosts, and all occupant ids, from a client's message:
    /// only archives and rooms may set them.
    static Verdict strip_all(const Message& message, const Context& context)
    {
        const Server& server = context.host.router().server();
        strip(message, [&server](const Element& child) {
            return child.ns() == ns::occupant_id
                || is_stamp_by(child, [&server](const Jid& by) { return server.serves(by.domain()); });
        });
        return Verdict::pass();
    }

    /// Removes ids of the receiving account, from any sender: only its own archive may set them (§3 rule 2).
    static Verdict strip_own(const Message& message, const Context& context)
    {
        const Jid& owner = context.user->jid();
        strip(message, [&owner](const Element& child) {
            return is_stamp_by(child, [&owner](const Jid& by) { return by.same_bare(owner); });
        });
        return Verdict::pass();
    }

    template <class By> static bool is_stamp_by(const Element& child, By holds)
    {
        if (!child.is("stanza-id", ns::stanza_id)) {
            return false;
        }
        // Compared in prepared form, as clients do, so that no other spelling gets through.
        const auto by = Jid::parse(child.attribute_or("by"));
        return by && holds(*by);
    }

    /// Removes unwanted children. Does not touch a message without any, so that its serialised form stays
    /// valid.
    template <class Unwanted> static void strip(const Message& message, Unwanted unwanted)
    {
        for (const Element* child : std::as_const(message.stanza()).element().children()) {
            if (unwanted(*child)) {
                message.element().remove_children_if(unwanted);
                return;
            }
        }
    }
};

} // namespace

std::unique_ptr<Module> make_stanza_ids()
{
    return std::make_unique<StanzaIds>();
}

} // namespace stonechat
