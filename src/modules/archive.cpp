// SPDX-License-Identifier: Apache-2.0
#include "modules/archive.hpp"

#include "modules/archive_choices.hpp"
#include "modules/archive_commands.hpp"
#include "modules/archive_indexing.hpp"
#include "modules/archive_preferences.hpp"
#include "modules/archive_quotas.hpp"
#include "modules/archive_replays.hpp"
#include "net/shard.hpp"
#include "router/archive_expiry.hpp"
#include "router/archive_query.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/personal_nodes.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <optional>
#include <utility>

namespace stonechat {
namespace {

/// Queries of one session at a time; more are refused.
constexpr std::size_t parallel_queries = 2;

/// Counts a query while it is being answered.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::size_t& count_;
};

/// Returns the newest message that the client knows after this query and page.
MessageId newest_of(const ArchiveQuery& query, const ArchivePage& page)
{
    const MessageId known = std::max(query.after_id.value_or(0), query.page_after.value_or(0));
    return page.messages.empty() ? known : std::max(known, page.messages.back().id);
}

class Archive final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("archive", "Archives the messages of each account for all devices of its owner.")
            .implements(Xep { 59, "1.0", "Result Set Management", "`index` in requests" })
            .implements(Xep { 184, "1.4.0", "Message Delivery Receipts" })
            .implements(Xep { 297, "1.0", "Stanza Forwarding" })
            .implements(Xep { 308, "1.2.1", "Last Message Correction" })
            .implements(Xep {
                313, "1.1.3", "Message Archive Management", "messages of rooms in the archives of accounts" })
            .implements(Xep { 333, "1.0.0", "Displayed Markers" })
            .implements(Xep { 334, "1.0.0", "Message Processing Hints" })
            .implements(Xep { 431, "0.2.0", "Full Text Search in MAM" })
            .implements(Xep { 441, "0.2.0", "Message Archive Management Preferences" })
            .implements(Xep { 444, "0.2.1", "Message Reactions" })
            .implements(Xep { 461, "0.2.1", "Message Replies" })
            // COMPAT until Profanity 0.18 and older are out of use: they look for the feature on the host.
            .feature(ns::archive, On::both)
            .feature(ns::archive_extended, On::account)
            .feature(ns::archive_groupchat_field, On::account)
            .feature(ns::full_text_search, On::account)
            .setting(SettingSpec::choice("retention", "days", { "never", "days", "forever" },
                "How long messages are kept: \"never\" = only until delivered, \"days\" = for "
                "`retention_days`, \"forever\" = without end. Users may choose another time, except with "
                "\"never\"."))
            .setting(SettingSpec::integer("retention_days", 30, 1, 36'500,
                "Number of days for which messages are kept, with retention = \"days\"."))
            .setting(SettingSpec::integer("max_page", 100, 1, 1000,
                "Maximum number of messages in one page of results."))
            .setting(SettingSpec::integer("default_page", 50, 1, 1000,
                "Number of messages in a page if the client does not ask for a number."))
            .setting(SettingSpec::bytes("max_page_bytes", 512 * 1024, 1024, 64 * 1024 * 1024,
                "Maximum total size of the messages in one page of results; a single larger message is still "
                "sent."))
            .setting(SettingSpec::integer("max_preferences", 1000, 1, 100'000,
                "Maximum number of addresses for which one account may set archiving preferences."))
            .setting(ArchiveQuota::setting("account"))
            .store(ArchiveChoicesOfUsers::store)
            .store(archive_quota_store);
    }

    void attach(Handlers& on) override
    {
        Host& host = on.host();
        replays_.emplace(host.router().server().secret());
        under_way_ = on.session_slot<std::size_t>();
        choices_.attach(on);
        quotas_.attach(on);
        replays_->attach(on);
        on.message(Flow::from_client, Stage::archive,
            [this](const Message& m, const Context& c) { return archive_sent(m, c); });
        on.message(Flow::to_user, Stage::archive,
            [this](const Message& m, const Context& c) { return archive_received(m, c); });
        on.iq_get_later(To::own_account, ns::archive, "query", nodes_first(form));
        on.iq_set_later(To::own_account, ns::archive, "query",
            nodes_first([this](Iq iq, Context c) { return query(iq, c); }));
        on.iq_get_later(To::own_account, ns::archive, "metadata", nodes_first(metadata));
        on.iq_get(To::own_account, ns::archive, "prefs",
            [this](const Iq&, const Context& c) { return preferences(c); });
        on.iq_set_later(To::own_account, ns::archive, "prefs",
            [this](Iq iq, Context c) { return set_preferences(iq, c); });
        refuse_strangers(on);
        add_archive_commands(on, choices_);
        if (host.shard().index() == 0) { // once per server
            expiry_.emplace(host, host.name(), [&host] { return host_retention(host.settings("archive")); });
            indexing_.emplace(host);
            host.shard().post([this] {
                expiry_->start();
                indexing_->start();
            });
        }
    }

private:
    /// Lets the nodes of the account answer a request that names one (XEP-0442), and `handler` the others.
    static Handlers::Later nodes_first(Handlers::Later handler)
    {
        return [handler = std::move(handler)](Iq iq, Context context) {
            PersonalNodes* nodes = context.host.personal_nodes();
            const bool is_about_node = iq.payload().has_attribute("node") && nodes != nullptr;
            return is_about_node ? nodes->answer_archive(iq, context) : handler(iq, context);
        };
    }

    /// §8.1: refuses access to other accounts' archives, with the same error if the account does not exist.
    /// Those who may read a node may query its archive.
    static void refuse_strangers(Handlers& on)
    {
        const auto refuse = [](Iq, Context) -> Task<IqAnswer> {
            co_return StanzaError(StanzaError::forbidden);
        };
        for (const To to : { To::account, To::nobody }) {
            on.iq_get_later(to, ns::archive, "*", nodes_first(refuse));
            on.iq_set_later(to, ns::archive, "*", nodes_first(refuse));
        }
    }

    // In -------------------------------------------------------------------------------------------------

    Verdict archive_sent(const Message& message, const Context& context)
    {
        archive(*context.plan, message, message.to(), true);
        replays_->mark(message, context);
        return Verdict::pass();
    }

    /// Also called for messages to the own account: the store keeps them once (§6.1.1), and the receiving
    /// devices get the archive id.
    Verdict archive_received(const Message& message, const Context& context)
    {
        archive(*context.plan, message, message.from(), false);
        return Verdict::pass();
    }

    void archive(DeliveryPlan& plan, const Message& message, const Jid& peer, bool outgoing) const
    {
        if (plan.storage_policy() != StoragePolicy::archived) {
            return;
        }
        const auto bytes = xml_length(std::as_const(message.stanza()).element());
        if (choices_.allow(plan.owner(), peer) && quotas_.admit(plan.owner(), peer, outgoing, bytes)) {
            plan.archive(peer, outgoing);
        } else {
            plan.set_storage_policy(StoragePolicy::until_delivered);
        }
    }

    // Out ------------------------------------------------------------------------------------------------

    static Task<IqAnswer> form(Iq, Context)
    {
        Element query("query", ns::archive);
        query.add(archive_form());
        co_return query;
    }

    static ArchivePageLimits limits(const Host& host)
    {
        const Section& section = host.settings("archive");
        ArchivePageLimits limits;
        limits.messages = static_cast<std::size_t>(section.integer("max_page"));
        limits.messages_unasked = static_cast<std::size_t>(section.integer("default_page"));
        limits.bytes = static_cast<std::size_t>(section.integer("max_page_bytes"));
        return limits;
    }

    Task<IqAnswer> query(Iq iq, Context context)
    {
        const ArchivePageLimits page_limits = limits(context.host);
        const auto request = read_archive_request(iq.payload(), page_limits);
        if (!request) {
            co_return request.error();
        }
        Session& session = *context.session;
        std::size_t& under_way = under_way_.of(session);
        if (under_way >= parallel_queries) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait);
        }
        const Counted counted(under_way);
        auto reading = context.host.storage().archive().page(context.user->key(), request->query);
        auto page = co_await reading;
        if (!page) {
            co_return to_stanza_error(page.error());
        }
        if (!page->has_value()) {
            co_return StanzaError(StanzaError::item_not_found); // §4.1.3, §4.3.2
        }
        if (request->catches_up() && !session.is_available()) {
            session.set_caught_up_to(newest_of(request->query, **page));
        }
        ArchiveAnswer answer = archive_answer(*request, std::move(**page), page_limits, context.user->jid(),
            session.jid());
        for (const Stanza& message : answer.messages) {
            session.send(message);
        }
        co_return std::move(answer.fin);
    }

    static Task<IqAnswer> metadata(Iq, Context context)
    {
        auto reading = context.host.storage().archive().ends(context.user->key());
        const auto ends = co_await reading;
        if (!ends) {
            co_return to_stanza_error(ends.error());
        }
        co_return archive_metadata(*ends);
    }

    // Choices --------------------------------------------------------------------------------------------

    IqAnswer preferences(const Context& context) const
    {
        return to_element(choices_.of(*context.user).preferences);
    }

    Task<IqAnswer> set_preferences(Iq iq, Context context)
    {
        const auto most =
            static_cast<std::size_t>(context.host.settings("archive").integer("max_preferences"));
        auto preferences = read_archive_preferences(iq.payload(), most);
        if (!preferences) {
            co_return preferences.error();
        }
        Element applied = to_element(*preferences);
        auto storing = choices_.set_preferences(context.user->shared_from_this(), std::move(*preferences));
        const auto stored = co_await storing;
        if (!stored) {
            co_return to_stanza_error(stored.error());
        }
        co_return applied;
    }

    ArchiveChoicesOfUsers choices_;
    ArchiveQuotas quotas_;
    std::optional<ArchiveReplays> replays_;   ///< set in attach()
    std::optional<ArchiveExpiry> expiry_;     ///< on shard 0 only
    std::optional<ArchiveIndexing> indexing_; ///< likewise
    SessionSlot<std::size_t> under_way_;
};

} // namespace

std::unique_ptr<Module> make_archive()
{
    return std::make_unique<Archive>();
}

} // namespace stonechat
