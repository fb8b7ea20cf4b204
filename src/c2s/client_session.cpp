// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_session.hpp"

#include "base/log.hpp"
#include "c2s/client_stream.hpp"
#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

/// An element that never became a stanza is answered unless it may not be (RFC 6120 §8.3.1).
bool is_answerable(const Element& refused)
{
    const std::string_view type = refused.attribute_or("type");
    return type != "error" && type != "result";
}

} // namespace

bool is_stanza(const Element& element)
{
    return element.ns() == ns::client
        && (element.name() == "message" || element.name() == "presence" || element.name() == "iq");
}

ClientSession::ClientSession(ClientStream& stream, Host& host, Jid full_jid)
    : Session(std::move(full_jid)), stream_(&stream), host_(host), since_(host.clock().wall()),
      open_messages_(stream.shard(), [this] { on_settled(); }),
      open_iqs_(stream.shard(), [this] { on_settled(); })
{}

ClientSession::~ClientSession() = default;

void ClientSession::send(const Stanza& stanza)
{
    if (stream_ == nullptr) {
        return;
    }
    if (const WireForm* wire = stanza.wire()) {
        stream_->send_wire(*wire, stanza.to().text());
        return;
    }
    stream_->send_stanza(stanza.element());
}

void ClientSession::send(const WireForm& stanza, std::string_view to)
{
    if (stream_) {
        stream_->send_wire(stanza, to);
    }
}

void ClientSession::close(const StreamError& error)
{
    if (stream_) {
        stream_->end(error);
    }
}

void ClientSession::after_next_stanza(Function<void()> f)
{
    after_next_.push_back(std::move(f));
}

Session::Facts ClientSession::facts() const
{
    Facts facts;
    facts.since = since_;
    if (stream_) {
        facts.peer = stream_->peer().address.to_string() + ":" + std::to_string(stream_->peer().port);
        facts.transport = stream_->describe_transport();
    }
    return facts;
}

void ClientSession::receive(Element element)
{
    heard_client();
    if (stream_ == nullptr) {
        return; // who waited for this has ended the stream
    }
    if (must_wait(element)) {
        waiting_ = std::make_unique<Element>(std::move(element));
        stream_->pause();
        return;
    }
    handle(std::move(element));
}

bool ClientSession::must_wait(const Element& element) const
{
    return open_iqs_.open_count() > 0 || (open_messages_.open_count() > 0 && element.name() == "iq");
}

void ClientSession::on_settled()
{
    if (!waiting_ || stream_ == nullptr || must_wait(*waiting_)) {
        return;
    }
    // A settlement may end deep inside somebody's stack, so the next element waits for a fresh one.
    stream_->shard().post([held = std::static_pointer_cast<ClientSession>(shared_from_this())] {
        ClientSession& self = *held;
        if (!self.waiting_ || self.stream_ == nullptr || self.must_wait(*self.waiting_)) {
            return;
        }
        const auto element = std::move(self.waiting_);
        self.handle(std::move(*element));
        if (self.stream_) {
            self.stream_->resume();
        }
    });
}

void ClientSession::heard_client()
{
    if (after_next_.empty()) {
        return;
    }
    const auto heard = std::move(after_next_);
    after_next_.clear();
    for (const auto& f : heard) {
        const_cast<Function<void()>&>(f)();
    }
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
        return;
    }
    close(StreamError(StreamError::unsupported_stanza_type));
}

void ClientSession::handle_stanza(Element element)
{
    // RFC 6120 §8.1.2.1: a client may name itself, fully or barely, and nobody else.
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
        // NOLINTNEXTLINE(bugprone-use-after-move): from_element leaves alone what it refuses
        if (is_answerable(element)) {
            element.set_attribute("from", jid().text());
            stream_->send_stanza(error_reply_to(element, stanza.error()));
        }
        return;
    }
    stanza->set_from(jid());
    Ledger& ledger = stanza->kind() == StanzaKind::iq ? open_iqs_ : open_messages_;
    try {
        host_.from_client(*this, std::move(*stanza), ledger.open());
    } catch (const std::exception& failure) {
        // A handler that throws is a bug of ours: this stream ends, everybody else goes on.
        host_.log().error("stanza failed",
            { { "account", user().jid().text() }, { "what", failure.what() } });
        close(StreamError(StreamError::internal_server_error));
    }
}

void ClientSession::on_clean_end()
{
    heard_client();
}

void ClientSession::on_stream_gone()
{
    if (stream_ == nullptr) {
        return;
    }
    Shard& shard = stream_->shard();
    stream_ = nullptr;
    after_next_.clear();
    waiting_.reset();
    shard.post([held = shared_from_this(), &host = host_] { host.unbind(*held); });
}

} // namespace stonechat
