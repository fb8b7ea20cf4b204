// SPDX-License-Identifier: Apache-2.0
#include "modules/version.hpp"

#include "base/build_version.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

class Version final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("version", "Tells the server's name and version; never the operating system.")
            .implements(Xep { 92, "1.1", "Software Version", "the name of the operating system" })
            .feature(ns::software_version);
    }

    void attach(Handlers& on) override
    {
        on.iq_get(To::host, ns::software_version, "query", [](const Iq&, const Context&) -> IqAnswer {
            Element query("query", ns::software_version);
            query.add_text_child("name", "Stonechat");
            query.add_text_child("version", build_version);
            return query;
        });
    }
};

} // namespace

std::unique_ptr<Module> make_version()
{
    return std::make_unique<Version>();
}

} // namespace stonechat
