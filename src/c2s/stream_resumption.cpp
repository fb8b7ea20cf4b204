// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_resumption.hpp"

#include "base/log.hpp"
#include "c2s/c2s.hpp"
#include "c2s/client_session.hpp"
#include "c2s/client_stream.hpp"
#include "c2s/ended_record.hpp"
#include "c2s/session_snapshot.hpp"
#include "router/delivery_plan.hpp"
#include "router/server.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

namespace stonechat {
namespace {

ClientSession* find_session(const User& user, std::string_view token)
{
    for (const auto& session : user.sessions()) {
        auto* candidate = dynamic_cast<ClientSession*>(session.get());
        if (candidate != nullptr && candidate->is_open() && candidate->has_token(token)) {
            return candidate;
        }
    }
    return nullptr;
}

/// Returns `h` without the modulo 2^32: the value nearest to the sequence numbers of the stored messages.
std::uint64_t count_client_has(std::uint32_t h, const StreamBacklog& backlog)
{
    if (backlog.unacked.empty()) {
        return h;
    }
    const std::uint64_t first = backlog.unacked.front().sequence;
    const auto distance = static_cast<std::int32_t>(h - static_cast<std::uint32_t>(first));
    const auto count = static_cast<std::int64_t>(first) + distance;
    return count < 0 ? h : static_cast<std::uint64_t>(count);
}

/// Returns the XML of a message that was unacknowledged when the server stopped. If it cannot be parsed,
/// returns a ping instead, so that the client's count stays right.
std::string sent_again(const UnackedMessage& message, const Host& host, const Session& session,
    const Jid& owner)
{
    if (auto element = parse_element(message.xml)) {
        if (auto stanza = Stanza::from_element(std::move(*element))) {
            stanza->element().add(Delay { message.stamp, host.jid(), {} }.to_element());
            const auto archived = message.archived ? std::optional(message.id) : std::nullopt;
            return ClientSession::to_wire(as_sent(*stanza, message.form, owner, session.jid(), archived));
        }
    }
    host.log().error("kept message unreadable", { { "user", owner.text() } });
    Stanza ping = Stanza::iq(host.jid(), session.jid(), IqType::get, "unreadable");
    ping.element().add("ping", ns::ping);
    return ClientSession::to_wire(ping);
}

} // namespace

StreamResumption::StreamResumption(ClientStream& stream, const Login& login) : stream_(stream), login_(login)
{}

void StreamResumption::receive(const Element& element)
{
    if (element.name() == "resume") {
        resume_session(element);
    } else if (element.name() == "enable" || element.name() == "a" || element.name() == "r") {
        // Only allowed after resource binding.
        stream_.xml().send(management_failure(StanzaError::unexpected_request));
    } else {
        stream_.end(StreamError(StreamError::unsupported_stanza_type));
    }
}

void StreamResumption::resume_session(const Element& resume)
{
    const auto h = read_handled_count(resume);
    const auto token = resume.attribute("previd");
    if (stream_.settings().resume_window.count() == 0) {
        stream_.xml().send(management_failure(StanzaError::feature_not_implemented));
        return;
    }
    if (!h || !token) {
        stream_.xml().send(management_failure(StanzaError::bad_request));
        return;
    }
    Wanted wanted { stream_.host()->user(login_.user), std::string(*token), *h };
    stream_.xml().pause();
    look_again(std::move(wanted));
}

/// Looks for the session once the account is loaded.
void StreamResumption::look_again(Wanted wanted)
{
    auto user = wanted.user;
    user->when_loaded([this, held = stream_.shared_from_this(), wanted = std::move(wanted)](User&) mutable {
        if (!held->is_over()) {
            look_for_session(std::move(wanted));
        }
    });
}

void StreamResumption::look_for_session(Wanted wanted)
{
    if (const auto refusal = entry_problem(login_, *wanted.user, stream_.router())) {
        stream_.end(*refusal);
        return;
    }
    const auto kept = stream_.resumable_sessions();
    if (auto* session = find_session(*wanted.user, wanted.token)) {
        take_over_when_settled(std::static_pointer_cast<ClientSession>(session->shared_from_this()),
            std::move(wanted));
        return;
    }
    if (const auto handled = kept->ended.find(wanted.user->key(), wanted.token)) {
        fail(StanzaError::item_not_found, handled);
        return;
    }
    if (kept->being_restored.contains(wanted.token)) {
        kept->being_restored.wait(wanted.token,
            [this, held = stream_.shared_from_this(), wanted]() mutable { look_again(std::move(wanted)); });
        return;
    }
    look_in_store(std::move(wanted));
}

/// Waits until everything received is settled: the client will send again what our `h` does not cover, so no
/// such stanza may still be under way.
void StreamResumption::take_over_when_settled(const std::shared_ptr<ClientSession>& session, Wanted wanted)
{
    session->when_settled([this, stream = stream_.shared_from_this(), session,
                              wanted = std::move(wanted)]() mutable {
        if (stream->is_over()) {
            return;
        }
        if (session->is_open()) {
            take_over(session, wanted);
        } else {
            look_again(std::move(wanted));
        }
    });
}

void StreamResumption::fail(StanzaError::Condition condition, std::optional<std::uint32_t> handled)
{
    stream_.xml().send(management_failure(condition, handled));
    stream_.xml().resume(); // the client may bind a resource
}

bool StreamResumption::take_over(const std::shared_ptr<ClientSession>& session, const Wanted& wanted)
{
    stream_.give_session(session);
    if (!session->resume_on(stream_, wanted.h)) {
        Element lie("resume", ns::stream_management);
        lie.set_attribute("h", std::to_string(wanted.h));
        stream_.lose_session(handled_count_too_high(lie, session->sent_count()));
        return false;
    }
    stream_.server().log().info("resumed",
        { { "jid", session->jid().text() }, { "peer", stream_.peer().address.to_string() } });
    Host& host = *stream_.host();
    host.handlers().run_moment(host.handlers().on_resumed(),
        Context { host, wanted.user.get(), session.get() });
    stream_.xml().resume();
    return true;
}

// After a restart of the server -------------------------------------------------------------------

void StreamResumption::look_in_store(Wanted wanted)
{
    const auto kept = stream_.resumable_sessions();
    kept->being_restored.begin(wanted.token);
    const auto over = [kept, token = wanted.token](Done) { kept->being_restored.end(token); };
    const auto failed = [kept, token = wanted.token,
                            held = stream_.shared_from_this()](const std::exception_ptr&) {
        held->end(StreamError(StreamError::internal_server_error));
        kept->being_restored.end(token);
    };
    start(bring_back(std::move(wanted)), over, failed);
}

Task<Done> StreamResumption::bring_back(Wanted wanted)
{
    const auto held = stream_.shared_from_this();
    const auto kept = stream_.resumable_sessions();
    const AccountKey owner = wanted.user->key();
    auto asking = kept->store.find(owner, wanted.token);
    const auto found = co_await asking;
    if (stream_.is_over()) {
        co_return Done();
    }
    if (!found || !found->has_value()) {
        fail(found ? StanzaError::item_not_found : StanzaError::internal_server_error);
        co_return Done();
    }
    const StreamBacklog& backlog = **found;
    if (is_time_up(stream_.server(), backlog.record)
        || wanted.user->session(backlog.record.resource) != nullptr) {
        end_record(stream_.service(), *wanted.user, backlog.record);
        fail(StanzaError::item_not_found, backlog.record.handled);
        co_return Done();
    }
    const std::uint64_t client_has = count_client_has(wanted.h, backlog);
    auto renumbering = kept->store.renumber(owner, backlog.record.row, client_has);
    const auto renumbered = co_await renumbering;
    if (stream_.is_over()) {
        co_return Done();
    }
    if (!renumbered || !is_free(wanted, backlog.record)) {
        fail(StanzaError::internal_server_error);
        co_return Done();
    }
    restore(wanted, backlog, client_has);
    co_return Done();
}

/// Returns whether the account may still be entered and nobody has its resource.
bool StreamResumption::is_free(const Wanted& wanted, const StreamRecord& record) const
{
    const User& user = *wanted.user;
    return user.state() == User::State::ready && !has_old_password(login_, user, stream_.router())
        && user.session(record.resource) == nullptr;
}

void StreamResumption::restore(const Wanted& wanted, const StreamBacklog& backlog, std::uint64_t client_has)
{
    const StreamRecord& record = backlog.record;
    User& user = *wanted.user;
    Host& host = *stream_.host();
    SessionSnapshot state = SessionSnapshot::read(record.state);
    auto session = std::make_shared<ClientSession>(stream_.shard(), host,
        *user.jid().with_resource(record.resource), stream_.settings(), stream_.resumable_sessions(), record,
        client_has);
    for (const UnackedMessage& message : backlog.unacked) {
        if (message.sequence > client_has) {
            session->send_again(sent_again(message, host, *session, user.jid()));
        }
    }
    if (state.interested) {
        session->set_interested();
    }
    host.handlers().restore(*session, state.modules);
    host.bind(wanted.user, session);
    if (take_over(session, wanted) && state.presence) {
        // After the restart no contact knows this presence, so it is broadcast again.
        host.from_client(*session, std::move(*state.presence), Settlement());
    }
}

} // namespace stonechat
