// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_session.hpp"

#include "base/log.hpp"
#include "base/prefetch.hpp"
#include "c2s/client_stream.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <cassert>

namespace stonechat {
namespace {

bool is_named_like_stanza(const Element& element)
{
    return element.name() == "message" || element.name() == "presence" || element.name() == "iq";
}

/// Returns whether a refused element gets an error reply: not if it is an error or result (RFC 6120 §8.3.1).
bool is_answerable(const Element& refused)
{
    const std::string_view type = refused.attribute_or("type");
    return type != "error" && type != "result";
}

} // namespace

bool is_stanza(const Element& element)
{
    return element.ns() == ns::client && is_named_like_stanza(element);
}

StreamError unknown_element(const Element& element)
{
    const bool is_foreign = is_named_like_stanza(element) && element.ns() != ns::client;
    return StreamError(is_foreign ? StreamError::invalid_namespace : StreamError::unsupported_stanza_type);
}

ClientSession::ClientSession(ClientStream& stream, Host& host, Jid full_jid)
    : Session(std::move(full_jid)), stream_(&stream), shard_(stream.shard()), host_(host),
      since_(host.clock().wall()), account_unsent_bytes_(stream.settings().account_unsent_bytes),
      ledger_(
          shard_, [this] { on_settled(); }, [this](Ledger::Failure how) { on_failed(how); })
{}

ClientSession::~ClientSession() = default;

// Towards the client ------------------------------------------------------------------------------

std::string ClientSession::to_wire(const Stanza& stanza)
{
    std::string xml;
    if (const WireForm* wire = stanza.wire()) {
        wire->append_to(xml, stanza.to().text());
    } else {
        append_xml(xml, stanza.element(), ns::client);
    }
    return xml;
}

void ClientSession::send(const Stanza& stanza)
{
    deliver(stanza, nullptr);
}

void ClientSession::deliver(const Stanza& stanza, const DeliveryStatusPtr& message)
{
    if (is_open() && !hold_back_if_inactive(stanza)) {
        put(stanza, message);
    }
}

void ClientSession::put(const Stanza& stanza, const DeliveryStatusPtr& message)
{
    if (managed_) {
        managed_->send(to_wire(stanza), message);
    } else if (const WireForm* wire = stanza.wire()) {
        stream_->xml().send(*wire, stanza.to().text());
    } else {
        stream_->xml().send(stanza.element());
    }
}

void ClientSession::put(const WireForm& stanza, std::string_view to)
{
    if (managed_) {
        std::string xml;
        stanza.append_to(xml, to);
        managed_->send(std::move(xml));
    } else {
        stream_->xml().send(stanza, to);
    }
}

bool ClientSession::hold_back_if_inactive(const Stanza& stanza)
{
    if (is_attended() || ClientStateQueue::fate_of(stanza) == ClientStateQueue::Fate::at_once) {
        let_out();
        return false;
    }
    if (!client_state_queue_) {
        client_state_queue_ = std::make_unique<ClientStateQueue>();
    }
    client_state_queue_->take(stanza);
    if (client_state_queue_->is_full()) {
        let_out();
    } else {
        check_account_limit();
    }
    return true;
}

void ClientSession::let_out()
{
    if (!client_state_queue_) {
        return;
    }
    const auto waiting = std::move(client_state_queue_);
    for (const ClientStateQueue::Held& each : waiting->let_out()) {
        if (is_open()) { // the stanza before may have exceeded a limit and ended the session
            put(each.wire, each.to);
        }
    }
}

void ClientSession::send(const WireForms& stanzas, std::string_view to)
{
    if (!is_open()) {
        return;
    }
    let_out();
    if (managed_) {
        managed_->send(stanzas, to);
    } else {
        stream_->xml().send(stanzas, to);
    }
}

std::optional<UnackedEntry> ClientSession::reserve(CopyForm form)
{
    if (!is_open() || !managed_ || !managed_->is_resumable()) {
        return std::nullopt;
    }
    let_out();
    return managed_->reserve(form);
}

void ClientSession::commit(const UnackedEntry& entry, const Stanza& stanza, const DeliveryStatusPtr& message)
{
    if (is_open()) {
        managed_->commit(entry, stanza, message);
    }
}

void ClientSession::cancel(const UnackedEntry& entry)
{
    if (is_open()) {
        managed_->cancel(entry);
    }
}

void ClientSession::close(const StreamError& error)
{
    if (stream_) {
        stream_->end(error);
    } else {
        end();
    }
}

void ClientSession::after_next_stanza(Function<void()> f)
{
    if (managed_) {
        managed_->after_acknowledged(std::move(f));
    } else {
        after_next_.push_back(std::move(f));
    }
}

std::size_t ClientSession::waiting_bytes() const
{
    return (managed_ ? managed_->waiting_bytes() : 0) + (stream_ ? stream_->xml().waiting_bytes() : 0)
        + (client_state_queue_ ? client_state_queue_->bytes() : 0);
}

/// Does nothing if only few bytes wait for this session: then it cannot be what exceeds the limit.
void ClientSession::check_account_limit() const
{
    if (waiting_bytes() <= Transport::high_mark) {
        return;
    }
    const auto& sessions = user().sessions();
    std::size_t all = 0;
    for (const auto& each : sessions) {
        all += each->waiting_bytes();
    }
    if (all > account_unsent_bytes_) {
        const auto most = std::max_element(sessions.begin(), sessions.end(),
            [](const auto& a, const auto& b) { return a->waiting_bytes() < b->waiting_bytes(); });
        static_cast<ClientSession&>(**most).give_up_waiting();
    }
}

/// Drops what waits. The session ends in a later turn, not inside the call of the sender.
void ClientSession::give_up_waiting()
{
    client_state_queue_.reset();
    if (managed_) {
        managed_->give_up();
    } else if (stream_) {
        stream_->xml().give_up_waiting();
    }
}

void ClientSession::snapshot_changed()
{
    if (managed_) {
        managed_->on_state_changed();
    }
}

Session::Facts ClientSession::facts() const
{
    Facts facts;
    facts.since = since_;
    if (stream_) {
        facts.peer = stream_->peer().address.to_string() + ":" + std::to_string(stream_->peer().port);
        facts.transport = stream_->describe_transport();
    } else if (is_open()) {
        facts.transport = "disconnected, may be resumed";
    }
    return facts;
}

void ClientSession::prepare() const
{
    ledger_.prepare();
    prefetch_lines(&user(), sizeof(User));
}

// From the client ---------------------------------------------------------------------------------

void ClientSession::receive(Element element)
{
    heard_client();
    if (stream_ == nullptr) {
        return; // a callback of heard_client() has ended the stream
    }
    if (element.ns() == ns::stream_management) {
        const auto held = shared_from_this();
        manage(element); // not a stanza, so the order of stanzas does not concern it
        return;
    }
    if (must_wait(element)) {
        waiting_ = std::make_unique<Element>(std::move(element));
        stream_->xml().pause();
        return;
    }
    handle(std::move(element));
}

bool ClientSession::must_wait(const Element& element) const
{
    return ledger_.open_iqs() > 0 || (ledger_.open_count() > 0 && element.name() == "iq");
}

void ClientSession::on_settled()
{
    if (managed_) {
        managed_->on_settled();
    }
    if (!waiting_ || stream_ == nullptr || must_wait(*waiting_)) {
        return;
    }
    // A settlement may end deep inside another call, so the next element is handled in a new turn.
    shard_.post([held = std::static_pointer_cast<ClientSession>(shared_from_this())] {
        ClientSession& self = *held;
        if (!self.waiting_ || self.stream_ == nullptr || self.must_wait(*self.waiting_)) {
            return;
        }
        const auto element = std::move(self.waiting_);
        self.handle(std::move(*element));
        if (self.stream_) {
            self.stream_->xml().resume();
        }
    });
}

void ClientSession::on_failed(Ledger::Failure how)
{
    assert(how != Ledger::Failure::dropped); // somebody destroyed a Settlement without a word
    host_.log().error("stanza failed, nobody took it",
        { { "account", user().jid().text() }, { "why", how == Ledger::Failure::said ? "said" : "dropped" } });
    // A settlement may fail deep inside another call.
    shard_.post([held = weak_from_this()] {
        if (const auto session = held.lock()) {
            session->close(StreamError(StreamError::internal_server_error));
        }
    });
}

void ClientSession::heard_client()
{
    if (after_next_.empty() || (stream_ != nullptr && stream_->xml().waiting_bytes() > 0)) {
        return; // the client has not read what still waits here, so its stanza proves nothing
    }
    const auto heard = std::move(after_next_);
    after_next_.clear();
    for (const auto& f : heard) {
        const_cast<Function<void()>&>(f)();
    }
}

Settlement ClientSession::open(Ledger::Kind kind)
{
    ++received_;
    return ledger_.open(kind);
}

void ClientSession::handle(Element element)
{
    const auto held = shared_from_this();
    if (is_stanza(element)) {
        handle_stanza(std::move(element));
        return;
    }
    if (const auto* handler = host_.handlers().find_stream_element(element)) {
        (*handler)(element, Context { host_, &user(), this });
        if (is_attended()) {
            let_out(); // before any later stanza of the client is handled (XEP-0352 §5.1)
        }
        return;
    }
    close(unknown_element(element));
}

void ClientSession::handle_stanza(Element element)
{
    // RFC 6120 §8.1.2.1: `from` must be the client's own full or bare JID.
    if (const auto from = element.attribute("from")) {
        const auto claimed = Jid::parse(*from);
        if (!claimed || (*claimed != jid() && *claimed != user().jid())) {
            close(StreamError(StreamError::invalid_from));
            return;
        }
    }
    for (const auto& host : host_.router().hosts()) {
        strip_forged_delays(element, host->name());
    }
    auto stanza = Stanza::from_element(std::move(element));
    if (!stanza) {
        Settlement counted = open(Ledger::Kind::other);
        // NOLINTNEXTLINE(bugprone-use-after-move): from_element leaves alone what it refuses
        if (is_answerable(element)) {
            element.set_attribute("from", jid().text());
            send_refusal(error_reply_to(element, stanza.error()));
        }
        std::move(counted).settle();
        return;
    }
    stanza->set_from(jid());
    const bool is_iq = stanza->kind() == StanzaKind::iq;
    try {
        host_.from_client(*this, std::move(*stanza), open(is_iq ? Ledger::Kind::iq : Ledger::Kind::other));
    } catch (const std::exception& failure) {
        // A handler that throws is a bug of ours: only this stream ends.
        host_.log().error("stanza failed",
            { { "account", user().jid().text() }, { "what", failure.what() } });
        close(StreamError(StreamError::internal_server_error));
    }
}

void ClientSession::send_refusal(const Element& error)
{
    if (managed_) {
        std::string xml;
        append_xml(xml, error, ns::client);
        managed_->send(std::move(xml));
    } else {
        stream_->xml().send(error);
    }
}

// The end -----------------------------------------------------------------------------------------

void ClientSession::on_clean_end()
{
    set_closed_in_good_order();
    heard_client();
}

void ClientSession::on_stream_gone(EndOfStream how)
{
    if (stream_ == nullptr) {
        return;
    }
    stream_ = nullptr;
    waiting_.reset();
    if (how == EndOfStream::lost && managed_ && managed_->is_resumable()) {
        state_ = State::waiting;
        after_next_.clear();
        managed_->on_disconnected();
        shard_.post([held = std::static_pointer_cast<ClientSession>(shared_from_this())] {
            if (held->state_ == State::waiting) {
                const Handlers& handlers = held->host_.handlers();
                handlers.run_moment(handlers.on_disconnected(), { held->host_, &held->user(), held.get() });
            }
        });
        return;
    }
    end();
}

void ClientSession::end()
{
    if (state_ == State::over) {
        return;
    }
    state_ = State::over;
    after_next_.clear();
    client_state_queue_.reset();
    if (managed_) {
        managed_->on_over();
    }
    shard_.post([held = shared_from_this(), &host = host_] { host.unbind(*held); });
}

} // namespace stonechat
