// SPDX-License-Identifier: Apache-2.0
#include "c2s/resource_binding.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "c2s/client_session.hpp"
#include "c2s/client_stream.hpp"
#include "c2s/stream_features.hpp"
#include "router/server.hpp"
#include "stream/stream_header.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/utf8.hpp"

#include <utility>

namespace stonechat {
namespace {

/// Number of refused resources before the stream ends (RFC 6120 §7.7.3 recommends 5 to 10).
constexpr int bind_attempts = 10;

/// Returns a new resource made from `taken`, which another session has: at most 1023 bytes long.
std::string beside(std::string_view taken)
{
    constexpr std::size_t kept = 900;
    return std::string(utf8_prefix(taken, kept)) + "." + random_id(6);
}

Element bind_result(const Jid& jid)
{
    Element bind("bind", ns::bind);
    bind.add_text_child("jid", jid.text());
    return bind;
}

} // namespace

ResourceBinding::ResourceBinding(ClientStream& stream, Login login)
    : stream_(stream), login_(std::move(login)), resumption_(stream, login_)
{}

/// RFC 6120 §6.4.6, §4.7.1: the login is valid for one host and one account only.
Result<Done, StreamError> ResourceBinding::open(const StreamHeader& header, Host& host)
{
    if (&host != stream_.host()) {
        return StreamError(StreamError::not_authorized);
    }
    const bool same_user = header.from.empty()
        || (header.from.local() == login_.user && header.from.domain() == host.name());
    return same_user ? Result<Done, StreamError>(Done()) : StreamError(StreamError::invalid_from);
}

std::vector<Element> ResourceBinding::features() const
{
    return features_after_login({ *stream_.host(), stream_.settings().after_login, stream_.is_encrypted() });
}

void ResourceBinding::receive(Element element)
{
    if (element.is("compress", ns::compression)) {
        stream_.refuse_compression();
        return;
    }
    if (element.ns() == ns::sasl || element.ns() == ns::streams) {
        stream_.end(StreamError(StreamError::policy_violation)); // RFC 6120 §6.4.6: no second login
        return;
    }
    if (element.ns() == ns::stream_management) {
        resumption_.receive(element);
        return;
    }
    if (element.ns() != ns::client) {
        stream_.end(unknown_element(element));
        return;
    }
    if (!element.is("iq", ns::client) || element.child("bind", ns::bind) == nullptr) {
        stream_.end(StreamError(StreamError::not_authorized)); // RFC 6120 §7.1
        return;
    }
    bind(element);
}

void ResourceBinding::bind(const Element& iq)
{
    std::string id(iq.attribute_or("id"));
    const std::string_view type = iq.attribute_or("type");
    if (type == "result" || type == "error") {
        return; // RFC 6120 §8.3.1: never answered
    }
    if (id.empty() || type != "set" || iq.child_count() != 1) {
        stream_.xml().send(error_reply_to(iq, StanzaError(StanzaError::bad_request)));
        return;
    }
    std::string wanted = iq.child("bind", ns::bind)->child_text("resource");
    stream_.xml().pause();
    auto user = stream_.host()->user(login_.user);
    user->when_loaded([this, held = stream_.shared_from_this(), user, id = std::move(id),
                          wanted = std::move(wanted)](User&) {
        if (!held->is_over()) {
            bind_to(user, id, wanted);
            held->xml().resume();
        }
    });
}

void ResourceBinding::bind_to(const std::shared_ptr<User>& user, std::string_view id,
    const std::string& wanted)
{
    if (const auto refusal = entry_problem(login_, *user, stream_.router())) {
        stream_.end(*refusal);
        return;
    }
    auto jid = user->jid().with_resource(wanted.empty() ? random_id(9) : wanted);
    if (!jid) {
        refuse(id, StanzaError(StanzaError::bad_request, "The resource is not allowed")); // §7.7.2.1
        return;
    }
    if (!resolve_conflict(*user, *jid)) {
        refuse(id, StanzaError(StanzaError::conflict));
        return;
    }
    make_room(*user);
    if (user->sessions().size() >= stream_.settings().resources_per_account) {
        refuse(id, StanzaError(StanzaError::resource_constraint)); // §7.6.2.1
        return;
    }
    const auto session = std::make_shared<ClientSession>(stream_, *stream_.host(), *jid);
    stream_.give_session(session);
    stream_.host()->bind(user, session);
    stream_.server().log().info("login",
        { { "jid", jid->text() }, { "peer", stream_.peer().address.to_string() } });
    const Stanza request = Stanza::iq(*jid, Jid(), IqType::set, id);
    stream_.xml().send(request.result(bind_result(*jid)).element());
}

/// Makes `jid` free if another session has it (RFC 6120 §7.7.2.2): that session ends, or `jid` changes.
/// Returns false if the client is refused.
bool ResourceBinding::resolve_conflict(const User& user, Jid& jid)
{
    Session* holder = user.session(jid.resource());
    if (holder == nullptr) {
        return true;
    }
    const auto held = holder->shared_from_this();
    if (!held->is_connected()) {
        // The holder waits to be resumed, but its client has come back to bind instead.
        held->close(StreamError(StreamError::conflict));
        stream_.host()->unbind(*held);
        return true;
    }
    switch (stream_.settings().resource_conflict) {
    case ResourceConflict::replace:
        held->close(StreamError(StreamError::conflict, "Replaced by a new connection"));
        stream_.host()->unbind(*held);
        return true;
    case ResourceConflict::refuse: return false;
    case ResourceConflict::rename: jid = *user.jid().with_resource(beside(jid.resource())); return true;
    }
    return false;
}

/// Ends sessions that wait to be resumed, if the account is at its limit of resources.
void ResourceBinding::make_room(User& user)
{
    // Copied, because a closed session leaves the list.
    const std::vector<std::shared_ptr<Session>> sessions(user.sessions().begin(), user.sessions().end());
    for (const auto& session : sessions) {
        if (user.sessions().size() < stream_.settings().resources_per_account) {
            return;
        }
        if (!session->is_connected()) {
            session->close(StreamError(StreamError::resource_constraint));
            stream_.host()->unbind(*session);
        }
    }
}

void ResourceBinding::refuse(std::string_view id, const StanzaError& error)
{
    if (++refused_ > bind_attempts) {
        stream_.end(StreamError(StreamError::policy_violation, "Too many refused resources")); // §7.7.3
        return;
    }
    Element iq("iq", ns::client);
    iq.set_attribute("type", "error").set_attribute("id", id);
    iq.add(error.to_element(ns::client));
    stream_.xml().send(iq);
}

} // namespace stonechat
