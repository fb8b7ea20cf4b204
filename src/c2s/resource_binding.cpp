// SPDX-License-Identifier: Apache-2.0
// Resource binding (RFC 6120 section 7): the part of ClientStream between login and session.
#include "base/log.hpp"
#include "base/random.hpp"
#include "c2s/c2s.hpp"
#include "c2s/client_session.hpp"
#include "c2s/client_stream.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// Number of refused resources before the stream ends (RFC 6120 §7.7.3 recommends 5 to 10).
constexpr int bind_attempts = 10;

/// Returns a new resource made from `taken`, which another session has: at most 1023 bytes long.
std::string beside(std::string_view taken)
{
    constexpr std::size_t kept = 900;
    std::size_t end = std::min(taken.size(), kept);
    while (end < taken.size() && (static_cast<unsigned char>(taken[end]) & 0xC0) == 0x80) {
        --end; // do not cut inside a UTF-8 character
    }
    return std::string(taken.substr(0, end)) + "." + random_id(6);
}

Element bind_result(const Jid& jid)
{
    Element bind("bind", ns::bind);
    bind.add_text_child("jid", jid.text());
    return bind;
}

} // namespace

void ClientStream::receive_authenticated(Element element)
{
    if (element.is("compress", ns::compression)) {
        refuse_compression();
        return;
    }
    if (element.ns() == ns::sasl || element.ns() == ns::streams) {
        end(StreamError(StreamError::policy_violation)); // RFC 6120 §6.4.6: no second login
        return;
    }
    if (element.ns() == ns::stream_management) {
        receive_management(element);
        return;
    }
    if (element.ns() != ns::client) {
        end(unknown_element(element));
        return;
    }
    if (!element.is("iq", ns::client) || element.child("bind", ns::bind) == nullptr) {
        end(StreamError(StreamError::not_authorized)); // RFC 6120 §7.1
        return;
    }
    bind(element);
}

void ClientStream::bind(const Element& iq)
{
    std::string id(iq.attribute_or("id"));
    const std::string_view type = iq.attribute_or("type");
    if (type == "result" || type == "error") {
        return; // RFC 6120 §8.3.1: never answered
    }
    if (id.empty() || type != "set" || iq.child_count() != 1) {
        send(error_reply_to(iq, StanzaError(StanzaError::bad_request)));
        return;
    }
    std::string wanted = iq.child("bind", ns::bind)->child_text("resource");
    xml_.pause();
    auto user = host_->user(user_);
    user->when_loaded([held = shared_from_this(), user, id = std::move(id),
                          wanted = std::move(wanted)](User&) mutable {
        if (held->phase_ != Phase::closed) {
            held->bind_to(user, std::move(id), std::move(wanted));
            held->xml_.resume();
        }
    });
}

void ClientStream::refuse_bind(std::string_view id, const StanzaError& error)
{
    if (++refused_binds_ > bind_attempts) {
        end(StreamError(StreamError::policy_violation, "Too many refused resources")); // §7.7.3
        return;
    }
    Element iq("iq", ns::client);
    iq.set_attribute("type", "error").set_attribute("id", id);
    iq.add(error.to_element(ns::client));
    send(iq);
}

/// Returns whether the logged-in account may bind or resume. Otherwise ends the stream: the account cannot be
/// read, was removed or disabled, or has a new password since the login.
bool ClientStream::may_go_in(const User& user)
{
    if (user.state() == User::State::failed) {
        end(StreamError(StreamError::internal_server_error));
        return false;
    }
    if (user.state() != User::State::ready) {
        end(StreamError(StreamError::not_authorized)); // removed or disabled
        return false;
    }
    if (has_shown_old_password(user)) {
        end(StreamError(StreamError::not_authorized, "The password was changed"));
        return false;
    }
    return true;
}

bool ClientStream::has_shown_old_password(const User& user) const
{
    return router().accounts().has_new_password_since(login_began_, user.jid());
}

void ClientStream::bind_to(std::shared_ptr<User> user, std::string id, std::string wanted)
{
    if (!may_go_in(*user)) {
        return;
    }
    auto jid = user->jid().with_resource(wanted.empty() ? random_id(9) : wanted);
    if (!jid) {
        refuse_bind(id, StanzaError(StanzaError::bad_request, "The resource is not allowed")); // §7.7.2.1
        return;
    }
    Session* holder = user->session(jid->resource());
    if (holder != nullptr && !holder->is_connected()) {
        // The holder waits to be resumed, but its client has come back to bind instead.
        const auto held = holder->shared_from_this();
        held->close(StreamError(StreamError::conflict));
        host_->unbind(*held);
        holder = nullptr;
    }
    if (holder != nullptr) {
        // RFC 6120 §7.7.2.2
        switch (settings_->resource_conflict) {
        case ResourceConflict::replace:
            holder->close(StreamError(StreamError::conflict, "Replaced by a new connection"));
            host_->unbind(*holder);
            break;
        case ResourceConflict::refuse: refuse_bind(id, StanzaError(StanzaError::conflict)); return;
        case ResourceConflict::rename: jid = user->jid().with_resource(beside(jid->resource())); break;
        }
    }
    make_room(*user);
    if (user->sessions().size() >= settings_->resources_per_account) {
        refuse_bind(id, StanzaError(StanzaError::resource_constraint)); // §7.6.2.1
        return;
    }
    give_session(std::make_shared<ClientSession>(*this, *host_, *jid));
    host_->bind(user, session_);
    service_.server().log().info("login", { { "jid", jid->text() }, { "peer", peer().address.to_string() } });
    Stanza request = Stanza::iq(*jid, Jid(), IqType::set, id);
    send(request.result(bind_result(*jid)).element());
}

/// Ends sessions that wait to be resumed, if the account is at its limit of resources.
void ClientStream::make_room(User& user)
{
    // Copied, because a closed session leaves the list.
    const std::vector<std::shared_ptr<Session>> sessions(user.sessions().begin(), user.sessions().end());
    for (const auto& session : sessions) {
        if (user.sessions().size() < settings_->resources_per_account) {
            return;
        }
        if (!session->is_connected()) {
            session->close(StreamError(StreamError::resource_constraint));
            host_->unbind(*session);
        }
    }
}

void ClientStream::give_session(std::shared_ptr<ClientSession> session)
{
    session_ = std::move(session);
    phase_ = Phase::bound;
    xml_.set_parser_limits(settings_->after_login); // not earlier: unbound streams have no limit in number
    sasl_.reset();
    xml_.watch_for_quiet();
}

} // namespace stonechat
