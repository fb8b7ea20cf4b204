// SPDX-License-Identifier: Apache-2.0
#include "modules/subscription.hpp"

#include "base/log.hpp"
#include "modules/roster_change.hpp"
#include "modules/subscription_states.hpp"
#include "net/shard.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>

namespace stonechat {
namespace {

class Subscription final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("subscription", "Manages presence subscriptions (RFC 6121 section 3).")
            .implements_rfc("RFC 6121 §3")
            .needs("roster")
            .setting(SettingSpec::integer("max_pending", 100, 1, 10'000,
                "Maximum number of subscription requests that wait for the answer of one user; further "
                "requests are dropped."))
            .setting(SettingSpec::bytes("max_request_bytes", 16 * 1024, 512, 1024 * 1024,
                "A waiting subscription request is stored with its extensions up to this size; a larger one "
                "is stored without them."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.presence(Flow::from_client, Stage::deliver,
            [this](Presence p, const Context& c) { return take_outbound(p, c); });
        on.presence(Flow::to_user, Stage::deliver,
            [this](Presence p, const Context& c) { return take_inbound(p, c); });
        on.session_available([this](const Context& c) { remind(*c.user, *c.session); });
        on.account_forgotten([this](Jid account) { return forget_everywhere(std::move(account)); });
        on.stream_feature(Handlers::Offer::after_login,
            [](bool) { return Element("sub", ns::pre_approval); });
    }

private:
    /// Changes the roster for a stanza. `hold` outlives the task.
    using Change = Task<Done> (Subscription::*)(Subscribing kind, Stanza stanza, std::shared_ptr<User> user,
        const Settlement* hold);

    Task<Done> settle_after(Change change, Subscribing kind, Stanza stanza, std::shared_ptr<User> user,
        Settlement hold)
    {
        auto changing = (this->*change)(kind, std::move(stanza), std::move(user), &hold);
        co_await changing;
        std::move(hold).settle();
        co_return Done();
    }

    // What the user's client sends (§3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2) --------------------------

    Verdict take_outbound(const Presence& presence, const Context& context)
    {
        const auto kind = subscribing(presence.type());
        if (!kind) {
            return Verdict::pass();
        }
        if (presence.to().empty()) {
            return Verdict::bounce(StanzaError(StanzaError::bad_request));
        }
        if (context.user->roster().is_crowded()) {
            return Verdict::bounce(StanzaError(StanzaError::resource_constraint,
                "Too many changes at a time"));
        }
        if (!presence.to().same_bare(context.user->jid())) { // a user always sees the own presence
            run(settle_after(&Subscription::change_as_user, *kind, presence.stanza(),
                context.user->shared_from_this(), context.hold()));
        }
        return Verdict::done();
    }

    Task<Done> change_as_user(Subscribing kind, Stanza stanza, std::shared_ptr<User> user,
        const Settlement* hold)
    {
        auto locking = user->roster().change_mutex().lock();
        const auto lock = co_await locking;
        const RosterRecord before = user->roster().find_or_new(stanza.to().bare());
        const Transition transition = outbound(kind, state_of(before));
        const RosterRecord after = changed_by_user(kind, transition, before);
        if (after.in_roster && !before.in_roster
            && has_no_room(user->roster(), before, after, host_->settings("roster"))) {
            host_->router().refuse(stanza,
                StanzaError(StanzaError::resource_constraint, "The roster is full"));
            co_return Done();
        }
        if (after != before) {
            auto storing = store_change(user, after);
            const auto stored = co_await storing;
            if (!stored) {
                host_->router().refuse(stanza, to_stanza_error(stored.error()));
                co_return Done();
            }
        }
        if (sees_us(before.subscription) && !sees_us(after.subscription)) {
            send_unavailable(*user, after.contact);
        }
        if (transition.plan == Handling::pass_on) {
            stanza.set_from(user->jid());
            stanza.set_to(after.contact);
            host_->router().route(std::move(stanza), hold->share());
        }
        tell_clients(*user, before, after);
        if (!sees_us(before.subscription) && sees_us(after.subscription)) {
            send_presence(*user, after.contact);
        }
        co_return Done();
    }

    static RosterRecord changed_by_user(Subscribing kind, const Transition& transition,
        const RosterRecord& before)
    {
        RosterRecord after = before;
        set_state(after, transition.next);
        switch (kind) {
        case Subscribing::subscribe: after.in_roster = true; return after;
        case Subscribing::subscribed: // an approval creates an item too, even a pre-approval
            after.approved = transition.plan == Handling::pre_approve;
            after.in_roster = after.in_roster || transition.plan != Handling::hold_back;
            return after;
        case Subscribing::unsubscribed: // also cancels a pre-approval (§3.4.2)
            after.approved = false;
            return after;
        case Subscribing::unsubscribe: return after;
        }
        return after;
    }

    // What a contact sends (§3.1.3, §3.1.6, §3.2.3, §3.3.3) ------------------------------------------

    Verdict take_inbound(const Presence& presence, const Context& context)
    {
        const auto kind = subscribing(presence.type());
        if (!kind) {
            return queue_behind_changes(presence, context);
        }
        User& user = *context.user;
        if (user.roster().is_crowded()) {
            host_->log().warning("subscription dropped", { { "user", user.jid().text() } });
            return Verdict::done();
        }
        if (!presence.from().same_bare(user.jid())) {
            run(settle_after(&Subscription::change_as_contact, *kind, presence.stanza(),
                user.shared_from_this(), context.hold()));
        }
        return Verdict::done();
    }

    /// Delays the presence of a contact while roster changes are being stored, so that it is delivered after
    /// the subscription stanza that the contact sent before it (§3.1.6).
    Verdict queue_behind_changes(const Presence& presence, const Context& context)
    {
        if (passing_on_ || !context.user->roster().change_mutex().is_locked()) {
            return Verdict::pass();
        }
        run(pass_on_later(presence.stanza(), context.user->shared_from_this(), context.hold()));
        return Verdict::done();
    }

    Task<Done> pass_on_later(Stanza stanza, std::shared_ptr<User> user, Settlement hold)
    {
        auto locking = user->roster().change_mutex().lock();
        const auto lock = co_await locking;
        passing_on_ = true;
        host_->deliver(std::move(stanza), std::move(hold));
        passing_on_ = false;
        co_return Done();
    }

    Task<Done> change_as_contact(Subscribing kind, Stanza stanza, std::shared_ptr<User> user,
        const Settlement* hold)
    {
        auto locking = user->roster().change_mutex().lock();
        const auto lock = co_await locking;
        const Jid addressed = stanza.to();
        stanza.set_from(stanza.from().bare());
        stanza.set_to(user->jid());
        const RosterRecord before = user->roster().find_or_new(stanza.from());
        const Transition transition = inbound(kind, state_of(before));
        if (transition.plan == Handling::answer) {
            approve(*user, before.contact, *hold);
            co_return Done();
        }
        if (transition.plan != Handling::pass_on) {
            host_->trace("dropped", stanza, "it changes no subscription");
            answer_prober(kind, *user, addressed, stanza);
            co_return Done();
        }
        const bool request = kind == Subscribing::subscribe;
        if (request && !before.approved && count_waiting(user->roster()) >= limit("max_pending")) {
            host_->trace("dropped", stanza, "too many requests wait already");
            co_return Done(); // no error: the sender must not learn how many requests wait
        }
        const RosterRecord after = changed_by_contact(request, transition, before, stanza);
        auto storing = store_change(user, after);
        const auto stored = co_await storing;
        if (!stored) {
            host_->router().refuse(stanza, to_stanza_error(stored.error()));
            co_return Done();
        }
        host_->trace("delivered", stanza);
        if (request && before.approved) {
            tell_clients(*user, before, after);
            approve(*user, after.contact, *hold);
        } else if (request) {
            user->send_to_sessions(stanza, [](const Session& session) { return session.is_available(); });
        } else {
            user->send_to_sessions(stanza, [](const Session& session) { return session.is_interested(); });
            tell_clients(*user, before, after);
        }
        if (sees_us(before.subscription) && !sees_us(after.subscription)) {
            send_unavailable(*user, after.contact);
        }
        co_return Done();
    }

    /// Delivers an `unsubscribed` that changes nothing only to a client that has sent a probe itself
    /// (§4.3.2); it is recognised by the full address, which only the answer to a probe has. Otherwise drops
    /// it (§3.2.3).
    static void answer_prober(Subscribing kind, const User& user, const Jid& addressed, const Stanza& answer)
    {
        Session* session = addressed.has_resource() ? user.session(addressed.resource()) : nullptr;
        if (kind == Subscribing::unsubscribed && session != nullptr && session->is_open()) {
            session->send(answer);
        }
    }

    RosterRecord changed_by_contact(bool request, const Transition& transition, const RosterRecord& before,
        const Stanza& stanza) const
    {
        RosterRecord after = before;
        if (request) {
            after.pending_in = as_kept(stanza);
        }
        set_state(after, transition.next);
        if (request && before.approved) { // as if the user had answered (§3.4.3); this uses up the approval
            set_state(after, outbound(Subscribing::subscribed, state_of(after)).next);
            after.approved = false;
        }
        return after;
    }

    /// Answers a request on the user's behalf.
    void approve(const User& user, const Jid& contact, const Settlement& hold)
    {
        host_->router().route(Stanza::presence(user.jid(), contact, PresenceType::subscribed), hold.share());
        send_presence(user, contact);
    }

    // Removed accounts -------------------------------------------------------------------------------

    /// Removes what all rosters grant to a removed account: pre-approvals, waiting requests and
    /// subscriptions. Otherwise the next owner of the name would get these rights.
    Task<bool> forget_everywhere(Jid account)
    {
        auto asking = host_->storage().rosters().holders(account);
        const auto holders = co_await asking;
        if (!holders) {
            co_return false;
        }
        for (const AccountKey& holder : *holders) {
            auto forgetting = forget_at_home(holder, account);
            const bool forgotten = co_await forgetting;
            if (!forgotten) {
                co_return false;
            }
        }
        co_return true;
    }

    Pending<bool> forget_at_home(const AccountKey& holder, const Jid& account)
    {
        const auto owner = Jid::from_parts(holder.user, holder.host);
        if (!owner || owner == account || !host_->router().server().has_accounts(holder.host)) {
            return Pending<bool>::ready(true);
        }
        Pending<bool> pending;
        Shard& here = host_->shard();
        const auto answer = [&here, promise = pending.promise()](bool done) {
            here.post([promise, done]() mutable { promise.fulfil(done); });
        };
        host_->router().server().at_home(*owner, [owner = *owner, account, answer](Router& home) {
            home.host(owner.domain())->user(owner.local())->when_loaded([account, answer](User& user) {
                start(forget_contact(user.shared_from_this(), account), answer,
                    [answer](const std::exception_ptr&) { answer(false); });
            });
        });
        return pending;
    }

    /// Removes the contact's rights from the user's roster. The item itself stays, as the user's own note.
    static Task<bool> forget_contact(std::shared_ptr<User> user, Jid contact)
    {
        auto locking = user->roster().change_mutex().lock();
        const auto lock = co_await locking;
        if (user->state() != User::State::ready) { // disabled: its roster is not in memory
            auto storing = forget_in_store(user, contact);
            const bool stored = co_await storing;
            co_return stored;
        }
        const RosterRecord* kept = user->roster().find(contact.text());
        if (kept == nullptr) {
            co_return true;
        }
        const RosterRecord before = *kept;
        const RosterRecord after = without_rights(before);
        if (after == before && before.in_roster) {
            co_return true;
        }
        auto storing = store_change(user, after);
        const auto stored = co_await storing;
        if (!stored) {
            co_return false;
        }
        if (sees_us(before.subscription)) {
            send_unavailable(*user, contact);
        }
        tell_clients(*user, before, after);
        co_return true;
    }

    static Task<bool> forget_in_store(std::shared_ptr<User> user, Jid contact)
    {
        RosterStore& store = user->host().storage().rosters();
        auto loading = store.load(user->key());
        auto roster = co_await loading;
        if (!roster) {
            co_return false;
        }
        for (const RosterRecord& record : roster->items) {
            if (record.contact != contact) {
                continue;
            }
            RosterRecord after = without_rights(record);
            Stored<Done> writing;
            if (after.in_roster) {
                writing = store.put(user->key(), std::move(after), roster->version + 1);
            } else {
                writing = store.remove(user->key(), contact, roster->version + 1);
            }
            const auto written = co_await writing;
            co_return written.has_value();
        }
        co_return true;
    }

    static RosterRecord without_rights(RosterRecord record)
    {
        record.subscription = SubscriptionState::none;
        record.pending_out = false;
        record.pending_in.reset();
        record.approved = false;
        return record;
    }

    // Waiting requests -------------------------------------------------------------------------------

    /// Returns the stored form of a request: whole (§3.1.3), or without its content if it is too large.
    std::string as_kept(const Stanza& request) const
    {
        std::string xml = to_xml(request.element());
        if (xml.size() <= limit("max_request_bytes")) {
            return xml;
        }
        return to_xml(Stanza::presence(request.from(), request.to(), PresenceType::subscribe).element());
    }

    /// A resource has become available: delivers waiting requests to it, and if it is the user's only
    /// available resource, sends the user's own unanswered requests again.
    void remind(User& user, Session& session)
    {
        for (const RosterRecord& record : user.roster().records()) {
            if (record.pending_in) {
                deliver_kept(session, *record.pending_in);
            }
        }
        // The user's own request may have been lost on its way (§3.1.2).
        if (!is_only_available(user, session)) {
            return;
        }
        std::vector<Jid> asked;
        for (const RosterRecord& record : user.roster().records()) {
            if (record.pending_out) {
                asked.push_back(record.contact);
            }
        }
        for (const Jid& contact : asked) {
            host_->router().route(Stanza::presence(user.jid(), contact, PresenceType::subscribe));
        }
    }

    void deliver_kept(Session& session, const std::string& xml)
    {
        auto element = parse_element(xml);
        if (element) {
            if (const auto request = Stanza::from_element(std::move(*element))) {
                session.send(*request);
                return;
            }
        }
        host_->log().error("kept request unreadable", { { "user", session.jid().bare_text() } });
    }

    static bool is_only_available(const User& user, const Session& session)
    {
        return std::none_of(user.sessions().begin(), user.sessions().end(),
            [&session](const auto& other) { return other.get() != &session && other->is_available(); });
    }

    static std::size_t count_waiting(const Roster& roster)
    {
        return static_cast<std::size_t>(std::count_if(roster.records().begin(), roster.records().end(),
            [](const RosterRecord& record) { return record.pending_in.has_value(); }));
    }

    // ------------------------------------------------------------------------------------------------

    static void tell_clients(const User& user, const RosterRecord& before, const RosterRecord& after)
    {
        // An item in state "None + Pending In" is hidden from clients (§3.1.3).
        if (after.in_roster && (!before.in_roster || Roster::to_item(before) != Roster::to_item(after))) {
            push_item(user, after);
        }
    }

    std::size_t limit(std::string_view key) const
    {
        return static_cast<std::size_t>(host_->settings("subscription").integer(key));
    }

    void run(Task<Done> task)
    {
        start(
            std::move(task), [](Done) {},
            [this](const std::exception_ptr&) { host_->log().error("subscription failed"); });
    }

    bool passing_on_ = false;
    Host* host_ = nullptr; ///< set in attach()
};

} // namespace

std::unique_ptr<Module> make_subscription()
{
    return std::make_unique<Subscription>();
}

} // namespace stonechat
