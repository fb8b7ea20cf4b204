// SPDX-License-Identifier: Apache-2.0
#include "modules/ping.hpp"

#include "router/host.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

class Ping final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("ping", "Answers pings, so that clients notice a dead connection.")
            .implements(Xep { 199, "2.0.1", "XMPP Ping", "pings sent by the server" })
            .feature(ns::ping, On::both);
    }

    void attach(Handlers& on) override
    {
        const auto pong = [](const Iq&, const Context&) -> IqAnswer { return std::nullopt; };
        on.iq_get(To::host, ns::ping, "ping", pong);
        on.iq_get(To::own_account, ns::ping, "ping", pong);
        on.iq_get(To::account, ns::ping, "ping", ping_account);
    }

private:
    /// §4.2 leaves it to policy who may learn that an account exists: those who see its presence.
    static IqAnswer ping_account(const Iq& iq, const Context& context)
    {
        if (!context.user->shows_presence_to(iq.from())) {
            return StanzaError(StanzaError::service_unavailable);
        }
        return std::nullopt;
    }
};

} // namespace

std::unique_ptr<Module> make_ping()
{
    return std::make_unique<Ping>();
}

} // namespace stonechat
