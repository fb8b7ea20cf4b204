// SPDX-License-Identifier: Apache-2.0
// Resumption (XEP-0198 section 5): the part of ClientStream that resumes an earlier session after login. The
// session is in memory, or only its record is in the store because the server was restarted.
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
std::uint64_t received_count(std::uint32_t h, const StreamBacklog& backlog)
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

void ClientStream::receive_management(const Element& element)
{
    if (element.name() == "resume") {
        resume_session(element);
    } else if (element.name() == "enable" || element.name() == "a" || element.name() == "r") {
        send(management_failure(StanzaError::unexpected_request)); // only allowed after resource binding
    } else {
        end(StreamError(StreamError::unsupported_stanza_type));
    }
}

void ClientStream::resume_session(const Element& resume)
{
    const auto h = read_handled_count(resume);
    const auto token = resume.attribute("previd");
    if (settings_->resume_window.count() == 0) {
        send(management_failure(StanzaError::feature_not_implemented));
        return;
    }
    if (!h || !token) {
        send(management_failure(StanzaError::bad_request));
        return;
    }
    Wanted wanted { host_->user(user_), std::string(*token), *h };
    xml_.pause();
    look_again(std::move(wanted));
}

/// Looks for the session once the account is loaded.
void ClientStream::look_again(Wanted wanted)
{
    auto user = wanted.user;
    user->when_loaded([held = shared_from_this(), wanted = std::move(wanted)](User&) mutable {
        if (held->phase_ != Phase::closed) {
            held->look_for_session(std::move(wanted));
        }
    });
}

void ClientStream::look_for_session(Wanted wanted)
{
    if (!may_go_in(*wanted.user)) {
        return;
    }
    const auto kept = resumable_sessions();
    if (auto* session = find_session(*wanted.user, wanted.token)) {
        // Wait until everything received is settled: the client will send again what our `h` does not cover,
        // so no such stanza may still be under way.
        auto held = std::static_pointer_cast<ClientSession>(session->shared_from_this());
        session->when_settled([self = shared_from_this(), held, wanted = std::move(wanted)]() mutable {
            if (self->phase_ == Phase::closed) {
                return;
            }
            if (held->is_open()) {
                self->take_over(held, wanted);
            } else {
                self->look_again(std::move(wanted));
            }
        });
        return;
    }
    if (const auto handled = kept->ended.find(wanted.user->key(), wanted.token)) {
        fail_resumption(StanzaError::item_not_found, handled);
        return;
    }
    if (kept->being_restored.contains(wanted.token)) {
        kept->being_restored.wait(wanted.token,
            [held = shared_from_this(), wanted]() mutable { held->look_again(std::move(wanted)); });
        return;
    }
    kept->being_restored.begin(wanted.token);
    const auto over = [kept, token = wanted.token](Done) { kept->being_restored.end(token); };
    const auto failed = [kept, token = wanted.token, held = shared_from_this()](const std::exception_ptr&) {
        held->end(StreamError(StreamError::internal_server_error));
        kept->being_restored.end(token);
    };
    stonechat::start(bring_back(std::move(wanted)), over, failed);
}

void ClientStream::fail_resumption(StanzaError::Condition condition, std::optional<std::uint32_t> handled)
{
    send(management_failure(condition, handled));
    xml_.resume(); // the client may bind a resource
}

bool ClientStream::take_over(const std::shared_ptr<ClientSession>& session, const Wanted& wanted)
{
    give_session(session);
    if (!session->resume_on(*this, wanted.h)) {
        session_.reset();
        Element lie("resume", ns::stream_management);
        lie.set_attribute("h", std::to_string(wanted.h));
        end(handled_count_too_high(lie, session->sent_count()));
        return false;
    }
    service_.server().log().info("resumed",
        { { "jid", session->jid().text() }, { "peer", peer().address.to_string() } });
    const Context context { *host_, wanted.user.get(), session.get() };
    host_->handlers().run_moment(host_->handlers().on_resumed(), context);
    xml_.resume();
    return true;
}

// After a restart of the server -------------------------------------------------------------------

Task<Done> ClientStream::bring_back(Wanted wanted)
{
    const auto held = shared_from_this();
    const auto kept = resumable_sessions();
    const AccountKey owner = wanted.user->key();
    auto asking = kept->store.find(owner, wanted.token);
    const auto found = co_await asking;
    if (phase_ == Phase::closed) {
        co_return Done();
    }
    if (!found || !found->has_value()) {
        fail_resumption(found ? StanzaError::item_not_found : StanzaError::internal_server_error);
        co_return Done();
    }
    const StreamBacklog& backlog = **found;
    if (is_time_up(service_.server(), backlog.record)
        || wanted.user->session(backlog.record.resource) != nullptr) {
        end_record(service_, *wanted.user, backlog.record);
        fail_resumption(StanzaError::item_not_found, backlog.record.handled);
        co_return Done();
    }
    const std::uint64_t received = received_count(wanted.h, backlog);
    auto renumbering = kept->store.renumber(owner, backlog.record.row, received);
    const auto renumbered = co_await renumbering;
    if (phase_ == Phase::closed) {
        co_return Done();
    }
    const bool is_free = wanted.user->state() == User::State::ready && !has_shown_old_password(*wanted.user)
        && wanted.user->session(backlog.record.resource) == nullptr;
    if (!renumbered || !is_free) {
        fail_resumption(StanzaError::internal_server_error);
        co_return Done();
    }
    restore(wanted, backlog, received);
    co_return Done();
}

void ClientStream::restore(const Wanted& wanted, const StreamBacklog& backlog, std::uint64_t received)
{
    const StreamRecord& record = backlog.record;
    User& user = *wanted.user;
    SessionSnapshot state = SessionSnapshot::read(record.state);
    auto session = std::make_shared<ClientSession>(shard(), *host_,
        *user.jid().with_resource(record.resource), *settings_, resumable_sessions(), record, received);
    for (const UnackedMessage& message : backlog.unacked) {
        if (message.sequence > received) {
            session->send_again(sent_again(message, *host_, *session, user.jid()));
        }
    }
    if (state.interested) {
        session->set_interested();
    }
    host_->handlers().restore(*session, state.modules);
    host_->bind(wanted.user, session);
    if (take_over(session, wanted) && state.presence) {
        // After the restart no contact knows this presence, so it is broadcast again.
        host_->from_client(*session, std::move(*state.presence), Settlement());
    }
}

} // namespace stonechat
