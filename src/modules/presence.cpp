// SPDX-License-Identifier: Apache-2.0
#include "modules/presence.hpp"

#include "router/delivery.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>

namespace stonechat {
namespace {

/// The entities to which the session has sent directed presence.
struct Directed {
    std::vector<Jid> targets; ///< sorted
};

/// §4.7.2.3: returns the priority, from −128 to 127; 0 if there is none; nothing if it is invalid.
std::optional<int> read_priority(const Element& presence)
{
    const Element* child = presence.child("priority");
    if (child == nullptr) {
        return 0;
    }
    constexpr std::string_view space = " \t\r\n";
    const std::string text = child->text();
    const auto first = text.find_first_not_of(space);
    if (first == std::string::npos) {
        return std::nullopt;
    }
    std::string_view digits = std::string_view(text).substr(first, text.find_last_not_of(space) - first + 1);
    if (digits.starts_with('+')) {
        digits.remove_prefix(1);
    }
    int priority = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), priority);
    if (error != std::errc() || end != digits.data() + digits.size() || priority < -128 || priority > 127) {
        return std::nullopt;
    }
    return priority;
}

class PresenceModule final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("presence", "Distributes presence to contacts (RFC 6121 section 4).")
            .implements_rfc("RFC 6121 §4")
            .needs("roster")
            .setting(SettingSpec::integer("max_directed", 1000, 1, 100'000,
                "Maximum number of addresses to which one session may have sent directed presence."))
            .setting(SettingSpec::bytes("max_directed_bytes", 128 * 1024, 1024, 64 * 1024 * 1024,
                "Maximum total size of these addresses."))
            .setting(SettingSpec::bytes("max_bytes", 8 * 1024, 1024, 1024 * 1024,
                "Maximum size of a presence stanza from a client; a larger one is refused. A larger "
                "unavailable presence is accepted, but without its content."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        directed_ = on.session_slot<Directed>();
        on.presence(Flow::from_client, Stage::guard,
            [this](Presence p, const Context&) { return measure(p); });
        on.presence(Flow::from_client, Stage::deliver,
            [this](Presence p, const Context& c) { return take_outbound(p, c); });
        on.presence(Flow::to_user, Stage::deliver,
            [this](Presence p, const Context& c) { return take_inbound(p, c); });
        on.any(Flow::to_user, [this](Stanza& stanza, const Context& c) { return guard_iq(stanza, *c.user); });
        on.session_ended([this](const Context& c) { end(*c.session); });
    }

private:
    std::size_t limit(std::string_view name) const
    {
        return static_cast<std::size_t>(host_->settings("presence").integer(name));
    }

    // Outbound presence ------------------------------------------------------------------------------

    Verdict measure(const Presence& presence) const
    {
        const std::size_t most = limit("max_bytes");
        if (xml_length(std::as_const(presence.stanza()).element(), ns::client) <= most) {
            return Verdict::pass();
        }
        if (presence.type() == PresenceType::unavailable) { // always allowed, but sent without its content
            presence.stanza() = Stanza::presence(presence.from(), presence.to(), presence.type());
            return Verdict::pass();
        }
        return Verdict::bounce(StanzaError(StanzaError::not_acceptable,
            "A presence may be " + std::to_string(most) + " bytes long"));
    }

    Verdict take_outbound(const Presence& presence, const Context& context)
    {
        if (!presence.to().empty()) {
            return direct(presence, *context.session);
        }
        switch (presence.type()) {
        case PresenceType::available: return become_available(presence, context);
        case PresenceType::unavailable:
            become_unavailable(*context.session, std::make_shared<const Stanza>(presence.stanza()));
            return Verdict::done();
        case PresenceType::error: // has no addressee, and an error is never answered
            return Verdict::done();
        case PresenceType::probe:
        case PresenceType::subscribe:
        case PresenceType::subscribed:
        case PresenceType::unsubscribe:
        case PresenceType::unsubscribed: return Verdict::bounce(StanzaError(StanzaError::bad_request));
        }
        return Verdict::done();
    }

    /// Initial presence (§4.2.2), or a later one (§4.4.2).
    Verdict become_available(const Presence& presence, const Context& context)
    {
        const auto priority = read_priority(presence.element());
        if (!priority) {
            return Verdict::bounce(StanzaError(StanzaError::bad_request,
                "A priority is a number from -128 to 127"));
        }
        Session& session = *context.session;
        const bool first = !session.is_available();
        const bool gets_messages = *priority >= 0 && (first || session.priority() < 0);
        const auto shown = std::make_shared<const Stanza>(presence.stanza());
        session.set_available(shown, *priority);
        broadcast(session.user(), shown);
        if (first) {
            meet_others(session);
            host_->handlers().run_moment(host_->handlers().on_available(), context);
        }
        if (gets_messages) {
            host_->handlers().run_moment(host_->handlers().on_priority(), context);
        }
        host_->handlers().run_moment(host_->handlers().on_presence(), context);
        return Verdict::done();
    }

    /// §4.5.2. Targets of directed presence get the unavailable presence too (§4.6.3).
    void become_unavailable(Session& session, const std::shared_ptr<const Stanza>& farewell)
    {
        const bool was_available = session.is_available();
        if (was_available) {
            broadcast(session.user(), farewell); // before set_unavailable(), so that the session gets it too
            session.set_unavailable();
        }
        const Directed* directed = directed_.find(session);
        if (directed == nullptr) {
            return;
        }
        const auto targets = directed->targets;
        directed_.clear(session);
        for (const Jid& target : targets) {
            const bool has_heard = was_available && session.user().shows_presence_to(target);
            if (!has_heard && !session.user().block_list().covers(target)) {
                Stanza copy = *farewell;
                copy.set_to(target);
                host_->router().route(std::move(copy));
            }
        }
    }

    void end(Session& session)
    {
        become_unavailable(session,
            std::make_shared<const Stanza>(Stanza::presence(session.jid(), Jid(),
                PresenceType::unavailable)));
    }

    /// Sends the presence to the user's own available resources, the sender included, and to all subscribers.
    void broadcast(const User& user, const std::shared_ptr<const Stanza>& presence)
    {
        const WireForms wire { std::make_shared<const WireForm>(presence->element(), ns::client) };
        std::size_t devices = 0;
        for (const auto& session : user.sessions()) {
            if (session->is_open() && session->is_available()) {
                session->send(wire, session->jid().text());
                ++devices;
            }
        }
        auto subscribers = contacts(user, sees_us);
        if (is_traced()) {
            host_->trace("broadcast", *presence,
                "own devices: " + std::to_string(devices)
                    + ", contacts: " + std::to_string(subscribers.size()));
        }
        if (!subscribers.empty()) {
            host_->router().fan_out(presence, std::move(subscribers));
        }
    }

    /// Sends the new resource the presence of the user's other resources, and probes the contacts that the
    /// user is subscribed to (§4.2.2).
    void meet_others(Session& session)
    {
        const User& user = session.user();
        for (const auto& other : user.sessions()) {
            if (other.get() != &session && other->is_open() && other->is_available()) {
                Stanza copy = *other->presence();
                copy.set_to(session.jid());
                session.send(copy);
            }
        }
        auto watched = contacts(user, is_seen_by_us);
        if (!watched.empty()) {
            const auto probe = std::make_shared<const Stanza>(Stanza::presence(session.jid(), Jid(),
                PresenceType::probe));
            host_->router().fan_out(probe, std::move(watched));
        }
    }

    static std::vector<Jid> contacts(const User& user, bool (*wanted)(SubscriptionState))
    {
        std::vector<Jid> jids;
        for (const RosterRecord& record : user.roster().records()) {
            if (wanted(record.subscription) && !user.block_list().covers(record.contact)) {
                jids.push_back(record.contact);
            }
        }
        return jids;
    }

    /// Directed presence (§4.6). The target is remembered, so that it gets unavailable presence at the end.
    Verdict direct(const Presence& presence, Session& session)
    {
        if (presence.type() == PresenceType::unavailable) {
            if (Directed* directed = directed_.find(session)) {
                std::erase(directed->targets, presence.to());
            }
        }
        if (presence.type() != PresenceType::available) {
            return Verdict::pass();
        }
        auto& targets = directed_.of(session).targets;
        const auto place = std::lower_bound(targets.begin(), targets.end(), presence.to());
        if (place != targets.end() && *place == presence.to()) {
            return Verdict::pass();
        }
        if (targets.size() >= limit("max_directed")
            || bytes_of(directed_.of(session).targets) + presence.to().text().size()
                > limit("max_directed_bytes")) {
            return Verdict::bounce(StanzaError(StanzaError::resource_constraint,
                "Directed presence to too many"));
        }
        targets.insert(place, presence.to());
        return Verdict::pass();
    }

    // Inbound presence -------------------------------------------------------------------------------

    Verdict take_inbound(const Presence& presence, const Context& context)
    {
        const User& user = *context.user;
        Session* named = presence.to().has_resource() ? user.session(presence.to().resource()) : nullptr;
        switch (decide_presence(presence.type(), addressee(user, presence.to(), named))) {
        case Delivery::resource:
            assert(named != nullptr);
            trace_delivery(presence, named->jid().resource());
            named->send(presence.stanza());
            return Verdict::done();
        case Delivery::available:
            if (is_traced()) {
                trace_delivery(presence, available_resources(user));
            }
            user.send_to_sessions(presence.stanza(),
                [](const Session& session) { return session.is_available(); });
            return Verdict::done();
        case Delivery::handle:
            if (presence.type() == PresenceType::probe) {
                answer_probe(user, presence.stanza());
                return Verdict::done();
            }
            return Verdict::pass(); // a subscription stanza that no module has taken
        case Delivery::non_negative:
        case Delivery::store:
        case Delivery::as_bare:
        case Delivery::refuse:
        case Delivery::ignore: return Verdict::done();
        }
        return Verdict::done();
    }

    bool is_traced() const { return host_->router().server().trace().is_on(); }

    void trace_delivery(const Presence& presence, std::string_view resources) const
    {
        host_->trace("delivered", presence.stanza(), resources);
    }

    static std::string available_resources(const User& user)
    {
        std::string resources;
        for (const auto& session : user.sessions()) {
            if (session->is_available()) {
                resources += (resources.empty() ? "" : ", ") + std::string(session->jid().resource());
            }
        }
        return resources;
    }

    static Addressee addressee(const User& user, const Jid& to, const Session* named)
    {
        if (to.has_resource()) {
            return named != nullptr && named->is_open() ? Addressee::full_match : Addressee::full_no_match;
        }
        return user.has_available_session() ? Addressee::bare_available : Addressee::bare_none_available;
    }

    /// §4.3.2: answers subscribers, then targets of directed presence (§4.6.6). Any other prober is told that
    /// there is no subscription, which also corrects its roster if that says otherwise.
    void answer_probe(const User& user, const Stanza& probe) const
    {
        if (user.shows_presence_to(probe.from())) {
            show_to_prober(user, probe);
        } else if (!show_directed_again(user, probe)) {
            host_->refuse_probe(probe);
        }
    }

    /// Returns whether the probe asks about this session. A probe to a full address asks about one session
    /// only.
    static bool is_probed(const Session& session, const Stanza& probe)
    {
        return session.is_open()
            && (!probe.to().has_resource() || session.jid().resource() == probe.to().resource());
    }

    void show_to_prober(const User& user, const Stanza& probe) const
    {
        bool is_there = false;
        for (const auto& session : user.sessions()) {
            if (is_probed(*session, probe) && session->is_available()) {
                is_there = true;
                Stanza copy = *session->presence();
                copy.set_to(probe.from());
                host_->router().route(std::move(copy));
            }
        }
        if (!is_there) {
            answer_briefly(probe, probe.to(), PresenceType::unavailable);
        }
    }

    /// Answers with an empty presence that has the probe's id (§4.3.2.1).
    void answer_briefly(const Stanza& probe, const Jid& from, PresenceType type) const
    {
        Stanza answer = Stanza::presence(from, probe.from(), type);
        if (!probe.id().empty()) {
            answer.element().set_attribute("id", probe.id());
        }
        host_->router().route(std::move(answer));
    }

    /// §4.6.6: tells the prober which sessions that sent it directed presence are still available, without
    /// details. Returns false if there is none.
    bool show_directed_again(const User& user, const Stanza& probe) const
    {
        bool any = false;
        for (const auto& session : user.sessions()) {
            if (is_probed(*session, probe) && has_shown_itself(*session, probe.from())) {
                any = true;
                answer_briefly(probe, session->jid(), PresenceType::available);
            }
        }
        return any;
    }

    /// §8.5.3.1: an iq request to a resource needs a subscription or directed presence. Otherwise the answer
    /// is the same as for a missing resource. Requests from a bare address of one of our hosts pass: the
    /// server itself sends them, since those of clients have a full address.
    Verdict guard_iq(const Stanza& stanza, const User& user) const
    {
        const bool is_request = stanza.kind() == StanzaKind::iq && stanza.is_request();
        const Jid& from = stanza.from();
        const bool is_ours = !from.has_resource() && host_->router().host(from.domain()) != nullptr;
        if (!is_request || !stanza.to().has_resource() || user.shows_presence_to(from) || is_ours) {
            return Verdict::pass();
        }
        const Session* session = user.session(stanza.to().resource());
        if (session != nullptr && has_shown_itself(*session, stanza.from())) {
            return Verdict::pass();
        }
        return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
    }

    /// Returns whether the session has sent directed presence to this address, to its bare address, or to a
    /// room that both have joined (XEP-0045 §17.4).
    bool has_shown_itself(const Session& session, const Jid& to) const
    {
        const Directed* directed = directed_.find(session);
        if (directed == nullptr) {
            return false;
        }
        const bool is_in_room = host_->router().service(to.domain()) != nullptr;
        return std::any_of(directed->targets.begin(), directed->targets.end(),
            [&to, is_in_room](const Jid& target) {
                return target == to || (target.same_bare(to) && (!target.has_resource() || is_in_room));
            });
    }

    Host* host_ = nullptr; ///< set in attach()
    SessionSlot<Directed> directed_;
};

} // namespace

std::unique_ptr<Module> make_presence()
{
    return std::make_unique<PresenceModule>();
}

} // namespace stonechat
