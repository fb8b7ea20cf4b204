// SPDX-License-Identifier: Apache-2.0
#include "modules/session_request.hpp"

#include "router/host.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

class SessionRequest final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("session_request", "Answers the session request of old clients (RFC 3921).");
    }

    void attach(Handlers& on) override
    {
        const auto agree = [](const Iq&, const Context&) -> IqAnswer { return std::nullopt; };
        on.iq_set(To::own_account, ns::session, "session", agree);
        on.iq_set(To::host, ns::session, "session", agree);
    }
};

} // namespace

std::unique_ptr<Module> make_session_request()
{
    return std::make_unique<SessionRequest>();
}

} // namespace stonechat
