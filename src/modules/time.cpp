// SPDX-License-Identifier: Apache-2.0
#include "modules/time.hpp"

#include "router/host.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

class Time final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("time", "Tells the server's time, in UTC.")
            .implements(Xep { 202, "2.0", "Entity Time" })
            .feature(ns::entity_time);
    }

    void attach(Handlers& on) override
    {
        on.iq_get(To::host, ns::entity_time, "time", [](const Iq&, const Context& context) -> IqAnswer {
            Element time("time", ns::entity_time);
            time.add_text_child("tzo", "+00:00");
            time.add_text_child("utc", to_datetime(context.host.clock().wall()));
            return time;
        });
    }
};

} // namespace

std::unique_ptr<Module> make_time()
{
    return std::make_unique<Time>();
}

} // namespace stonechat
