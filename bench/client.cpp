// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <fmt/format.h>
#include <utility>

namespace stonechat::bench {
namespace {

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

bool offers(std::string_view features, std::string_view mechanism)
{
    return has(features, fmt::format(">{}<", mechanism));
}

std::string_view choose_mechanism(std::string_view features, std::string_view wanted)
{
    for (const std::string_view known : { "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN" }) {
        if ((wanted.empty() || wanted == known) && offers(features, known)) {
            return known;
        }
    }
    return {};
}

// The name of the first child inside an error or failure, for a message to the user.
std::string condition_of(std::string_view element)
{
    const auto start = element.find('<', 1);
    if (start == std::string_view::npos) {
        return std::string(element);
    }
    const auto text = element.substr(start + 1);
    return std::string(text.substr(0, text.find_first_of(" />")));
}

} // namespace

Client::Client(EventLoop& loop, const Target& target, ClientEvents& events, Account account,
    std::uint32_t tag)
    : Connection(loop), target_(target), events_(events), account_(std::move(account)), tag_(tag),
      ledger_(account_.stream)
{}

void Client::start()
{
    phase_ = Phase::connecting;
    is_secure_ = false;
    is_resumed_ = false;
    owes_ack_ = false;
    connect(target_.address);
}

void Client::write(StreamLedger::Parts parts)
{
    for (const auto part : parts) {
        put(part);
    }
    ledger_.sent(parts);
    if (ledger_.is_ask_due()) {
        ask();
    }
}

void Client::end()
{
    if (target_.negotiation == Negotiation::none) {
        abandon();
        return;
    }
    phase_ = Phase::ending;
    send("</stream:stream>");
}

void Client::on_open()
{
    if (phase_ == Phase::connecting && target_.tls == TlsMode::direct) {
        phase_ = Phase::handshake;
        start_tls(*target_.tls_context, target_.domain, true);
        return;
    }
    is_secure_ = phase_ == Phase::handshake;
    if (target_.negotiation == Negotiation::none) {
        become_online();
        return;
    }
    phase_ = Phase::starttls;
    open_stream();
}

std::size_t Client::on_data(std::string_view bytes)
{
    std::size_t taken = 0;
    restarted_ = false;
    while (is_open() && !restarted_) {
        const auto scan = scan_item(bytes.substr(taken));
        if (scan.status == ScanStatus::malformed) {
            fail("the server sent something that is no XML");
            break;
        }
        if (scan.status == ScanStatus::partial) {
            break;
        }
        taken += scan.length;
        take(scan.item);
    }
    if (phase_ == Phase::online && is_open()) {
        if (owes_ack_ || ledger_.is_ack_due()) {
            write_ack();
        }
        events_.on_batch_end(*this);
    }
    return taken;
}

void Client::on_lost(const std::string& reason)
{
    events_.on_offline(*this, phase_ == Phase::ending ? std::string() : reason);
}

void Client::open_stream()
{
    send(fmt::format("<?xml version='1.0'?><stream:stream to='{}' version='1.0' xmlns='jabber:client' "
                     "xmlns:stream='http://etherx.jabber.org/streams'>",
        target_.domain));
}

void Client::take(const Item& item)
{
    if (phase_ == Phase::online && item.kind == ItemKind::element && take_online(item)) {
        return;
    }
    if (item.kind == ItemKind::stream_open) {
        return;
    }
    if (item.kind == ItemKind::stream_close) {
        fail("the server ended the stream");
        return;
    }
    if (item.name == "stream:error") {
        fail("stream error: " + condition_of(item.text));
        return;
    }
    switch (phase_) {
    case Phase::starttls: item.name == "stream:features" ? take_features(item) : take_proceed(item); return;
    case Phase::authenticating:
    case Phase::challenged: take_sasl(item); return;
    case Phase::authenticated:
        if (item.name == "stream:features") {
            take_bound_features(item.text);
        }
        return;
    case Phase::binding: take_bind_result(item); return;
    case Phase::session:
    case Phase::registering: take_iq_result(item); return;
    case Phase::enabling: take_enabled(item); return;
    case Phase::resuming: take_resumed(item); return;
    case Phase::connecting:
    case Phase::handshake:
    case Phase::online:
    case Phase::ending: return; // still arriving while we leave
    }
}

void Client::take_features(const Item& item)
{
    if (target_.tls == TlsMode::starttls && !is_secure_) {
        if (!has(item.text, "<starttls")) {
            fail("the server offers no STARTTLS");
            return;
        }
        send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        return;
    }
    if (target_.negotiation == Negotiation::registration) {
        register_account();
        return;
    }
    authenticate(item.text);
}

void Client::take_proceed(const Item& item)
{
    if (item.name != "proceed") {
        fail("STARTTLS was refused");
        return;
    }
    phase_ = Phase::handshake;
    restarted_ = true;
    start_tls(*target_.tls_context, target_.domain, false);
}

void Client::authenticate(std::string_view features)
{
    const auto mechanism = choose_mechanism(features, target_.mechanism);
    if (mechanism.empty()) {
        fail("the server offers no mechanism that we may use");
        return;
    }
    std::string initial;
    if (mechanism == "PLAIN") {
        initial.append(1, '\0').append(account_.user).append(1, '\0').append(account_.password);
    } else {
        const auto hash = mechanism == "SCRAM-SHA-1" ? ScramHash::sha1 : ScramHash::sha256;
        scram_.emplace(hash, account_.user, account_.password);
        initial = scram_->first();
    }
    phase_ = Phase::authenticating;
    send(fmt::format("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{}'>{}</auth>", mechanism,
        base64_encode(initial)));
}

void Client::take_sasl(const Item& item)
{
    if (item.name == "challenge" && phase_ == Phase::authenticating) {
        answer_challenge(character_data(item.text));
        return;
    }
    if (item.name != "success") {
        fail("login refused: " + condition_of(item.text));
        return;
    }
    const auto last = base64_decode(character_data(item.text));
    if (scram_ && (!last || !scram_->verify(*last))) {
        fail("the server does not know the password's keys");
        return;
    }
    scram_.reset();
    phase_ = Phase::authenticated;
    open_stream();
}

void Client::answer_challenge(std::string_view text)
{
    const auto challenge = base64_decode(text);
    const auto response = challenge && scram_ ? scram_->final_message(*challenge, target_.scram_cache)
                                              : std::nullopt;
    if (!response) {
        fail("a challenge that is no SCRAM");
        return;
    }
    phase_ = Phase::challenged;
    send(fmt::format("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</response>",
        base64_encode(*response)));
}

// XEP-0077 §3.1, without asking for the fields first: every server we know wants these two.
void Client::register_account()
{
    phase_ = Phase::registering;
    send(fmt::format(
        "<iq type='set' id='reg' to='{}'><query xmlns='jabber:iq:register'><username>{}</username>"
        "<password>{}</password></query></iq>",
        target_.domain, account_.user, account_.password));
}

void Client::take_bound_features(std::string_view features)
{
    has_stream_management_ = has(features, "urn:xmpp:sm:3");
    // RFC 3921's session, obsolete: only where a server still insists.
    const auto session = features.find("urn:ietf:params:xml:ns:xmpp-session");
    needs_session_ = session != std::string_view::npos && !has(features.substr(session), "<optional");
    if (!ledger_.id().empty()) {
        resume();
        return;
    }
    request_bind();
}

void Client::request_bind()
{
    phase_ = Phase::binding;
    send(fmt::format("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                     "<resource>{}</resource></bind></iq>",
        account_.resource));
}

void Client::take_bind_result(const Item& item)
{
    const auto start = item.text.find("<jid>");
    if (attribute(item.head, "type") != "result" || start == std::string_view::npos) {
        fail("the server did not bind: " + std::string(item.text));
        return;
    }
    const auto jid = item.text.substr(start + 5);
    jid_ = std::string(jid.substr(0, jid.find('<')));
    if (!needs_session_) {
        enable();
        return;
    }
    phase_ = Phase::session;
    send("<iq type='set' id='sess'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
}

void Client::take_iq_result(const Item& item)
{
    if (attribute(item.head, "type") != "result") {
        const auto error = item.text.find("<error");
        fail("refused: "
            + (error == std::string_view::npos ? "no reason" : condition_of(item.text.substr(error))));
        return;
    }
    if (phase_ == Phase::session) {
        enable();
        return;
    }
    become_online();
}

void Client::enable()
{
    if (account_.stream.kind == StreamManagement::none) {
        become_online();
        return;
    }
    if (!has_stream_management_) {
        fail("the server offers no stream management");
        return;
    }
    phase_ = Phase::enabling;
    const bool resumable = account_.stream.kind == StreamManagement::resumable;
    send(resumable ? "<enable xmlns='urn:xmpp:sm:3' resume='true'/>" : "<enable xmlns='urn:xmpp:sm:3'/>");
    ledger_.enabling();
}

void Client::take_enabled(const Item& item)
{
    if (item.name != "enabled") {
        fail("stream management refused: " + condition_of(item.text));
        return;
    }
    ledger_.enabled(item.head);
    if (account_.stream.kind == StreamManagement::resumable && ledger_.id().empty()) {
        fail("the server does not let a stream be resumed");
        return;
    }
    for (const auto& stanza : std::exchange(left_over_, {})) {
        write(stanza);
    }
    become_online();
}

void Client::resume()
{
    phase_ = Phase::resuming;
    send(fmt::format("<resume xmlns='urn:xmpp:sm:3' previd='{}' h='{}'/>", ledger_.id(), ledger_.answer()));
}

// When it fails, `h` may still say how much of the old stream got through (XEP-0198 §5).
void Client::take_resumed(const Item& item)
{
    const auto h = attribute(item.head, "h");
    if (item.name == "failed") {
        if (!h.empty() && !ledger_.acknowledge(h)) {
            fail("more acknowledged than was sent");
            return;
        }
        left_over_ = ledger_.give_up();
        request_bind();
        return;
    }
    if (item.name != "resumed" || !ledger_.acknowledge(h)) {
        fail("no proper answer to <resume/>: " + std::string(item.head));
        return;
    }
    is_resumed_ = true;
    for (const auto& stanza : ledger_.unacknowledged()) {
        put(stanza);
    }
    if (!ledger_.unacknowledged().empty()) {
        ask();
    }
    become_online();
}

// Answers whether that was all there is to do about it.
bool Client::take_online(const Item& item)
{
    if (item.name == "message" || item.name == "presence" || item.name == "iq") {
        ledger_.received();
        events_.on_element(*this, item);
        return true;
    }
    if (ledger_.is_on() && item.name == "r") {
        owes_ack_ = true;
        return true;
    }
    if (ledger_.is_on() && item.name == "a") {
        take_acknowledgement(attribute(item.head, "h"));
        return true;
    }
    return item.name != "stream:error";
}

void Client::take_acknowledgement(std::string_view h)
{
    if (!ledger_.acknowledge(h)) {
        fail("more acknowledged than was sent");
        return;
    }
    events_.on_acknowledged(*this);
}

// One answer for all that came with one read.
void Client::write_ack()
{
    owes_ack_ = false;
    send(fmt::format("<a xmlns='urn:xmpp:sm:3' h='{}'/>", ledger_.answer()));
}

void Client::send(std::string_view stanza)
{
    put(stanza);
    flush();
}

void Client::become_online()
{
    phase_ = Phase::online;
    events_.on_online(*this);
    flush();
}

void Client::fail(const std::string& reason)
{
    close_socket();
    on_lost(reason);
}

} // namespace stonechat::bench
