// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pep.hpp"

#include "base/background.hpp"
#include "net/shard.hpp"
#include "pubsub/account_nodes.hpp"
#include "pubsub/bounces.hpp"
#include "pubsub/events.hpp"
#include "pubsub/item_answers.hpp"
#include "pubsub/item_expiry.hpp"
#include "pubsub/last_items.hpp"
#include "pubsub/node_archive.hpp"
#include "pubsub/node_commands.hpp"
#include "pubsub/node_creation.hpp"
#include "pubsub/node_discovery.hpp"
#include "pubsub/publishing.hpp"
#include "pubsub/pubsub_requests.hpp"
#include "pubsub/service_settings.hpp"
#include "pubsub/subscription_approval.hpp"
#include "router/capabilities.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <memory>
#include <utility>

namespace stonechat {
namespace {

Manifest with_features(Manifest manifest)
{
    for (const std::string_view feature : pubsub_features()) {
        const bool on_host = feature == ns::publish_options;
        static_cast<Manifest&&>(manifest).feature(feature, on_host ? On::both : On::account); // in place
    }
    for (const std::string_view feature : { "http://jabber.org/protocol/pubsub#access-presence",
             "http://jabber.org/protocol/pubsub#access-roster",
             "http://jabber.org/protocol/pubsub#auto-subscribe",
             "http://jabber.org/protocol/pubsub#filtered-notifications" }) {
        static_cast<Manifest&&>(manifest).feature(feature, On::account); // in place
    }
    return manifest;
}

class Pep final : public Module, public PersonalNodes {
public:
    Manifest describe() const override
    {
        constexpr ServiceDefaults defaults { 200, 1000, 1000, 20UL * 1024 * 1024 };
        auto manifest = Manifest("pep",
            "Lets users publish things about themselves: avatars, keys, bookmarks.")
                            .implements(Xep { 163, "1.2.2", "Personal Eventing Protocol" })
                            .implements(Xep { 222, "1.0.1", "Persistent Storage of Public Data via PubSub" })
                            .implements(Xep { 223, "1.1.1", "Persistent Storage of Private Data via PubSub" })
                            .implements(Xep { 80, "1.10.0", "User Location" })
                            .implements(Xep { 107, "1.2.2", "User Mood" })
                            .implements(Xep { 118, "1.3.0", "User Tune" })
                            .implements(Xep { 172, "1.1", "User Nickname" })
                            .implements(Xep { 384, "0.8.3", "OMEMO Encryption" })
                            .implements(Xep { 449, "0.2.0", "Stickers" })
                            .implements(Xep { 472, "0.2.1", "Pubsub Social Feed",
                                "the usual configuration of nodes for comments" })
                            .needs("disco")
                            .needs("capabilities")
                            .feature(ns::commands, On::account)
                            .identity("pubsub", "pep", "", On::both); // XEP-0222 §6: clients ask the host too
        return with_features(with_service_settings(std::move(manifest), defaults));
    }

    void attach(Handlers& on) override
    {
        on.host().set_personal_nodes(*this);
        nodes_ = on.user_slot<std::unique_ptr<AccountNodes>>();
        served_ = on.session_slot<CapabilitiesPtr>();
        attach_requests(on);
        attach_discovery(on);
        on.session_capabilities([this](const Context& c) { serve(c); });
        on.presence(Flow::from_client, Stage::deliver,
            [this](Presence p, const Context& c) { return take_sent(p, c); });
        on.presence(Flow::to_user, Stage::deliver,
            [this](Presence p, const Context& c) { return take_received(p, c); });
        on.message(Flow::from_client, Stage::guard,
            [this](Message m, const Context& c) { return approve(m, c); });
        on.message(Flow::to_user, Stage::guard,
            [this](Message m, const Context& c) { return take_error(m, c); });
        on.items_expired([this, &host = on.host()](const Jid& account, const std::string& node,
                             const std::vector<std::string>& ids) {
            tell_expired_of(host, account, node, ids);
        });
        if (on.host().shard().index() == 0) { // once per server
            expiry_.emplace(on.host());
            on.host().shard().post([this] { expiry_->start(); });
        }
        on.other_account_removed([this, &host = on.host()](const Jid& account) { drop(host, account); });
    }

    // PersonalNodes
    Task<Items> read(std::shared_ptr<User> account, Jid reader, std::string node,
        NodeStore::ItemQuery query) override
    {
        AccountNodes& nodes = nodes_of(*account);
        auto finding = nodes.find(node);
        const auto found = co_await finding;
        if (!found && found.error().condition() != StanzaError::item_not_found) {
            co_return found.error();
        }
        if (!found || reading_refused((*found)->config(), nodes.relation(**found, reader))) {
            co_return std::vector<NodeItem>();
        }
        auto reading = nodes.store().items(nodes.key(), node, std::move(query));
        auto page = co_await reading;
        if (!page) {
            co_return to_stanza_error(page.error());
        }
        co_return std::move(page->items);
    }

    Task<Result<Readers, StanzaError>> readers(std::shared_ptr<User> account, std::string node) override
    {
        auto finding = nodes_of(*account).find(std::move(node));
        const auto found = co_await finding;
        if (!found && found.error().condition() != StanzaError::item_not_found) {
            co_return found.error();
        }
        if (!found) {
            co_return Readers::few;
        }
        switch ((*found)->config().access) {
        case NodeConfig::Access::open: co_return Readers::everybody;
        case NodeConfig::Access::presence: co_return Readers::contacts;
        case NodeConfig::Access::roster:
        case NodeConfig::Access::authorize:
        case NodeConfig::Access::whitelist: break;
        }
        co_return Readers::few;
    }

    using PersonalNodes::publish;
    Task<std::optional<StanzaError>> publish(std::shared_ptr<User> account, std::string node, NodeItem item,
        NewNode access) override
    {
        Publication publication;
        if (access == NewNode::open) {
            publication.access_of_new_node = NodeConfig::Access::open;
        }
        publication.node = std::move(node);
        publication.item = std::move(item);
        auto publishing = stonechat::publish(nodes_of(*account), account->jid(), std::move(publication));
        auto failed = co_await publishing;
        co_return failed;
    }

    Task<std::optional<StanzaError>> publish_all(std::shared_ptr<User> account, std::string node,
        std::vector<NodeItem> items) override
    {
        auto publishing = stonechat::publish_all(nodes_of(*account), account->jid(), std::move(node),
            std::move(items));
        auto failed = co_await publishing;
        co_return failed;
    }

    Task<std::optional<StanzaError>> retract(std::shared_ptr<User> account, std::string node,
        std::vector<std::string> ids) override
    {
        AccountNodes& nodes = nodes_of(*account);
        auto finding = nodes.find(std::move(node));
        const auto found = co_await finding;
        if (!found) {
            const bool is_missing = found.error().condition() == StanzaError::item_not_found;
            co_return is_missing ? std::nullopt : std::optional(found.error());
        }
        constexpr bool notify = false;
        auto retracting = stonechat::retract(nodes, *found, std::move(ids), notify);
        const auto retracted = co_await retracting;
        co_return retracted ? std::nullopt : std::optional(retracted.error());
    }

    void watch(std::string node, OnChange f) override { watchers_.emplace(std::move(node), std::move(f)); }

    void contact_changed(User& account, const Jid& contact) override
    {
        AccountNodes& nodes = nodes_of(account);
        start_in_background(review_contact(nodes, nodes.hold(), contact.bare()), account.host().log(),
            "subscriptions of a contact not ended");
    }

    Task<IqAnswer> answer_archive(Iq iq, Context context) override
    {
        NobodysNodes none(context.host, iq.to());
        NodeService* nodes = &none;
        if (context.user != nullptr) {
            nodes = &nodes_of(*context.user);
        }
        auto asked = answer_node_archive(*nodes, iq, context.session);
        auto answer = co_await asked;
        co_return answer;
    }

    void announce(User& account, std::string node, NodeItem item) override
    {
        AccountNodes& nodes = nodes_of(account);
        const NodeConfig config = nodes.default_config(node);
        const auto shown = std::make_shared<Node>(new_node_record(nodes, std::move(node), account.jid(),
            config));
        send_event(nodes, shown, published_event(*shown, { std::move(item) }));
    }

private:
    void attach_requests(Handlers& on)
    {
        const auto answer = [this](Iq iq, Context context) {
            return requests_.answer(nodes_of(*context.user), iq);
        };
        const auto answer_for_nobody = [this](Iq iq, Context context) { return answer_nobody(iq, context); };
        for (const std::string_view ns : { ns::pubsub, ns::pubsub_owner }) {
            on.iq_get_later(To::account, ns, "pubsub", answer);
            on.iq_set_later(To::account, ns, "pubsub", answer);
            on.iq_get_later(To::nobody, ns, "pubsub", answer_for_nobody);
            on.iq_set_later(To::nobody, ns, "pubsub", answer_for_nobody);
        }
        on.iq_set_later(To::account, ns::commands, "command",
            [this](Iq iq, Context context) { return answer_node_command(nodes_of(*context.user), iq); });
        on.iq_set_later(To::nobody, ns::commands, "command", run_for_nobody);
    }

    void attach_discovery(Handlers& on)
    {
        on.disco_items(To::account, ns::commands, [this](const Context& c, const Iq& iq, Element& query) {
            if (iq.from().same_bare(c.user->jid())) {
                list_node_commands(nodes_of(*c.user), query);
            }
        });
        on.disco_info(To::account, get_pending_command,
            [](const Context&, const Iq&, Element& query) { describe_get_pending(query); });
        on.disco_later(To::account, [this](DiscoKind kind, Iq iq, Context context, Element& query) {
            return discover(kind, iq, context, query);
        });
    }

    AccountNodes& nodes_of(User& user)
    {
        auto& nodes = nodes_.of(user);
        if (!nodes) {
            nodes = std::make_unique<AccountNodes>(user, watchers_, answers_);
        }
        return *nodes;
    }

    Task<IqAnswer> answer_nobody(Iq iq, Context context)
    {
        NobodysNodes none(context.host, iq.to());
        auto answering = requests_.answer(none, iq);
        auto answer = co_await answering;
        co_return answer;
    }

    static Task<IqAnswer> run_for_nobody(Iq iq, Context context)
    {
        NobodysNodes none(context.host, iq.to());
        auto running = answer_node_command(none, iq);
        auto answer = co_await running;
        co_return answer;
    }

    /// XEP-0163 §6.2: the nodes of an account, and what is in one.
    Task<Result<bool, StanzaError>> discover(DiscoKind kind, Iq iq, Context context, Element& query)
    {
        AccountNodes& nodes = nodes_of(*context.user);
        const bool has_node = !iq.payload().attribute_or("node").empty();
        if (!has_node && kind == DiscoKind::info) {
            co_return true;
        }
        const auto add = !has_node ? add_nodes : kind == DiscoKind::info ? add_node_info : add_node_items;
        auto adding = add(nodes, iq, query);
        const auto added = co_await adding;
        if (!added) {
            co_return added.error();
        }
        co_return true;
    }

    /// XEP-0163 §4.3.2: a client whose interests became known gets the newest items, once each.
    void serve(const Context& context)
    {
        Session& session = *context.session;
        if (!session.capabilities()) {
            return; // they became unknown
        }
        CapabilitiesPtr& served = served_.of(session);
        std::vector<std::string> nodes = new_interests(served.get(), *session.capabilities());
        served = session.capabilities();
        for (const std::string& node : nodes) {
            if (context.host.data_view(node) != nullptr) {
                start_in_background(send_last_view(context.user->shared_from_this(),
                                        session.shared_from_this(), node),
                    context.host.log(), "newest item of a view not sent");
            }
        }
        if (!nodes.empty()) {
            serve(context, sources_of_items(*context.user), std::move(nodes));
        }
    }

    void serve(const Context& context, std::vector<AccountKey> accounts, std::vector<std::string> nodes)
    {
        start_in_background(send_last_items(context.user->shared_from_this(),
                                context.session->shared_from_this(), std::move(accounts), std::move(nodes)),
            context.host.log(), "newest items not sent");
    }

    static std::vector<std::string> new_interests(const Capabilities* before, const Capabilities& now)
    {
        std::vector<std::string> nodes;
        for (const std::string& feature : now.notify_features()) {
            if (before == nullptr || !before->has(feature)) {
                nodes.push_back(feature.substr(0, feature.size() - Capabilities::notify_suffix.size()));
            }
        }
        return nodes;
    }

    /// A client goes offline, and gets the newest items again when it comes back.
    Verdict take_sent(Presence presence, const Context& context)
    {
        if (presence.type() == PresenceType::unavailable && presence.to().empty()) {
            served_.clear(*context.session);
        }
        return Verdict::pass();
    }

    /// A contact lets the account see its presence: the account's clients get its newest items (XEP-0163
    /// §4.3.2).
    Verdict take_received(Presence presence, const Context& context)
    {
        if (presence.type() != PresenceType::subscribed) {
            return Verdict::pass();
        }
        const Jid& contact = presence.from();
        const AccountKey key { std::string(contact.domain()), std::string(contact.local()) };
        for (const auto& session : context.user->sessions()) {
            if (session->is_available() && session->capabilities()) {
                Context receiver = context;
                receiver.session = session.get();
                serve(receiver, { key }, new_interests(nullptr, *session->capabilities()));
            }
        }
        return Verdict::pass();
    }

    /// XEP-0060 §8.6: an owner's answer to a request for a subscription.
    Verdict approve(Message message, const Context& context)
    {
        if (message.to() != context.user->jid() || message.has_body()) {
            return Verdict::pass();
        }
        auto form = approval_of(std::as_const(message.stanza()).element());
        if (!form) {
            return Verdict::pass();
        }
        start_in_background(take_approval_of(context.user->shared_from_this(), message.from(),
                                std::move(*form), context.hold()),
            context.host.log(), "subscription to a node not approved");
        return Verdict::done();
    }

    /// XEP-0060 §12.4. Only events and the like are sent from the bare address, so no client waits for the
    /// error.
    Verdict take_error(Message message, const Context& context)
    {
        if (message.type() != MessageType::error || message.to() != context.user->jid()) {
            return Verdict::pass();
        }
        AccountNodes& nodes = nodes_of(*context.user);
        start_in_background(take_bounce(nodes, nodes.hold(), message.stanza()), context.host.log(),
            "error for an event not taken");
        return Verdict::done();
    }

    Task<Done> take_approval_of(std::shared_ptr<User> user, Jid from, DataForm form, Settlement settlement)
    {
        auto taking = take_approval(nodes_of(*user), from, std::move(form), std::move(settlement));
        co_await taking;
        co_return Done();
    }

    void tell_expired_of(Host& host, const Jid& account, const std::string& node,
        const std::vector<std::string>& ids)
    {
        if (account.domain() != host.name() || !account.has_local()) {
            return;
        }
        host.user(account.local())->when_loaded([this, node, ids](User& user) {
            if (user.state() == User::State::ready) {
                AccountNodes& nodes = nodes_of(user);
                start_in_background(tell_expired(nodes, nodes.hold(), node, ids), user.host().log(),
                    "expiry of items not told");
            }
        });
    }

    void drop(const Host& host, const Jid& account) const
    {
        for (const auto& [name, user] : host.users()) {
            if (const auto* nodes = nodes_.find(*user)) {
                (*nodes)->drop(account);
            }
        }
    }

    PubsubRequests requests_;
    AccountNodes::Watchers watchers_;
    ItemAnswers answers_;
    std::optional<ItemExpiry> expiry_; ///< on shard 0 only
    UserSlot<std::unique_ptr<AccountNodes>> nodes_;
    SessionSlot<CapabilitiesPtr> served_; ///< the capabilities for which the newest items were sent
};

} // namespace

std::unique_ptr<Module> make_pep()
{
    return std::make_unique<Pep>();
}

} // namespace stonechat
