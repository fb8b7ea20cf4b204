// SPDX-License-Identifier: Apache-2.0
#include "c2s/negotiation.hpp"

#include "base/log.hpp"
#include "c2s/c2s.hpp"
#include "c2s/client_stream.hpp"
#include "c2s/stream_features.hpp"
#include "router/server.hpp"
#include "sasl/identity.hpp"
#include "stream/stream_header.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/utf8.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t longest_logged = 128;

/// Returns text from an unauthenticated peer in a form that is safe to read in a terminal: shortened, and
/// printable ASCII only, unless it is a `user` name that PRECIS allows (no control or direction characters).
std::string for_log(std::string_view text, const std::string& host, bool is_user)
{
    const bool is_harmless = is_user && sasl::prepared_user(text, host) == text;
    std::string shown(utf8_prefix(text, longest_logged));
    if (!is_harmless) {
        std::replace_if(
            shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    }
    return shown.size() < text.size() ? shown + "..." : shown;
}

} // namespace

Negotiation::Negotiation(ClientStream& stream, ListenerTls tls, std::shared_ptr<const C2sSettings> settings)
    : stream_(stream), settings_(std::move(settings)), tls_(tls)
{}

Negotiation::~Negotiation() = default;

bool Negotiation::may_log_in() const
{
    return stream_.is_encrypted() || tls_ == ListenerTls::none;
}

Log& Negotiation::log() const
{
    return stream_.server().log();
}

Result<Done, StreamError> Negotiation::open(const StreamHeader& header, Host& host)
{
    if (stream_.host() != nullptr && stream_.host() != &host) {
        return StreamError(StreamError::not_authorized, "The stream was opened to another host");
    }
    stream_.set_host(host);
    const TlsSession* tls = stream_.xml().tls();
    SaslDialog::Stream& self = *this;        // converted here, because the base is private
    Jid claimed = tls ? header.from : Jid(); // without TLS the header may have been forged
    sasl_ = std::make_unique<SaslDialog>(self, stream_.router(), host.name(), std::move(claimed), tls,
        settings_);
    return Done();
}

std::vector<Element> Negotiation::features() const
{
    if (!may_log_in()) {
        return starttls_feature();
    }
    return features_before_login({ *stream_.host(), settings_->before_login, stream_.is_encrypted() },
        *sasl_);
}

// Elements --------------------------------------------------------------------------------------

void Negotiation::receive(Element element)
{
    if (element.is("starttls", ns::tls)) {
        start_tls();
        return;
    }
    if (element.is("compress", ns::compression)) {
        stream_.refuse_compression();
        return;
    }
    if (element.ns() == ns::streams) {
        stream_.end(StreamError(StreamError::policy_violation));
        return;
    }
    if (element.ns() == ns::sasl && !may_log_in()) {
        Element failure("failure", ns::sasl);
        failure.add(to_text(SaslFailure::encryption_required));
        send(failure);
        login_failed(SaslFailure::encryption_required, {});
        return;
    }
    // Checked before each step of a login and before a registration: the peer may have connected before its
    // ban began.
    if (const auto ban = stream_.server().guard().shuts_out(peer().address)) {
        login_refused(*ban);
        return;
    }
    receive_before_login(std::move(element));
}

void Negotiation::receive_before_login(Element element)
{
    if (element.ns() == ns::sasl) {
        receive_sasl(element);
        return;
    }
    if (may_log_in() && element.ns() == ns::stream_management
        && (element.name() == "enable" || element.name() == "resume")) {
        send(management_failure(StanzaError::unexpected_request)); // XEP-0198 §3: not before the login
        return;
    }
    const Element* payload = element.first_child();
    if (may_log_in() && element.is("iq", ns::client) && payload
        && stream_.host()->handlers().find_before_login(*payload)) {
        answer(std::move(element));
        return;
    }
    stream_.end(is_stanza(element) ? StreamError(StreamError::not_authorized) : unknown_element(element));
}

void Negotiation::receive_sasl(const Element& element)
{
    if (element.name() == "auth") {
        login_began_ = stream_.shard().clock().steady();
    }
    if (!sasl_->receive(element)) {
        stream_.end(StreamError(StreamError::policy_violation));
    }
}

void Negotiation::answer(Element element)
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
    const auto& handler = *stream_.host()->handlers().find_before_login(Iq(*request).payload());
    stream_.xml().pause();
    const auto answered = [this, held = keep_alive(), request](IqAnswer answer) {
        if (is_over()) {
            return;
        }
        const Stanza reply = answer ? request->result(std::move(*answer))
                                    : request->error_reply(answer.error());
        send(reply.element());
        stream_.xml().resume();
    };
    const auto failed = [answered](const std::exception_ptr&) {
        answered(StanzaError(StanzaError::internal_server_error));
    };
    start(handler(Iq(*request), peer().address.to_string()), answered, failed);
}

// STARTTLS (RFC 6120 §5) ------------------------------------------------------------------------

void Negotiation::start_tls()
{
    XmlStream& xml = stream_.xml();
    TlsContexts* contexts = stream_.server().tls();
    if (tls_ != ListenerTls::starttls || contexts == nullptr || !xml.can_start_tls()) {
        send(Element("failure", ns::tls)); // §5.4.2.2: the stream ends too
        stream_.finish(ClientSession::EndOfStream::for_good);
        return;
    }
    xml.drop_unread();
    send(Element("proceed", ns::tls));
    sasl_.reset();
    xml.start_tls(*contexts, stream_.host()->name()); // RFC 6120 §5.4.3.1
}

// Login (RFC 6120 §6) ---------------------------------------------------------------------------

void Negotiation::send(const Element& element)
{
    stream_.xml().send(element);
}

void Negotiation::hold()
{
    stream_.xml().pause();
}

void Negotiation::go_on()
{
    stream_.xml().resume();
}

const PeerAddress& Negotiation::peer() const
{
    return stream_.peer();
}

std::shared_ptr<void> Negotiation::keep_alive()
{
    return stream_.shared_from_this();
}

bool Negotiation::is_over() const
{
    return stream_.is_over();
}

void Negotiation::logged_in(std::string user)
{
    stream_.logged_in({ std::move(user), login_began_ });
}

void Negotiation::login_failed(SaslFailure failure, const LoginTry& what)
{
    ++stream_.router().counters().login_failures;
    const std::string& host = stream_.host()->name();
    log().info("login failed",
        { { "peer", peer().address.to_string() }, { "host", host },
            { "user", for_log(what.user, host, true) }, { "mechanism", for_log(what.mechanism, host, false) },
            { "why", to_text(failure) } });
    log_consequence(what);
    if (++failed_logins_ >= settings_->login_attempts) {
        stream_.end(StreamError(StreamError::policy_violation, "Too many failed logins")); // RFC 6120 §6.4.5
    }
}

void Negotiation::log_consequence(const LoginTry& what) const
{
    const std::string& host = stream_.host()->name();
    if (what.consequence.slows_down) {
        log().warning("guesses at an account",
            { { "user", for_log(what.user, host, true) }, { "host", host },
                { "meaning", "logins there wait for each other, but where it is known" } });
    }
    if (const auto& ban = what.consequence.ban) {
        log().warning("address banned",
            { { "prefix", ban->prefix.text() }, { "until", end_text(*ban) },
                { "failures", std::to_string(ban->failures) } });
    }
}

void Negotiation::login_refused(const Ban& ban)
{
    log().info("login refused",
        { { "peer", peer().address.to_string() }, { "host", stream_.host()->name() }, { "why", "banned" },
            { "until", end_text(ban) } });
    stream_.end(StreamError(StreamError::policy_violation, "No logins from your address at the moment"));
}

void Negotiation::login_mismatched()
{
    log().info("login refused",
        { { "peer", peer().address.to_string() }, { "host", stream_.host()->name() },
            { "why", "the header named another account" } });
    stream_.end(StreamError(StreamError::invalid_from, "The stream was opened by another account"));
}

// The end ---------------------------------------------------------------------------------------

void Negotiation::on_over()
{
    if (!sasl_ || sasl_->was_tried() || asked_before_login_) {
        return;
    }
    std::string offered = may_log_in() ? "" : "STARTTLS";
    for (const std::string& name : sasl_->mechanisms()) {
        if (may_log_in()) {
            offered += (offered.empty() ? "" : " ") + name;
        }
    }
    log().info("client left without logging in",
        { { "peer", peer().address.to_string() }, { "host", stream_.host()->name() },
            { "offered", offered } });
}

} // namespace stonechat
