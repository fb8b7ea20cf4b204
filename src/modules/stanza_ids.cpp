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
        return Manifest("stanza_ids", "Lets nobody forge the ids under which messages are archived.")
            .implements(Xep { 359, "0.7.0", "Unique and Stable Stanza IDs" })
            .feature(ns::stanza_id, On::both);
    }

    void attach(Handlers& on) override
    {
        on.message(Flow::from_client, Stage::guard, strip_all);
        on.message(Flow::to_user, Stage::guard, strip_own);
    }

private:
    /// Our accounts and hosts have not stamped what a client sends, and no room has an occupant behind it.
    static Verdict strip_all(const Message& message, const Context& context)
    {
        const Server& server = context.host.router().server();
        strip(message, [&server](const Element& child) {
            return child.ns() == ns::occupant_id
                || is_stamp_by(child, [&server](const Jid& by) { return server.serves(by.domain()); });
        });
        return Verdict::pass();
    }

    /// Whoever sends it: what this account's archive would stamp is ours to say (§3 rule 2).
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
        // In whatever spelling: a client prepares the address before it compares.
        const auto by = Jid::parse(child.attribute_or("by"));
        return by && holds(*by);
    }

    /// Leaves a message alone that has nothing of the kind, with what was serialised of it.
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
