// SPDX-License-Identifier: Apache-2.0
#include "router/host.hpp"

#include "base/background.hpp"
#include "base/log.hpp"
#include "base/shrink.hpp"
#include "net/shard.hpp"
#include "router/capabilities.hpp"
#include "router/delivery_plan.hpp"
#include "router/notifications.hpp"
#include "router/room_notice.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <stdexcept>

namespace stonechat {
namespace {

bool names(const std::vector<std::string>& resources, const Session& session)
{
    return std::find(resources.begin(), resources.end(), session.jid().resource()) != resources.end();
}

/// The address at which `session` gets an event: the one that has subscribed, or its own if its client is
/// interested in the node. Null if it does not get it.
const Jid* address_for(const Session& session, const NotificationTarget& target, std::string_view feature)
{
    if (!session.is_open() || !session.is_available() || names(target.except, session)) {
        return nullptr;
    }
    if (names(target.resources, session)) {
        return &session.jid();
    }
    if (target.subscribed && session.priority() >= 0) {
        return &target.account;
    }
    const bool is_interested = session.capabilities() && session.capabilities()->has(feature);
    return target.if_interested && is_interested ? &session.jid() : nullptr;
}

} // namespace

Host::Host(Router& router, std::string name)
    : router_(router), jid_(*Jid::parse(name)), handlers_(*this), messages_(*this), requests_(*this)
{}

Host::~Host() = default;

Shard& Host::shard() const
{
    return router_.shard();
}

Storage& Host::storage() const
{
    return router_.storage();
}

Accounts& Host::accounts() const
{
    return router_.accounts();
}

Log& Host::log() const
{
    return router_.server().log();
}

const Clock& Host::clock() const
{
    return router_.server().clock();
}

const HostSettings& Host::settings() const
{
    const HostSettings* settings = router_.settings().host(name());
    if (settings == nullptr) {
        throw std::logic_error("no settings for host " + name());
    }
    return *settings;
}

const Section& Host::settings(std::string_view module) const
{
    const auto& modules = settings().modules;
    const auto found = modules.find(module);
    if (found == modules.end()) {
        throw std::logic_error("no settings for module " + std::string(module));
    }
    return found->second;
}

bool Host::is_admin(const Jid& jid) const
{
    const auto& admins = settings().core.list("admins");
    return std::find(admins.begin(), admins.end(), jid.bare_text()) != admins.end();
}

void Host::attach_modules(const std::vector<ModuleEntry>& table)
{
    for (const ModuleEntry& entry : table) {
        auto module = entry.make();
        Manifest manifest = module->describe();
        if (!is_on(manifest.name())) {
            continue;
        }
        handlers_.attaching(manifest.name());
        module->attach(handlers_);
        manifests_.push_back(std::move(manifest));
        modules_.push_back(std::move(module));
    }
}

void Host::reconfigured()
{
    for (const auto& module : modules_) {
        module->reconfigured();
    }
}

DataView* Host::data_view(std::string_view name) const
{
    const auto found = data_views_.find(name);
    return found == data_views_.end() ? nullptr : found->second;
}

void Host::add_data_view(std::string name, DataView& view)
{
    data_views_.insert_or_assign(std::move(name), &view);
}

User* Host::find_user(std::string_view local)
{
    const auto found = users_.find(local);
    return found == users_.end() ? nullptr : found->second.get();
}

std::shared_ptr<User> Host::user(std::string_view local)
{
    const auto found = users_.find(local);
    if (found != users_.end()) {
        return found->second;
    }
    auto user = std::make_shared<User>(*this, *Jid::from_parts(local, name()));
    users_.emplace(std::string(local), user);
    load(user);
    return user;
}

void Host::load(const std::shared_ptr<User>& user)
{
    start(
        read(user),
        [this, user](User::State state) {
            if (user->has_to_be_read_again()) {
                load(user);
                return;
            }
            user->become(state);
        },
        [user](const std::exception_ptr&) { user->become(User::State::failed); });
}

Task<User::State> Host::read(std::shared_ptr<User> user)
{
    auto pending = storage().accounts().find(user->key());
    const auto account = co_await pending;
    if (!account) {
        co_return User::State::failed;
    }
    if (!account->has_value() || !(*account)->enabled) {
        co_return User::State::absent;
    }
    for (const Handlers::OnLoad& part : handlers_.on_load()) {
        auto loading = part(*user);
        const bool loaded = co_await loading;
        if (!loaded) {
            co_return User::State::failed;
        }
    }
    co_return User::State::ready;
}

void Host::forget_user(std::string_view local)
{
    const auto found = users_.find(local);
    if (found == users_.end()) {
        return;
    }
    if (found->second->state() == User::State::loading) {
        found->second->read_again(); // tasks that wait for the user keep waiting, in order
        return;
    }
    if (found->second->sessions().empty()) {
        users_.erase(found);
        return;
    }
    found->second->become(User::State::absent); // unbind() erases the user with its last session
}

std::size_t Host::sweep()
{
    const std::size_t unloaded = boost::unordered::erase_if(users_, [](const auto& entry) {
        const auto& user = entry.second;
        const bool idle = user->sessions().empty() && !user->is_loading() && user.use_count() == 1;
        return user->is_idle_again(idle);
    });
    shrink_if_sparse(users_);
    return unloaded;
}

void Host::bind(const std::shared_ptr<User>& user, const std::shared_ptr<Session>& session)
{
    user->add_session(session);
    const Context context { *this, user.get(), session.get() };
    handlers_.run_moment(handlers_.on_bound(), context);
}

void Host::unbind(Session& session)
{
    if (session.user().session(session.jid().resource()) != &session) {
        return; // removed already: a newer connection took its resource
    }
    const auto held = session.shared_from_this();
    const auto user = session.user().shared_from_this();
    const Context context { *this, user.get(), &session };
    handlers_.run_moment(handlers_.on_ended(), context);
    user->remove_session(session);
    if (user->state() == User::State::absent && user->sessions().empty()
        && find_user(user->jid().local()) == user.get()) {
        users_.erase(users_.find(user->jid().local()));
    }
}

void Host::mailbox_grown(User& user)
{
    if (user.state() == User::State::ready) {
        handlers_.run_moment(handlers_.on_mailbox_grown(), Context { *this, &user });
    }
}

Verdict Host::run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context)
{
    try {
        return handlers_.run(flow, from, to, stanza, context);
    } catch (const std::exception& failure) {
        // A handler that throws is a bug of ours: only this stanza is refused; its stream and all others go
        // on.
        router_.dead_letters().add(*this, stanza, failure.what());
        return Verdict::bounce(StanzaError(StanzaError::internal_server_error));
    }
}

void Host::trace(std::string_view what, const Stanza& stanza, std::string_view detail) const
{
    if (stanza.kind() == StanzaKind::message) {
        // An error reply has the id of the message that was refused.
        const std::string step = stanza.is_error() ? "error " + std::string(what) : std::string(what);
        router_.tracks().note(MessageLog::key_of(stanza.id()), clock().wall(), step, detail);
    }
    Trace& trace = router_.server().trace();
    if (trace.is_on()) {
        trace.step(what, stanza, detail);
    }
}

void Host::trace(const WireForms& stanzas, const Jid& from, const Jid& to) const
{
    Trace& trace = router_.server().trace();
    if (!trace.is_on()) {
        return;
    }
    for (const auto& each : stanzas) {
        std::string xml;
        each->append_to(xml, to.text());
        trace.step("delivered", from, to, xml);
    }
}

void Host::apply(const Verdict& verdict, const Stanza& stanza)
{
    if (const StanzaError* error = verdict.error()) {
        router_.refuse(stanza, *error);
    } else if (!verdict.is_pass()) {
        trace("done", stanza, "a module took it, to keep or to drop it");
    }
}

void Host::bounce(Session& session, const Stanza& stanza, const StanzaError& error)
{
    ++router_.counters().refused;
    trace("refused", stanza, to_text(error.condition()));
    if (Router::is_answerable(stanza)) {
        session.send(stanza.error_reply(error));
    }
}

// Stanzas from our clients -----------------------------------------------------------------------

void Host::from_client(Session& session, Stanza stanza, Settlement settlement)
{
    ++router_.counters().stanzas_in;
    trace("received", stanza);
    User& user = session.user();
    // A message without `to` is for the sender's own bare JID (RFC 6120 §10.3.1).
    const bool is_message = stanza.kind() == StanzaKind::message;
    if (is_message && stanza.to().empty()) {
        stanza.set_to(user.jid());
    }
    DeliveryPlan plan(user, is_message ? storage_policy_of(Message(stanza)) : StoragePolicy::nothing);
    const Context context { *this, &user, &session, &settlement, is_message ? &plan : nullptr };
    const Stage last = stanza.kind() == StanzaKind::presence ? Stage::deliver : Stage::copy;
    const Verdict verdict = run(Flow::from_client, Stage::guard, last, stanza, context);
    if (!verdict.is_pass()) {
        if (const StanzaError* error = verdict.error()) {
            bounce(session, stanza, *error);
        } else {
            trace("done", stanza, "a module took it");
        }
        std::move(settlement).settle();
        return;
    }
    if (is_message) {
        messages_.pack(std::move(plan), stanza, settlement);
    }
    // RFC 6120 §10.3.3: an iq without `to`, or to the own account, is answered here for the account.
    const bool own = stanza.to().empty() || stanza.to() == user.jid();
    if (stanza.kind() == StanzaKind::iq && own) {
        if (stanza.is_request()) {
            answer_iq(To::own_account, std::move(stanza), context, std::move(settlement));
        } else {
            std::move(settlement).settle();
        }
        return;
    }
    router_.route(std::move(stanza), std::move(settlement));
}

// Stanzas to this host or its users --------------------------------------------------------------

void Host::deliver(Stanza stanza, Settlement settlement)
{
    // A client's iq never has the bare JID as `from`, so an answer to the bare JID is for a request of this
    // server.
    const bool is_answer = stanza.kind() == StanzaKind::iq && !stanza.is_request();
    if (is_answer && !stanza.to().has_resource()) {
        requests_.take(std::move(stanza));
        std::move(settlement).settle();
        return;
    }
    if (!stanza.to().has_local()) {
        deliver_to_host(std::move(stanza), std::move(settlement));
        return;
    }
    if (stanza.kind() == StanzaKind::presence && find_user(stanza.to().local()) == nullptr) {
        const PresenceType type = stanza.presence_type();
        if (type == PresenceType::available || type == PresenceType::unavailable) {
            trace("dropped", stanza, "no session of the addressee");
            std::move(settlement).settle();
            return; // no session gets it, so the account is not loaded
        }
    }
    const auto addressed = user(stanza.to().local());
    if (addressed->state() != User::State::loading) {
        deliver_to_user(*addressed, std::move(stanza), std::move(settlement));
        return;
    }
    addressed->when_loaded([this, stanza = std::move(stanza),
                               settlement = std::move(settlement)](User& loaded) mutable {
        deliver_to_user(loaded, std::move(stanza), std::move(settlement));
    });
}

void Host::deliver_copy(Stanza& shared, const Jid& to)
{
    const User* user = find_user(to.local());
    if (user != nullptr && !user->sessions().empty()) {
        Destination::deliver_copy(shared, to);
    }
}

void Host::deliver_directly(Stanza& stanza, const Jid& to)
{
    User* user = find_user(to.local());
    if (user == nullptr || user->block_list().covers(stanza.from())) {
        return;
    }
    stanza.set_to(to);
    const auto send = [this](const User& addressed, const Stanza& what) {
        if (Session* session = addressed.session(what.to().resource())) {
            send_directly(*session, what);
        }
    };
    if (user->delivery_queue().is_empty()) {
        send(*user, stanza);
        return;
    }
    user->delivery_queue().append([send, held = user->shared_from_this(), copy = stanza] {
        send(*held, copy);
    });
}

void Host::send_directly(Session& session, const Stanza& stanza)
{
    if (!session.is_open()) {
        return;
    }
    ++router_.counters().addressed;
    if (Trace& trace = router_.server().trace(); trace.is_on()) {
        trace.step("delivered", stanza);
    }
    session.send(stanza);
}

void Host::deliver_directly(WireForms stanzas, const Jid& to, const Jid& from)
{
    User* user = find_user(to.local());
    if (user == nullptr || user->block_list().covers(from)) {
        return;
    }
    user->delivery_queue().append([this, held = user->shared_from_this(), stanzas = std::move(stanzas), to,
                                      from] {
        Session* session = held->session(to.resource());
        if (session == nullptr || !session->is_open()) {
            return;
        }
        router_.counters().addressed += stanzas.size();
        trace(stanzas, from, to);
        session->send(stanzas, to.text());
    });
}

void Host::deliver_notification(Stanza& shared, const NotificationTarget& target, std::string_view feature)
{
    User* user = find_user(target.account.local());
    if (user == nullptr || user->block_list().covers(shared.from())) {
        return;
    }
    for (const auto& session : user->sessions()) {
        const Jid* to = address_for(*session, target, feature);
        if (to == nullptr) {
            continue;
        }
        shared.set_to(*to);
        if (user->delivery_queue().is_empty()) {
            send_directly(*session, shared);
        } else {
            user->delivery_queue().append([this, held = session, copy = shared] {
                send_directly(*held, copy);
            });
        }
    }
}

void Host::notice(const RoomNotice& notice)
{
    if (handlers_.on_notice().empty()) {
        set_notice_interest(router_.server(), notice, NoticeInterest::none);
        return;
    }
    for (const auto& handler : handlers_.on_notice()) {
        handler(notice);
    }
}

void Host::deliver_to_host(Stanza stanza, Settlement settlement)
{
    if (stanza.kind() == StanzaKind::presence) {
        std::move(settlement).settle();
        return; // a server has no use for presence (RFC 6121 §8.5 leaves it open)
    }
    if (stanza.kind() != StanzaKind::iq || stanza.to().has_resource()) {
        router_.refuse(stanza, StanzaError(StanzaError::service_unavailable));
        std::move(settlement).settle();
        return;
    }
    Context context { *this };
    if (stanza.from().domain() == name() && stanza.from().has_local()) {
        context.user = find_user(stanza.from().local());
        context.session = context.user ? context.user->session(stanza.from().resource()) : nullptr;
    }
    answer_iq(To::host, std::move(stanza), context, std::move(settlement));
}

void Host::deliver_to_user(User& user, Stanza stanza, Settlement settlement)
{
    // MessageDelivery puts a message into the queue at its commit. Other stanzas must not overtake a message.
    if (stanza.kind() == StanzaKind::message || user.delivery_queue().is_empty()) {
        deliver_now(user, std::move(stanza), std::move(settlement));
        return;
    }
    user.delivery_queue().append([this, held = user.shared_from_this(), stanza = std::move(stanza),
                                     settlement = std::move(settlement)]() mutable {
        deliver_now(*held, std::move(stanza), std::move(settlement));
    });
}

void Host::deliver_now(User& user, Stanza stanza, Settlement settlement)
{
    if (user.state() != User::State::ready) {
        deliver_to_nobody(std::move(stanza), user.state());
        std::move(settlement).settle();
        return;
    }
    switch (stanza.kind()) {
    case StanzaKind::message: messages_.deliver(user, std::move(stanza), std::move(settlement)); return;
    case StanzaKind::presence: {
        const Context context { *this, &user, nullptr, &settlement };
        deliver_presence(stanza, context);
        std::move(settlement).settle();
        return;
    }
    case StanzaKind::iq: deliver_iq(user, std::move(stanza), std::move(settlement)); return;
    }
}

void Host::deliver_to_nobody(Stanza stanza, User::State state)
{
    if (state == User::State::failed) {
        router_.refuse(stanza, StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait));
        return;
    }
    if (stanza.kind() == StanzaKind::iq && stanza.is_request() && !stanza.to().has_resource()) {
        answer_iq(To::nobody, std::move(stanza), Context { *this }, Settlement());
        return;
    }
    const Delivery delivery = decide(stanza, Addressee::no_such_user);
    if (delivery == Delivery::handle) {
        refuse_probe(stanza);
    } else if (delivery != Delivery::ignore) {
        router_.refuse(stanza, StanzaError(StanzaError::service_unavailable));
    } else {
        trace("dropped", stanza, "there is no such account");
    }
}

void Host::refuse_probe(const Stanza& probe) const
{
    Stanza answer = Stanza::presence(probe.to().bare(), probe.from(), PresenceType::unsubscribed);
    if (!probe.id().empty()) {
        answer.element().set_attribute("id", probe.id());
    }
    router_.route(std::move(answer));
}

void Host::deliver_presence(Stanza& stanza, const Context& context)
{
    apply(run(Flow::to_user, Stage::guard, Stage::fallback, stanza, context), stanza);
}

void Host::deliver_iq(User& user, Stanza stanza, Settlement settlement)
{
    const Context context { *this, &user, nullptr, &settlement };
    const Verdict verdict = run(Flow::to_user, Stage::guard, Stage::deliver, stanza, context);
    if (!verdict.is_pass()) {
        apply(verdict, stanza);
        std::move(settlement).settle();
        return;
    }
    const Delivery delivery = decide(stanza, user.addressee(stanza.to()));
    if (delivery == Delivery::handle) {
        answer_iq(To::account, std::move(stanza), context, std::move(settlement));
        return;
    }
    carry_out(delivery, user, stanza);
    std::move(settlement).settle();
}

void Host::carry_out(Delivery delivery, User& user, Stanza& iq)
{
    if (delivery == Delivery::refuse) {
        router_.refuse(iq, StanzaError(StanzaError::service_unavailable));
        return;
    }
    Session* session = delivery == Delivery::resource ? user.session(iq.to().resource()) : nullptr;
    if (session == nullptr) {
        trace("dropped", iq, "nobody here to take it");
        return;
    }
    ++router_.counters().delivered;
    trace("delivered", iq);
    session->send(iq);
}

// Iq ----------------------------------------------------------------------------------------------

void Host::answer_iq(To to, Stanza stanza, Context context, Settlement settlement)
{
    const Handlers::IqHandler* handler = handlers_.find_iq(to, stanza.iq_type(),
        *stanza.element().first_child());
    if (handler == nullptr) {
        router_.refuse(stanza, StanzaError(StanzaError::service_unavailable));
        std::move(settlement).settle();
        return;
    }
    // Keeps user and session alive while the handler works, even if the session is closed.
    auto user = context.user ? context.user->shared_from_this() : nullptr;
    auto session = context.session ? context.session->shared_from_this() : nullptr;
    if (handler->now) {
        IqAnswer answer = StanzaError(StanzaError::internal_server_error);
        try {
            context.settlement = &settlement;
            answer = handler->now(Iq(stanza), context);
        } catch (const std::exception& failure) {
            router_.dead_letters().add(*this, stanza, failure.what());
        }
        send_answer(stanza, session.get(), std::move(answer));
        std::move(settlement).settle();
        return;
    }
    start_in_background(answer_later(handler->later, std::move(stanza), std::move(user), std::move(session),
                            context, std::move(settlement)),
        log(), "request not answered");
}

Task<Done> Host::answer_later(const Handlers::Later& handler, Stanza stanza, std::shared_ptr<User>,
    std::shared_ptr<Session> session, Context context, Settlement settlement)
{
    IqAnswer answer = StanzaError(StanzaError::internal_server_error);
    context.settlement = &settlement;
    try {
        auto asked = handler(Iq(stanza), context);
        answer = co_await asked;
    } catch (const std::exception& failure) {
        router_.dead_letters().add(*this, stanza, failure.what());
    }
    send_answer(stanza, session.get(), std::move(answer));
    std::move(settlement).settle();
    co_return Done();
}

void Host::send_answer(const Stanza& request, Session* session, IqAnswer answer)
{
    trace("answered", request, answer ? "result" : to_text(answer.error().condition()));
    Stanza reply = answer ? request.result(std::move(*answer)) : request.error_reply(answer.error());
    if (session != nullptr) {
        session->send(reply);
        return;
    }
    router_.route(std::move(reply));
}

} // namespace stonechat
