// SPDX-License-Identifier: Apache-2.0
#include "modules/client_state.hpp"

#include "router/host.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

class ClientState final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("client_state",
            "Delays stanzas that are not urgent while a client says that it is inactive.")
            .implements(Xep { 352, "1.0.0", "Client State Indication", "a choice of what is held back" });
    }

    void attach(Handlers& on) override
    {
        on.stream_feature(Handlers::Offer::after_login,
            [](bool) -> std::optional<Element> { return Element("csi", ns::client_state); });
        on.stream_element(ns::client_state, "active",
            [](const Element&, const Context& c) { become(c, false); });
        on.stream_element(ns::client_state, "inactive",
            [](const Element&, const Context& c) { become(c, true); });
        on.session_resumed([](const Context& c) { become(c, false); }); // §5.2
    }

private:
    /// §6: the state is known only to the server.
    static void become(const Context& context, bool inactive)
    {
        if (context.session->is_inactive() == inactive) {
            return;
        }
        context.session->set_inactive(inactive);
        const Handlers& handlers = context.host.handlers();
        handlers.run_moment(handlers.on_attention(), context);
    }
};

} // namespace

std::unique_ptr<Module> make_client_state()
{
    return std::make_unique<ClientState>();
}

} // namespace stonechat
