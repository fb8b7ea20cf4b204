// SPDX-License-Identifier: Apache-2.0
#include "modules/carbons.hpp"

#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "xmpp/carbon.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <functional>

namespace stonechat {
namespace {

/// The last eligible messages of an account that had an id, because an error for one of them is eligible too
/// (§6.1). Drops the oldest first.
class Conversed {
public:
    void add(CopyDirection direction, const Jid& peer, std::string_view id)
    {
        if (id.empty()) {
            return;
        }
        if (keys_.size() < most) {
            keys_.push_back(key(direction, peer, id));
            return;
        }
        keys_[oldest_] = key(direction, peer, id);
        oldest_ = (oldest_ + 1) % most;
    }

    bool has(CopyDirection direction, const Jid& peer, std::string_view id) const
    {
        return std::find(keys_.begin(), keys_.end(), key(direction, peer, id)) != keys_.end();
    }

private:
    static constexpr std::size_t most = 64;

    static std::size_t key(CopyDirection direction, const Jid& peer, std::string_view id)
    {
        std::string text(direction == CopyDirection::sent ? "s" : "r");
        text.append(peer.bare_text()).append("\n").append(id);
        return std::hash<std::string>()(text);
    }

    std::vector<std::size_t> keys_;
    std::size_t oldest_ = 0;
};

class Carbons final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("carbons", "Copies sent and received messages to all devices of an account.")
            .implements(Xep { 280, "1.0.1", "Message Carbons" })
            .feature(ns::carbons, On::both)
            .feature(ns::carbons_rules, On::both);
    }

    void attach(Handlers& on) override
    {
        enabled_ = on.session_slot<bool>();
        conversed_ = on.user_slot<Conversed>();
        on.iq_set(To::own_account, ns::carbons, "enable",
            [this](const Iq&, const Context& c) { return turn(c, true); });
        on.iq_set(To::own_account, ns::carbons, "disable",
            [this](const Iq&, const Context& c) { return turn(c, false); });
        for (const To somebody_else : { To::account, To::nobody }) {
            on.iq_set(somebody_else, ns::carbons, "enable", refuse);
            on.iq_set(somebody_else, ns::carbons, "disable", refuse);
        }
        on.message(Flow::from_client, Stage::copy,
            [this](Message m, const Context& c) { return copy_sent(m.stanza(), c); });
        on.message(Flow::to_user, Stage::copy,
            [this](Message m, const Context& c) { return copy_received(m.stanza(), c); });
        on.session_kept(
            ns::carbons,
            [this](const Session& session) -> std::optional<Element> {
                return is_enabled(session) ? std::optional(Element("enable", ns::carbons)) : std::nullopt;
            },
            [this](Session& session, const Element&) { enabled_.of(session) = true; });
    }

private:
    /// §4, §5, §10.1: enables or disables carbons. Repeating a request is allowed.
    IqAnswer turn(const Context& context, bool on)
    {
        Session& session = *context.session;
        if (is_enabled(session) != on) {
            enabled_.of(session) = on;
            session.snapshot_changed();
        }
        return std::nullopt;
    }

    static IqAnswer refuse(const Iq&, const Context&) { return StanzaError(StanzaError::not_allowed); }

    bool is_enabled(const Session& session) const
    {
        const bool* enabled = enabled_.find(session);
        return enabled != nullptr && *enabled;
    }

    bool has_enabled_session(const User& user) const
    {
        const auto& sessions = user.sessions();
        return std::any_of(sessions.begin(), sessions.end(),
            [this](const auto& session) { return session->is_open() && is_enabled(*session); });
    }

    /// §8. A message to the own account is copied when it arrives there, so that no session gets it twice.
    Verdict copy_sent(const Stanza& message, const Context& context)
    {
        User& user = *context.user;
        if (context.plan == nullptr || message.to().same_bare(user.jid()) || !has_enabled_session(user)
            || !is_eligible(message, CopyDirection::sent, user)) {
            return Verdict::pass();
        }
        for (const auto& session : user.sessions()) {
            if (session.get() != context.session && session->is_open() && is_enabled(*session)) {
                context.plan->add_receiver(*session, CopyForm::carbon_sent);
            }
        }
        return Verdict::pass();
    }

    /// §7: copies the message to the sessions that do not receive the message itself.
    Verdict copy_received(const Stanza& message, const Context& context)
    {
        User& user = *context.user;
        if (context.plan == nullptr || !has_enabled_session(user)
            || !is_eligible(message, CopyDirection::received, user)) {
            return Verdict::pass();
        }
        for (const auto& session : user.sessions()) {
            const bool is_sender = session->jid() == message.from();
            if (session->is_open() && is_enabled(*session) && !is_sender
                && !context.plan->has_receiver(*session)) {
                context.plan->add_receiver(*session, CopyForm::carbon_received);
            }
        }
        return Verdict::pass();
    }

    bool is_eligible(const Stanza& message, CopyDirection direction, User& user)
    {
        const Jid& peer = direction == CopyDirection::sent ? message.to() : message.from();
        if (message.is_error()) {
            const Conversed* conversed = conversed_.find(user);
            const auto answered = direction == CopyDirection::sent ? CopyDirection::received
                                                                   : CopyDirection::sent;
            return conversed != nullptr && conversed->has(answered, peer, message.id());
        }
        if (!is_carbon_eligible(message, direction)) {
            return false;
        }
        conversed_.of(user).add(direction, peer, message.id());
        return true;
    }

    SessionSlot<bool> enabled_;
    UserSlot<Conversed> conversed_;
};

} // namespace

std::unique_ptr<Module> make_carbons()
{
    return std::make_unique<Carbons>();
}

} // namespace stonechat
