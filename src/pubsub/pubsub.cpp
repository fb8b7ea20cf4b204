// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "net/shard.hpp"
#include "pubsub/publishing.hpp"
#include "pubsub/pubsub_service.hpp"
#include "pubsub/service_settings.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace stonechat {
namespace {

class Pubsub final : public Module {
public:
    Manifest describe() const override
    {
        constexpr ServiceDefaults defaults { 10'000, 1000, 100'000, 1024UL * 1024 * 1024 };
        auto manifest =
            Manifest("pubsub", "Offers a publish-subscribe service, at its own domain.")
                .implements(Xep { 60, "1.30.0", "Publish-Subscribe",
                    "collections, several subscriptions of one address, leases, keyword subscriptions" })
                .implements(Xep { 413, "0.2", "Order-By", "several levels of order" })
                .implements(Xep { 442, "0.2.0", "Pubsub Message Archive Management",
                    "items that the node does not keep any more: its archive is what it keeps" })
                .needs("disco")
                .setting(SettingSpec::text("domain", "", "Domain of the service; empty = pubsub.HOST.",
                    SettingSpec::Heat::cold))
                .setting(SettingSpec::choice("create", "local", { "local", "anyone", "admins" },
                    "Who may create nodes: \"local\" = users of this server, \"anyone\" = everybody, "
                    "\"admins\" = the host's admins."));
        return with_service_settings(std::move(manifest), defaults);
    }

    void attach(Handlers& on) override
    {
        Host& host = on.host();
        const std::string& chosen = host.settings("pubsub").text("domain");
        const auto domain = Jid::parse(chosen.empty() ? "pubsub." + host.name() : chosen);
        if (!domain || !domain->is_domain() || host.router().host(domain->text()) != nullptr
            || host.router().service(domain->text()) != nullptr) {
            host.log().error(
                "no pubsub service: 'domain' of [host.pubsub] is no domain, or one that is in use",
                { { "host", host.name() }, { "domain", chosen } });
            return;
        }
        service_ = std::make_unique<PubsubService>(host, *domain);
        host.router().add_service(domain->text(), *service_);
        on.items_expired([this](const Jid& service, const std::string& node,
                             const std::vector<std::string>& ids) {
            if (service == service_->address()) {
                start_in_background(tell_expired(*service_, {}, node, ids), service_->host().log(),
                    "expiry of items not told");
            }
        });
        on.other_account_removed([this](const Jid& account) { service_->drop(account); });
        on.disco_items(To::host, "", [this](const Context&, const Iq&, Element& query) {
            query.add("item")
                .set_attribute("jid", service_->address().text())
                .set_attribute("name", "Publish-Subscribe");
        });
    }

private:
    std::unique_ptr<PubsubService> service_; ///< null if the settings name no domain
};

} // namespace

std::unique_ptr<Module> make_pubsub()
{
    return std::make_unique<Pubsub>();
}

} // namespace stonechat
