// SPDX-License-Identifier: Apache-2.0
#include "modules/disco.hpp"

#include "router/host.hpp"
#include "xmpp/caps_hash.hpp"
#include "xmpp/ns.hpp"

#include <set>

namespace stonechat {
namespace {

/// Identifies this software in entity capabilities (XEP-0115 §4).
constexpr std::string_view caps_node = "https://stonechat.im/";

class Disco final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("disco", "Tells clients what the server and its accounts can do.")
            .implements(Xep { 30, "2.5.0", "Service Discovery" })
            .implements(Xep { 115, "1.6.0", "Entity Capabilities", "those of clients: `capabilities`" })
            .implements(Xep { 128, "1.0.1", "Service Discovery Extensions" })
            .feature(ns::disco_info, On::both)
            .feature(ns::disco_items, On::both)
            .feature(ns::caps)
            .identity("server", "im", "Stonechat", On::host)
            .identity("account", "registered", "", On::account);
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.iq_get(To::host, ns::disco_info, "query",
            [this](const Iq& iq, const Context& c) { return info(To::host, iq, c); });
        on.iq_get(To::host, ns::disco_items, "query",
            [this](const Iq& iq, const Context& c) { return items(To::host, iq, c); });
        on.iq_get_later(To::account, ns::disco_info, "query",
            [this](Iq iq, Context c) { return account_info(iq, c); });
        on.iq_get_later(To::account, ns::disco_items, "query",
            [this](Iq iq, Context c) { return account_items(iq, c); });
        on.iq_get(To::nobody, ns::disco_items, "query",
            [](const Iq& iq, const Context&) -> IqAnswer { return empty(iq); });
        on.stream_feature(Handlers::Offer::after_login, [this](bool) { return caps(); });
    }

private:
    /// Returns a `<query/>` with the request's node, which every answer needs (§3.2, §4.2).
    static Element empty(const Iq& iq)
    {
        Element query("query", iq.payload().ns());
        if (const auto node = iq.payload().attribute("node")) {
            query.set_attribute("node", *node);
        }
        return query;
    }

    IqAnswer info(To to, const Iq& iq, const Context& context)
    {
        Element query = empty(iq);
        const std::string_view node = iq.payload().attribute_or("node");
        const bool plain = node.empty() || (to == To::host && node == caps_node_and_hash());
        if (plain) {
            add_manifests(query, to == To::host ? On::host : On::account);
        }
        const bool known = host_->handlers().disco(DiscoKind::info, to, plain ? "" : node, context, iq,
            query);
        if (!plain && !known) {
            return StanzaError(StanzaError::item_not_found);
        }
        return query;
    }

    IqAnswer items(To to, const Iq& iq, const Context& context)
    {
        Element query = empty(iq);
        const std::string_view node = iq.payload().attribute_or("node");
        const bool known = host_->handlers().disco(DiscoKind::items, to, node, context, iq, query);
        if (!node.empty() && !known) {
            return StanzaError(StanzaError::item_not_found);
        }
        return query;
    }

    /// XEP-0030 §8: strangers get the same answer as for an account that does not exist.
    Task<IqAnswer> account_info(Iq iq, Context context)
    {
        if (!context.user->shows_presence_to(iq.from())) {
            co_return StanzaError(StanzaError::service_unavailable);
        }
        auto completing = complete(DiscoKind::info, iq, context, info(To::account, iq, context));
        auto answer = co_await completing;
        co_return answer;
    }

    Task<IqAnswer> account_items(Iq iq, Context context)
    {
        if (!context.user->shows_presence_to(iq.from())) {
            co_return empty(iq);
        }
        IqAnswer known = items(To::account, iq, context);
        if (known && !iq.payload().has_attribute("node")) {
            for (const auto& session : context.user->sessions()) {
                if (session->is_available()) {
                    (*known)->add("item").set_attribute("jid", session->jid().text());
                }
            }
        }
        auto completing = complete(DiscoKind::items, iq, context, std::move(known));
        auto answer = co_await completing;
        co_return answer;
    }

    /// Adds what is in the store. A node that is known at once is left alone.
    Task<IqAnswer> complete(DiscoKind kind, Iq iq, Context context, IqAnswer known)
    {
        const Handlers::DiscoLater* later = host_->handlers().find_disco_later(To::account);
        const bool has_node = !iq.payload().attribute_or("node").empty();
        if (later == nullptr || (known && has_node)) {
            co_return known;
        }
        Element query = known ? std::move(**known) : empty(iq);
        auto adding = (*later)(kind, iq, context, query);
        const auto added = co_await adding;
        if (!added) {
            co_return added.error();
        }
        if (!*added) {
            co_return StanzaError(StanzaError::item_not_found);
        }
        co_return query;
    }

    void add_manifests(Element& query, On where) const
    {
        const auto shows = [where](On on) { return on == where || on == On::both; };
        std::set<std::string> features;
        for (const Manifest& manifest : host_->manifests()) {
            for (const Manifest::Identity& identity : manifest.identities()) {
                if (!shows(identity.on)) {
                    continue;
                }
                Element& element = query.add("identity");
                element.set_attribute("category", identity.category).set_attribute("type", identity.type);
                if (!identity.name.empty()) {
                    element.set_attribute("name", identity.name);
                }
            }
            for (const Manifest::Feature& feature : manifest.features()) {
                if (shows(feature.on)) {
                    features.insert(feature.var);
                }
            }
        }
        for (const std::string& var : features) {
            query.add("feature").set_attribute("var", var);
        }
    }

    /// Returns the hash of the host's current disco#info (XEP-0115 §5.1).
    std::string hash() const
    {
        Element query("query", ns::disco_info);
        add_manifests(query, On::host);
        const Stanza nobody = Stanza::iq(host_->jid(), host_->jid(), IqType::get, "caps");
        host_->handlers().disco(DiscoKind::info, To::host, "", Context { *host_ }, Iq(nobody), query);
        return caps_hash(query);
    }

    const std::string& version()
    {
        if (version_.empty()) {
            version_ = hash();
        }
        return version_;
    }

    std::string caps_node_and_hash() { return std::string(caps_node) + "#" + version(); }

    /// §6.3: returns the server's capabilities as a stream feature.
    std::optional<Element> caps()
    {
        Element c("c", ns::caps);
        c.set_attribute("hash", "sha-1").set_attribute("node", caps_node).set_attribute("ver", version());
        return c;
    }

    void reconfigured() override { version_.clear(); }

    Host* host_ = nullptr; ///< set in attach()
    std::string version_;  ///< the hash; empty until first used
};

} // namespace

std::unique_ptr<Module> make_disco()
{
    return std::make_unique<Disco>();
}

} // namespace stonechat
