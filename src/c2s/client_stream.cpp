// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_stream.hpp"

#include "base/prefetch.hpp"
#include "base/random.hpp"
#include "c2s/c2s.hpp"
#include "c2s/stream_features.hpp"
#include "router/server.hpp"
#include "sasl/identity.hpp"
#include "stream/stream_header.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

/// Keepalive interval for inactive clients (XEP-0352), which should not be woken more often.
constexpr std::chrono::minutes unattended_keepalive { 10 };

using EndOfStream = ClientSession::EndOfStream;

/// Returns whether a client may resume (XEP-0198) after this stream error: only if the error is not the
/// client's fault and no other stream has taken over.
EndOfStream parting_with(StreamError::Condition condition)
{
    const bool may_return = condition == StreamError::connection_timeout
        || condition == StreamError::system_shutdown || condition == StreamError::resource_constraint;
    return may_return ? EndOfStream::lost : EndOfStream::for_good;
}

constexpr std::size_t longest_logged = 128;

/// Returns text from an unauthenticated peer in a form that is safe to read in a terminal: shortened, and
/// printable ASCII only, unless it is a `user` name that PRECIS allows (no control or direction characters).
std::string for_log(std::string_view text, const std::string& host, bool is_user)
{
    const bool is_harmless = is_user && sasl::prepared_user(text, host) == text;
    std::size_t length = std::min(text.size(), longest_logged);
    while (length < text.size() && length > 0 && (text[length] & 0xc0) == 0x80) {
        --length; // do not cut inside a UTF-8 character
    }
    std::string shown(text.substr(0, length));
    if (!is_harmless) {
        std::replace_if(
            shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    }
    return length < text.size() ? shown + "..." : shown;
}

} // namespace

ClientStream::ClientStream(C2s& service, Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls,
    std::shared_ptr<const C2sSettings> settings)
    : service_(service), settings_(std::move(settings)),
      xml_(shard, std::move(transport), service.framing(), settings_->stream, settings_->before_login, *this),
      tls_(tls)
{}

ClientStream::~ClientStream() = default;

Router& ClientStream::router() const
{
    return service_.server().router_of(shard());
}

void ClientStream::start()
{
    xml_.set_deadline(settings_->auth_timeout);
    xml_.start();
}

const ParserLimits& ClientStream::limits() const
{
    return phase_ == Phase::authenticated || phase_ == Phase::bound ? settings_->after_login
                                                                    : settings_->before_login;
}

std::string ClientStream::describe_transport() const
{
    const TlsSession* tls = xml_.tls();
    return tls ? tls->version() + " " + tls->cipher() : "tcp";
}

void ClientStream::prepare_owner(unsigned step)
{
    if (step == 1) {
        prefetch_lines(this, sizeof(ClientStream));
        prefetch_lines(session_.get(), sizeof(ClientSession));
    } else if (session_) {
        session_->prepare();
    }
}

// Opening ---------------------------------------------------------------------------------------

void ClientStream::on_open(const StreamParser::Opened& opened)
{
    const auto header = read_header(opened, ns::client);
    if (!header) {
        end(header.error());
        return;
    }
    const auto accepted = accept_header(*header);
    if (!accepted) {
        end(accepted.error());
        return;
    }
    lang_ = header->lang;
    send_header(header->from);
    send_features();
    if (phase_ == Phase::opening) {
        phase_ = Phase::negotiating;
    }
}

Result<Done, StreamError> ClientStream::accept_header(const StreamHeader& header)
{
    Host* host = router().host(header.to);
    if (host == nullptr) {
        return StreamError(StreamError::host_unknown);
    }
    const TlsSession* tls = xml_.tls();
    const std::string sni = tls ? tls->server_name() : std::string();
    if (sni != header.to && router().host(sni) != nullptr) {
        return StreamError(StreamError::host_unknown, "The TLS session was made for another host");
    }
    if (phase_ == Phase::authenticated) {
        // RFC 6120 §6.4.6, §4.7.1: the login is valid for one host and one account only.
        if (host != host_) {
            return StreamError(StreamError::not_authorized);
        }
        const bool same_user = header.from.empty()
            || (header.from.local() == user_ && header.from.domain() == host_->name());
        return same_user ? Result<Done, StreamError>(Done()) : StreamError(StreamError::invalid_from);
    }
    if (host_ != nullptr && host != host_) {
        return StreamError(StreamError::not_authorized, "The stream was opened to another host");
    }
    host_ = host;
    SaslDialog::Stream& self = *this;        // converted here, because the base is private
    Jid claimed = tls ? header.from : Jid(); // without TLS the header may have been forged
    sasl_ = std::make_unique<SaslDialog>(self, router(), host->name(), std::move(claimed), tls, settings_);
    return Done();
}

void ClientStream::send_header(const Jid& to)
{
    const std::string id = random_id();
    xml_.send_header({ name(), to.text(), id });
}

/// The host that the client has named, or the first one.
std::string_view ClientStream::name() const
{
    return host_ ? host_->name() : router().hosts().front()->name();
}

void ClientStream::send_features()
{
    const FeatureContext context { *host_, limits(), is_encrypted() };
    if (phase_ == Phase::authenticated) {
        xml_.send_features(features_after_login(context));
    } else if (!may_log_in()) {
        xml_.send_features(starttls_feature());
    } else {
        xml_.send_features(features_before_login(context, *sasl_));
    }
}

// Elements --------------------------------------------------------------------------------------

void ClientStream::on_element(Element element)
{
    switch (phase_) {
    case Phase::opening:
    case Phase::negotiating: receive_negotiation(std::move(element)); return;
    case Phase::authenticated: receive_authenticated(std::move(element)); return;
    case Phase::bound: receive_bound(std::move(element)); return;
    case Phase::closed: return;
    }
}

void ClientStream::receive_negotiation(Element element)
{
    if (element.is("starttls", ns::tls)) {
        start_tls();
        return;
    }
    if (element.is("compress", ns::compression)) {
        refuse_compression();
        return;
    }
    if (element.ns() == ns::streams) {
        end(StreamError(StreamError::policy_violation));
        return;
    }
    if (element.ns() == ns::sasl && !may_log_in()) {
        Element failure("failure", ns::sasl);
        failure.add(to_text(SaslFailure::encryption_required));
        send(failure);
        login_failed(SaslFailure::encryption_required, {});
        return;
    }
    receive_before_login(std::move(element));
}

void ClientStream::receive_before_login(Element element)
{
    // Checked before each step of a login and before a registration: the peer may have connected before its
    // ban began.
    if (const auto ban = service_.server().guard().shuts_out(peer().address)) {
        login_refused(*ban);
        return;
    }
    if (element.ns() == ns::sasl) {
        if (element.name() == "auth") {
            login_began_ = shard().clock().steady();
        }
        if (!sasl_->receive(element)) {
            end(StreamError(StreamError::policy_violation));
        }
        return;
    }
    if (may_log_in() && element.ns() == ns::stream_management
        && (element.name() == "enable" || element.name() == "resume")) {
        send(management_failure(StanzaError::unexpected_request)); // XEP-0198 §3: not before the login
        return;
    }
    const Element* payload = element.first_child();
    if (may_log_in() && element.is("iq", ns::client) && payload
        && host_->handlers().find_before_login(*payload)) {
        answer_before_login(std::move(element));
        return;
    }
    end(is_stanza(element) ? StreamError(StreamError::not_authorized) : unknown_element(element));
}

void ClientStream::answer_before_login(Element element)
{
    const std::string_view type = element.attribute_or("type");
    if (type == "result" || type == "error") {
        return; // RFC 6120 §8.3.1: never answered
    }
    auto stanza = Stanza::from_element(std::move(element));
    if (!stanza) {
        // NOLINTNEXTLINE(bugprone-use-after-move): from_element leaves alone what it refuses
        send(error_reply_to(element, stanza.error()));
        return;
    }
    // The request is shared with the handler, which may answer long after this call.
    asked_before_login_ = true;
    auto request = std::make_shared<Stanza>(std::move(*stanza));
    const auto& handler = *host_->handlers().find_before_login(Iq(*request).payload());
    xml_.pause();
    auto held = shared_from_this();
    const auto answered = [this, held, request](IqAnswer answer) {
        if (phase_ == Phase::closed) {
            return;
        }
        const Stanza reply = answer ? request->result(std::move(*answer))
                                    : request->error_reply(answer.error());
        send(reply.element());
        xml_.resume();
    };
    const auto failed = [answered](const std::exception_ptr&) {
        answered(StanzaError(StanzaError::internal_server_error));
    };
    stonechat::start(handler(Iq(*request), peer().address.to_string()), answered, failed);
}

void ClientStream::refuse_compression()
{
    // XEP-0138 §3: never offered. Compression under TLS leaks, and decompression has no limit on its cost.
    Element failure("failure", ns::compression);
    failure.add("unsupported-method");
    send(failure);
}

void ClientStream::receive_bound(Element element)
{
    if (element.is("compress", ns::compression)) {
        refuse_compression();
        return;
    }
    if (element.ns() == ns::streams || element.ns() == ns::sasl || element.ns() == ns::tls) {
        end(StreamError(StreamError::policy_violation)); // a second header, a login inside a login
        return;
    }
    if (element.ns() != ns::stream_management) { // not rate-limited: cheap, and acknowledgements are welcome
        xml_.count_element();
    }
    if (is_stanza(element) && !lang_.empty() && element.lang().empty()) {
        element.set_lang(lang_); // RFC 6120 §8.1.5
    }
    session_->receive(std::move(element));
}

void ClientStream::on_end()
{
    if (session_) {
        session_->on_clean_end();
    }
    finish(EndOfStream::for_good);
}

// STARTTLS (RFC 6120 §5) ------------------------------------------------------------------------

void ClientStream::start_tls()
{
    TlsContexts* contexts = service_.server().tls();
    if (tls_ != ListenerTls::starttls || contexts == nullptr || !xml_.can_start_tls()) {
        send(Element("failure", ns::tls)); // §5.4.2.2: the stream ends too
        finish(EndOfStream::for_good);
        return;
    }
    xml_.drop_unread();
    send(Element("proceed", ns::tls));
    phase_ = Phase::opening;
    xml_.start_tls(*contexts, host_->name()); // RFC 6120 §5.4.3.1
}

// Login (RFC 6120 §6) ---------------------------------------------------------------------------

void ClientStream::logged_in(std::string user)
{
    ++router().counters().logins;
    user_ = std::move(user);
    phase_ = Phase::authenticated;
    xml_.restart();
    const auto bare = Jid::from_parts(user_, host_->name());
    if (service_.server().shard_of(bare->text()) != shard().index()) {
        xml_.pause();
        shard().post([held = shared_from_this()] { held->move_home(); });
    }
}

void ClientStream::login_failed(SaslFailure failure, const LoginTry& what)
{
    ++router().counters().login_failures;
    service_.server().log().info("login failed",
        { { "peer", peer().address.to_string() }, { "host", host_->name() },
            { "user", for_log(what.user, host_->name(), true) },
            { "mechanism", for_log(what.mechanism, host_->name(), false) }, { "why", to_text(failure) } });
    if (what.consequence.slows_down) {
        service_.server().log().warning("guesses at an account",
            { { "user", for_log(what.user, host_->name(), true) }, { "host", host_->name() },
                { "meaning", "logins there wait for each other, but where it is known" } });
    }
    if (const auto& ban = what.consequence.ban) {
        service_.server().log().warning("address banned",
            { { "prefix", ban->prefix.text() }, { "until", end_text(*ban) },
                { "failures", std::to_string(ban->failures) } });
    }
    if (++failed_logins_ >= settings_->login_attempts) {
        end(StreamError(StreamError::policy_violation, "Too many failed logins")); // RFC 6120 §6.4.5
    }
}

void ClientStream::login_refused(const Ban& ban)
{
    service_.server().log().info("login refused",
        { { "peer", peer().address.to_string() }, { "host", host_->name() }, { "why", "banned" },
            { "until", end_text(ban) } });
    end(StreamError(StreamError::policy_violation, "No logins from your address at the moment"));
}

void ClientStream::login_mismatched()
{
    service_.server().log().info("login refused",
        { { "peer", peer().address.to_string() }, { "host", host_->name() },
            { "why", "the header named another account" } });
    end(StreamError(StreamError::invalid_from, "The stream was opened by another account"));
}

/// Moves the stream to the home shard of its user, with all that waits to be read and sent.
void ClientStream::move_home()
{
    if (phase_ == Phase::closed) {
        return;
    }
    sasl_.reset();
    xml_.detach();
    auto self = service_.release(shard(), *this);
    Server& server = service_.server();
    const auto bare = Jid::from_parts(user_, host_->name());
    Shard& home = server.router(server.shard_of(bare->text())).shard();
    home.post([self, &home] { self->continue_at(home); });
}

void ClientStream::continue_at(Shard& home)
{
    xml_.attach(home);
    const bool shutting_down = service_.adopt(home, shared_from_this());
    host_ = router().host(host_->name());
    if (shutting_down) {
        end(StreamError(StreamError::system_shutdown));
        return;
    }
    xml_.resume();
}

const std::shared_ptr<ResumableSessions>& ClientStream::resumable_sessions() const
{
    return service_.resumable_sessions(shard());
}

// Time ------------------------------------------------------------------------------------------

void ClientStream::on_deadline()
{
    end(StreamError(StreamError::connection_timeout));
}

std::chrono::milliseconds ClientStream::least_keepalive() const
{
    return session_ && session_->is_inactive() ? unattended_keepalive : std::chrono::milliseconds(0);
}

// Output ----------------------------------------------------------------------------------------

void ClientStream::on_output_waiting()
{
    if (session_) {
        session_->mind_account();
    }
}

void ClientStream::on_writable()
{
    if (session_) {
        session_->on_writable();
    }
}

void ClientStream::on_overfull()
{
    tell_of_reader("client reads too slowly");
    end(StreamError(StreamError::resource_constraint, "More waits for you than can be kept"));
}

void ClientStream::tell_of_reader(std::string_view what) const
{
    const StreamLimits& limits = settings_->stream;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits.stall_timeout);
    service_.server().log().info(what,
        { { "jid", session_ ? session_->jid().text() : user_ }, { "peer", peer().address.to_string() },
            { "stall_timeout", std::to_string(seconds.count()) + " s" },
            { "unsent_bytes", std::to_string(limits.unsent_bytes) } });
}

// The end ---------------------------------------------------------------------------------------

void ClientStream::end(const StreamError& error)
{
    if (phase_ == Phase::closed) {
        return;
    }
    tell_if_nothing_was_tried();
    phase_ = Phase::closed;
    xml_.end(error, { name(), {}, random_id() });
    service_.server().log().debug("stream ended",
        { { "why", to_text(error.condition()) }, { "peer", peer().address.to_string() } });
    leave_session(parting_with(error.condition()));
}

void ClientStream::on_exception(const std::exception& bug)
{
    service_.server().log().error("stream failed", { { "what", bug.what() } });
    end(StreamError(StreamError::internal_server_error));
}

/// Logs the offered mechanisms if the client left without trying one. So an administrator can see that the
/// client supports none of them.
void ClientStream::tell_if_nothing_was_tried() const
{
    if (phase_ != Phase::negotiating || sasl_->was_tried() || asked_before_login_) {
        return;
    }
    std::string offered = may_log_in() ? "" : "STARTTLS";
    for (const std::string& name : sasl_->mechanisms()) {
        if (may_log_in()) {
            offered += (offered.empty() ? "" : " ") + name;
        }
    }
    service_.server().log().info("client left without logging in",
        { { "peer", peer().address.to_string() }, { "host", host_->name() }, { "offered", offered } });
}

void ClientStream::finish(EndOfStream how)
{
    if (phase_ == Phase::closed) {
        return;
    }
    tell_if_nothing_was_tried();
    phase_ = Phase::closed;
    xml_.finish();
    leave_session(how);
}

void ClientStream::on_closed(Transport::Closing why)
{
    if (why == Transport::Closing::stalled) {
        tell_of_reader("client does not read");
    } else if (why == Transport::Closing::overfull) {
        tell_of_reader("client reads too slowly");
    }
    tell_if_nothing_was_tried();
    phase_ = Phase::closed;
    leave_session(EndOfStream::lost);
    service_.remove(shard(), *this);
}

void ClientStream::leave_session(EndOfStream how)
{
    if (session_) {
        auto session = std::move(session_);
        session->on_stream_gone(how);
    }
}

void ClientStream::lose_session()
{
    const auto held = shared_from_this();
    session_.reset();
    end(StreamError(StreamError::conflict, "Resumed by a new connection"));
}

} // namespace stonechat
