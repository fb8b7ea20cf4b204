// SPDX-License-Identifier: Apache-2.0
#include "modules/blocking.hpp"

#include "base/random.hpp"
#include "net/shard.hpp"
#include "router/async_mutex.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

constexpr const char* blocking_store = "blocking";

class Blocking final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("blocking", "Lets users block addresses.")
            .implements(Xep { 191, "1.3", "Blocking Command" })
            .feature(ns::blocking, On::both)
            .setting(SettingSpec::integer("max_entries", 1000, 1, 100'000,
                "Maximum number of addresses that one account may block."))
            .setting(SettingSpec::bytes("max_bytes", 256 * 1024, 1024, 64 * 1024 * 1024,
                "Maximum total size of the addresses that one account blocks."))
            .store(blocking_store);
    }

    void attach(Handlers& on) override
    {
        wants_pushes_ = on.session_slot<bool>();
        change_mutex_ = on.user_slot<AsyncMutex>();
        on.user_load(load);
        on.iq_get(To::own_account, ns::blocking, "blocklist",
            [this](const Iq&, const Context& c) { return list(c); });
        on.iq_set_later(To::own_account, ns::blocking, "block",
            [this](Iq iq, Context c) { return block(iq, c); });
        on.iq_set_later(To::own_account, ns::blocking, "unblock",
            [this](Iq iq, Context c) { return unblock(iq, c); });
        on.any(Flow::from_client, refuse_to_blocked);
        on.any(Flow::to_user, refuse_from_blocked);
    }

private:
    static Task<bool> load(User& user)
    {
        auto pending = user.host().storage().keyval().load(user.key(), blocking_store);
        const auto entries = co_await pending;
        if (!entries) {
            co_return false;
        }
        user.block_list().clear();
        for (const auto& [name, value] : *entries) {
            if (const auto jid = Jid::parse(name)) {
                user.block_list().add(*jid);
            }
        }
        co_return true;
    }

    /// §3.2. A session that has requested the list gets pushes (§3.3).
    IqAnswer list(const Context& context)
    {
        if (context.session != nullptr) {
            wants_pushes_.of(*context.session) = true;
        }
        Element blocklist("blocklist", ns::blocking);
        for (const Jid& jid : context.user->block_list().jids()) {
            blocklist.add("item").set_attribute("jid", jid.text());
        }
        return blocklist;
    }

    static Result<std::vector<Jid>, StanzaError> items_of(const Element& request)
    {
        std::vector<Jid> jids;
        for (const Element* item : request.children("item", ns::blocking)) {
            auto jid = Jid::parse(item->attribute_or("jid"));
            if (!jid) {
                return StanzaError(StanzaError::jid_malformed);
            }
            jids.push_back(std::move(*jid));
        }
        return jids;
    }

    /// Returns those of `jids` that are not blocked yet, without duplicates.
    static std::vector<Jid> new_among(const std::vector<Jid>& jids, const BlockList& blocked)
    {
        BlockList added;
        for (const Jid& jid : jids) {
            if (!blocked.contains(jid)) {
                added.add(jid);
            }
        }
        return added.jids();
    }

    Task<IqAnswer> block(Iq iq, Context context)
    {
        auto jids = items_of(iq.payload());
        if (!jids) {
            co_return jids.error();
        }
        if (jids->empty()) {
            co_return StanzaError(StanzaError::bad_request); // §3.3 example 5 onwards: at least one item
        }
        // Changes are serialised, so that the lists in memory and in the store stay the same.
        auto locking = change_mutex_.of(*context.user).lock();
        const auto lock = co_await locking;
        BlockList& blocked = context.user->block_list();
        const std::vector<Jid> added = new_among(*jids, blocked);
        const auto limit = static_cast<std::size_t>(context.host.settings("blocking").integer("max_entries"));
        const auto most_bytes =
            static_cast<std::size_t>(context.host.settings("blocking").integer("max_bytes"));
        if (blocked.jids().size() + added.size() > limit
            || bytes_of(blocked.jids()) + bytes_of(added) > most_bytes) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                "The block list is full");
        }
        KeyvalStore::Changes changes;
        for (const Jid& jid : added) {
            changes.emplace_back(jid.text(), std::string());
        }
        auto pending = context.host.storage().keyval().apply(context.user->key(), blocking_store,
            std::move(changes));
        const auto saved = co_await pending;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        // Unavailable presence goes out before the block takes effect, which would stop it (§3.3).
        show_unavailable(*context.user, added);
        for (const Jid& jid : added) {
            blocked.add(jid);
        }
        push_later(context, iq.payload());
        co_return std::nullopt;
    }

    Task<IqAnswer> unblock(Iq iq, Context context)
    {
        auto jids = items_of(iq.payload());
        if (!jids) {
            co_return jids.error();
        }
        auto locking = change_mutex_.of(*context.user).lock();
        const auto lock = co_await locking;
        BlockList& blocked = context.user->block_list();
        const bool all = jids->empty(); // §3.5
        const std::vector<Jid> freed = all ? blocked.jids() : *jids;
        KeyvalStore::Changes changes;
        for (const Jid& jid : freed) {
            changes.emplace_back(jid.text(), std::nullopt);
        }
        auto pending = context.host.storage().keyval().apply(context.user->key(), blocking_store,
            std::move(changes));
        const auto saved = co_await pending;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        for (const Jid& jid : freed) {
            blocked.remove(jid);
        }
        show_available(*context.user, freed);
        push_later(context, iq.payload());
        co_return std::nullopt;
    }

    /// Sends the push after the iq result, to every resource that has requested the list.
    void push_later(const Context& context, const Element& change) const
    {
        auto user = context.user->shared_from_this();
        context.host.shard().post([wants = wants_pushes_, user, change] {
            for (const auto& session : user->sessions()) {
                const bool* wanted = wants.find(*session);
                if (wanted != nullptr && *wanted) {
                    Stanza push = Stanza::iq(user->jid(), session->jid(), IqType::set, random_id(9));
                    push.element().add(change);
                    session->send(push);
                }
            }
        });
    }

    /// Returns the contacts that see the user's presence, are covered by one of `jids`, and are not blocked.
    static std::vector<Jid> affected_subscribers(const User& user, const std::vector<Jid>& jids)
    {
        BlockList changed;
        for (const Jid& jid : jids) {
            changed.add(jid);
        }
        std::vector<Jid> found;
        for (const RosterRecord& record : user.roster().records()) {
            if (sees_us(record.subscription) && changed.covers(record.contact)
                && !user.block_list().covers(record.contact)) {
                found.push_back(record.contact);
            }
        }
        return found;
    }

    static void show_unavailable(const User& user, const std::vector<Jid>& jids)
    {
        for (const Jid& contact : affected_subscribers(user, jids)) {
            for (const auto& session : user.sessions()) {
                if (session->is_available()) {
                    user.host().router().route(Stanza::presence(session->jid(), contact,
                        PresenceType::unavailable));
                }
            }
        }
        leave_rooms(user, jids);
    }

    /// Sends unavailable presence to blocked rooms: a user cannot stay in a room that is blocked. A room that
    /// the user is not in ignores it.
    static void leave_rooms(const User& user, const std::vector<Jid>& jids)
    {
        Router& router = user.host().router();
        for (const Jid& jid : jids) {
            if (!jid.has_local() || jid.has_resource() || router.service(jid.domain()) == nullptr) {
                continue;
            }
            for (const auto& session : user.sessions()) {
                router.route(Stanza::presence(session->jid(), jid, PresenceType::unavailable));
            }
        }
    }

    /// Returns whether this is an invitation that a room passes on for a blocked inviter (XEP-0045 §7.8.2).
    static bool is_invitation_from_blocked(const Stanza& stanza, const BlockList& blocked)
    {
        const Element* x = stanza.kind() == StanzaKind::message ? stanza.element().child("x", ns::muc_user)
                                                                : nullptr;
        const Element* invite = x == nullptr ? nullptr : x->child("invite");
        const auto inviter = invite == nullptr ? std::nullopt : Jid::parse(invite->attribute_or("from"));
        return inviter && blocked.covers(*inviter);
    }

    static void show_available(const User& user, const std::vector<Jid>& jids)
    {
        for (const Jid& contact : affected_subscribers(user, jids)) {
            for (const auto& session : user.sessions()) {
                if (session->is_available()) {
                    Stanza presence = *session->presence();
                    presence.set_to(contact);
                    user.host().router().route(std::move(presence));
                }
            }
        }
    }

    /// §3.3: bounces stanzas from the user to a blocked address.
    static Verdict refuse_to_blocked(Stanza& stanza, const Context& context)
    {
        const BlockList& blocked = context.user->block_list();
        if (blocked.empty() || stanza.to().empty() || stanza.to().same_bare(context.user->jid())
            || !blocked.covers(stanza.to())) {
            return Verdict::pass();
        }
        if (stanza.kind() == StanzaKind::iq && !stanza.is_request()) {
            return Verdict::done();
        }
        return Verdict::bounce(StanzaError(StanzaError::not_acceptable, StanzaError::Type::cancel)
                                   .with(Element("blocked", ns::blocking_errors)));
    }

    /// §3.3: to a blocked address the user looks offline. The user's own resources cannot be blocked.
    static Verdict refuse_from_blocked(Stanza& stanza, const Context& context)
    {
        const BlockList& blocked = context.user->block_list();
        if (blocked.empty() || stanza.from().same_bare(context.user->jid())
            || !(blocked.covers(stanza.from()) || is_invitation_from_blocked(stanza, blocked))) {
            return Verdict::pass();
        }
        // Even if the user has blocked this domain, answers of the host itself get through.
        if (stanza.from() == context.host.jid()) {
            return Verdict::pass();
        }
        if (stanza.kind() == StanzaKind::presence) {
            return Verdict::done();
        }
        return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
    }

    SessionSlot<bool> wants_pushes_;
    UserSlot<AsyncMutex> change_mutex_;
};

} // namespace

std::unique_ptr<Module> make_blocking()
{
    return std::make_unique<Blocking>();
}

} // namespace stonechat
