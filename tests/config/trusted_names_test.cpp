// SPDX-License-Identifier: Apache-2.0
#include "config/trusted_names.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

HostSettings host(std::string name, std::vector<std::string> admins)
{
    HostSettings host;
    host.name = std::move(name);
    host.core.set("admins", std::move(admins));
    return host;
}

} // namespace

TEST_CASE("trusted names: admins, contacts and push services of every host, with the setting that names them")
{
    Settings settings;
    settings.hosts = { host("localhost", { "ann@localhost" }),
        host("b.example", { "ann@localhost", "bob@b.example" }) };
    using List = std::vector<std::string>;
    Section& contact = settings.hosts[1].modules["contact"];
    contact.set("abuse",
        List { "mailto:mail@b.example", "xmpp:Help@b.example?message;body=x", "xmpp:b.example" });
    contact.set("support", List { "xmpp:talk@conference.b.example#x", "https://b.example/" });
    settings.hosts[1].modules["push"].set("local_services", List { "Bot@b.example/app", "push.b.example" });
    std::vector<std::string> found;
    for (const TrustedName& each : trusted_names(settings)) {
        found.push_back(each.address.text() + ", " + each.where);
    }
    CHECK(found
        == List { "ann@localhost, admins of localhost", "ann@localhost, admins of b.example",
            "bob@b.example, admins of b.example", "help@b.example, [host.contact] abuse of b.example",
            "talk@conference.b.example, [host.contact] support of b.example",
            "bot@b.example, [host.push] local_services of b.example" });
    CHECK(is_trusted_name(settings, *Jid::parse("bob@b.example/there")));
    CHECK_FALSE(is_trusted_name(settings, *Jid::parse("bob@localhost")));
    CHECK(missing_account(trusted_names(settings).front()).find("stonechatctl user add ann@localhost")
        != std::string::npos);
}
