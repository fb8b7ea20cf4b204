// SPDX-License-Identifier: Apache-2.0
#include "modules/roster.hpp"

#include "modules/roster_change.hpp"
#include "modules/subscription_states.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

enum class Refusal {
    not_one_item,
    no_jid,
    bad_jid,
    group_twice,
    group_empty,
    too_long,
    too_many_groups,
    unknown,
    roster_full,
    too_busy,
    not_yours
};

/// RFC 6121 §2.3.3, §2.5.3, §2.1.5.
StanzaError refuse(Refusal refusal)
{
    switch (refusal) {
    case Refusal::not_one_item:
        return StanzaError(StanzaError::bad_request, "A roster set carries exactly one item");
    case Refusal::no_jid: return StanzaError(StanzaError::bad_request, "The item has no jid");
    case Refusal::bad_jid: return StanzaError(StanzaError::jid_malformed);
    case Refusal::group_twice: return StanzaError(StanzaError::bad_request, "A group is named twice");
    case Refusal::group_empty: return StanzaError(StanzaError::not_acceptable, "A group needs a name");
    case Refusal::too_long: return StanzaError(StanzaError::not_acceptable, "A name is too long");
    case Refusal::too_many_groups:
        return StanzaError(StanzaError::not_acceptable, "The item is in too many groups");
    case Refusal::unknown: return StanzaError(StanzaError::item_not_found);
    case Refusal::roster_full: return StanzaError(StanzaError::resource_constraint, "The roster is full");
    case Refusal::too_busy:
        return StanzaError(StanzaError::resource_constraint, "Too many changes at a time");
    case Refusal::not_yours: return StanzaError(StanzaError::forbidden);
    }
    return StanzaError(StanzaError::internal_server_error);
}

/// The parts of an item that a client may set. Only the server sets subscription, ask and approved (§2.1.2).
struct WantedItem {
    Jid contact;
    std::string name;
    std::vector<std::string> groups;
    bool remove = false;
};

class RosterModule final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("roster", "Stores the contact lists of users (RFC 6121 section 2).")
            .implements_rfc("RFC 6121 §2")
            .setting(SettingSpec::integer("max_contacts", 2000, 1, 100'000,
                "Maximum number of contacts in a roster."))
            .setting(SettingSpec::integer("max_groups", 50, 1, 1000,
                "Maximum number of groups of one contact."))
            .setting(SettingSpec::bytes("max_name_bytes", 1023, 1, 65'536,
                "Maximum length of the name of a contact or group."))
            .setting(SettingSpec::bytes("max_bytes", 1024 * 1024, 1024, 256 * 1024 * 1024,
                "Maximum size of a roster: addresses, names and groups of all contacts, plus 32 bytes per "
                "contact."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.user_load([this](User& user) { return load(user.shared_from_this()); });
        on.iq_get(To::own_account, ns::roster, "query", get);
        on.iq_set_later(To::own_account, ns::roster, "query",
            [this](Iq iq, Context c) { return set(iq, c); });
        const auto not_yours = [](const Iq&, const Context&) -> IqAnswer {
            return refuse(Refusal::not_yours);
        };
        for (const To somebody :
            { To::account, To::nobody }) { // the same answer if the account does not exist
            on.iq_get(somebody, ns::roster, "query", not_yours);
            on.iq_set(somebody, ns::roster, "query", not_yours);
        }
        on.any(Flow::to_user, [](Stanza& stanza, const Context&) { return stop_forged_push(stanza); });
        on.stream_feature(Handlers::Offer::after_login,
            [](bool) { return Element("ver", ns::roster_versioning); });
    }

private:
    Task<bool> load(std::shared_ptr<User> user)
    {
        auto reading = host_->storage().rosters().load(user->key());
        auto data = co_await reading;
        if (!data) {
            co_return false;
        }
        user->set_roster(std::move(*data));
        co_return true;
    }

    /// §2.1.3; §2.6.2 if the client sends its version.
    static IqAnswer get(const Iq& iq, const Context& context)
    {
        if (context.session != nullptr) {
            context.session->set_interested();
        }
        const Roster& roster = context.user->roster();
        const std::string version = std::to_string(roster.version());
        if (iq.payload().attribute("ver") == version) {
            return std::nullopt;
        }
        Element query("query", ns::roster);
        query.set_attribute("ver", version);
        for (const RosterRecord& record : roster.records()) {
            if (record.in_roster) {
                query.add(Roster::to_item(record));
            }
        }
        return query;
    }

    /// §2.3, §2.4, §2.5.
    Task<IqAnswer> set(Iq iq, Context context)
    {
        auto wanted = read_item(iq.payload());
        if (!wanted) {
            co_return refuse(wanted.error());
        }
        const auto user = context.user->shared_from_this();
        if (user->roster().is_crowded()) {
            co_return refuse(Refusal::too_busy);
        }
        auto locking = user->roster().change_mutex().lock();
        const auto lock = co_await locking;
        auto changing = wanted->remove ? remove(user, wanted->contact) : update(user, std::move(*wanted));
        co_return co_await changing;
    }

    Task<IqAnswer> update(std::shared_ptr<User> user, WantedItem wanted)
    {
        RosterRecord record = user->roster().find_or_new(wanted.contact);
        const RosterRecord before = record;
        record.in_roster = true;
        record.name = std::move(wanted.name);
        record.groups = std::move(wanted.groups);
        if (has_no_room(user->roster(), before, record, host_->settings("roster"))) {
            co_return refuse(Refusal::roster_full);
        }
        auto storing = store_change(user, record);
        const auto stored = co_await storing;
        if (!stored) {
            co_return to_stanza_error(stored.error());
        }
        push_item(*user, record);
        co_return std::nullopt;
    }

    /// §2.5.2. Both subscriptions end. A request from the contact keeps waiting for its answer.
    Task<IqAnswer> remove(std::shared_ptr<User> user, Jid contact)
    {
        const RosterRecord* found = user->roster().find(contact.text());
        if (found == nullptr || !found->in_roster) {
            co_return refuse(Refusal::unknown);
        }
        const RosterRecord before = *found;
        RosterRecord after;
        after.contact = contact;
        after.in_roster = false;
        after.pending_in = before.pending_in;
        auto storing = store_change(user, after);
        const auto stored = co_await storing;
        if (!stored) {
            co_return to_stanza_error(stored.error());
        }
        push_removal(*user, contact);
        tell_removed(*user, before);
        co_return std::nullopt;
    }

    void tell_removed(const User& user, const RosterRecord& record) const
    {
        if (is_seen_by_us(record.subscription) || record.pending_out) {
            host_->router().route(Stanza::presence(user.jid(), record.contact, PresenceType::unsubscribe));
        }
        if (sees_us(record.subscription)) {
            send_unavailable(user, record.contact);
            host_->router().route(Stanza::presence(user.jid(), record.contact, PresenceType::unsubscribed));
        }
    }

    /// Parses and checks the one item of a roster set (§2.3.3).
    Result<WantedItem, Refusal> read_item(const Element& query) const
    {
        const auto items = query.children("item", ns::roster);
        if (items.size() != 1 || query.child_count() != 1) {
            return Refusal::not_one_item;
        }
        const Element& item = *items.front();
        const auto address = item.attribute("jid");
        if (!address) {
            return Refusal::no_jid;
        }
        const auto contact = Jid::parse(*address);
        if (!contact) {
            return Refusal::bad_jid;
        }
        WantedItem wanted { contact->bare(), std::string(item.attribute_or("name")), {}, false };
        wanted.remove = item.attribute("subscription") == "remove";
        if (wanted.remove) {
            return wanted;
        }
        if (const auto refused = read_groups(item, wanted)) {
            return *refused;
        }
        return wanted;
    }

    std::optional<Refusal> read_groups(const Element& item, WantedItem& wanted) const
    {
        const Section& limits = host_->settings("roster");
        const auto name_bytes = static_cast<std::size_t>(limits.integer("max_name_bytes"));
        if (wanted.name.size() > name_bytes) {
            return Refusal::too_long;
        }
        for (const Element* group : item.children("group", ns::roster)) {
            std::string name = group->text();
            if (name.empty()) {
                return Refusal::group_empty;
            }
            if (name.size() > name_bytes) {
                return Refusal::too_long;
            }
            if (std::find(wanted.groups.begin(), wanted.groups.end(), name) != wanted.groups.end()) {
                return Refusal::group_twice;
            }
            wanted.groups.push_back(std::move(name));
            if (wanted.groups.size() > static_cast<std::size_t>(limits.integer("max_groups"))) {
                return Refusal::too_many_groups;
            }
        }
        return std::nullopt;
    }

    /// Bounces forged roster pushes, since some clients accept them. Real pushes are never routed (§2.1.6).
    static Verdict stop_forged_push(const Stanza& stanza)
    {
        const bool is_request = stanza.kind() == StanzaKind::iq && stanza.is_request();
        if (is_request && stanza.to().has_resource() && stanza.element().first_child()->ns() == ns::roster) {
            return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
        }
        return Verdict::pass();
    }

    Host* host_ = nullptr; ///< set in attach()
};

} // namespace

std::unique_ptr<Module> make_roster()
{
    return std::make_unique<RosterModule>();
}

} // namespace stonechat
