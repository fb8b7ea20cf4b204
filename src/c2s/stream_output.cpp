// SPDX-License-Identifier: Apache-2.0
// Output: the part of ClientStream that sends. As long as the transport accepts output, it is written
// straight into the transport's buffer and sent in one write at the end of the turn. Other output waits in an
// Outbox and is sent in portions as the client reads. While too much waits, the client's requests are not
// read.
#include "base/log.hpp"
#include "c2s/c2s.hpp"
#include "c2s/client_stream.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// A client's requests are not read while more than 1/congested_share of unsent_bytes waits for it.
constexpr std::size_t congested_share = 4;

} // namespace

void ClientStream::send(const Element& element)
{
    if (takes_more()) {
        append_xml(transport_->write_buffer(), element, ns::client);
        transport_->wrote();
    } else if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(to_xml(element, ns::client), transport_->unsent()));
    }
}

void ClientStream::send_stanza(const Element& stanza)
{
    if (phase_ == Phase::bound) {
        send(stanza);
    }
}

void ClientStream::send_wire(const WireForm& stanza, std::string_view to)
{
    if (phase_ != Phase::bound) {
        return;
    }
    if (takes_more()) {
        stanza.append_to(transport_->write_buffer(), to);
        transport_->wrote();
    } else if (Outbox* waiting = outbox()) {
        std::string xml;
        stanza.append_to(xml, to);
        after_adding(waiting->add(std::move(xml), transport_->unsent()));
    }
}

void ClientStream::send_wires(const WireForms& stanzas, std::string_view to)
{
    if (phase_ != Phase::bound) {
        return;
    }
    auto next = stanzas.begin();
    for (; next != stanzas.end() && takes_more(); ++next) {
        (*next)->append_to(transport_->write_buffer(), to);
        transport_->wrote();
    }
    if (next == stanzas.end()) {
        return;
    }
    if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(WireForms(next, stanzas.end()), to, transport_->unsent()));
    }
}

void ClientStream::send_xml(std::string_view xml)
{
    if (phase_ != Phase::bound) {
        return;
    }
    if (!outbox_) { // written even if the transport is full: short, and must not wait behind queued stanzas
        if (!transport_->takes_more()) {
            mind_congestion();
        }
        transport_->write(xml);
    } else if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(std::string(xml), transport_->unsent()));
    }
}

/// Returns the outbox, creating it if needed; null if it is overfull and the stream is about to end.
Outbox* ClientStream::outbox()
{
    if (!outbox_) {
        outbox_ = std::make_unique<Outbox>(settings_->unsent_bytes, transport_->unsent());
    }
    return outbox_->is_overfull() ? nullptr : outbox_.get();
}

/// Call after adding to the outbox. If the limit is exceeded the stream ends in the next turn, not inside the
/// call of the sender.
void ClientStream::after_adding(bool admitted)
{
    if (!admitted) {
        lose_place();
        return;
    }
    mind_congestion();
    if (session_) {
        session_->mind_account();
    }
}

void ClientStream::give_up_waiting()
{
    if (!outbox_) {
        outbox_ = std::make_unique<Outbox>(settings_->unsent_bytes, transport_->unsent());
    }
    if (!outbox_->is_overfull()) {
        outbox_->give_up();
        lose_place();
    }
}

void ClientStream::lose_place()
{
    tell_of_reader("client reads too slowly");
    shard_->post([held = shared_from_this()] {
        held->end(StreamError(StreamError::resource_constraint, "More waits for you than can be kept"));
    });
}

void ClientStream::mind_congestion(std::size_t behind)
{
    const std::size_t most = std::max(settings_->unsent_bytes / congested_share, Transport::high_mark);
    if (!congested_ && waiting_bytes() + behind > most) {
        congested_ = true;
        pause();
    }
}

void ClientStream::on_drained()
{
    const auto held = shared_from_this();
    write_waiting();
    if (!outbox_ && session_) {
        session_->on_writable();
    }
    if (congested_ && takes_more()) {
        congested_ = false;
        resume();
    }
}

void ClientStream::write_waiting()
{
    if (!outbox_ || outbox_->is_overfull()) {
        return;
    }
    while (!outbox_->is_empty() && transport_->takes_more()) {
        outbox_->take_next(transport_->write_buffer());
        transport_->wrote();
    }
    if (outbox_->is_empty()) {
        outbox_.reset();
    }
}

/// Writes everything that waits, at the end of the stream, before the stream error or the closing tag.
void ClientStream::write_rest()
{
    if (!outbox_) {
        return;
    }
    std::string& out = transport_->write_buffer();
    while (!outbox_->is_empty()) {
        outbox_->take_next(out);
    }
    transport_->wrote();
    outbox_.reset();
}

void ClientStream::tell_of_reader(std::string_view what)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(settings_->stall_timeout);
    service_.server().log().info(what,
        { { "jid", session_ ? session_->jid().text() : user_ }, { "peer", peer().address.to_string() },
            { "stall_timeout", std::to_string(seconds.count()) + " s" },
            { "unsent_bytes", std::to_string(settings_->unsent_bytes) } });
}

} // namespace stonechat
