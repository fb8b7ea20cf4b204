// SPDX-License-Identifier: Apache-2.0
// The part of XmlStream that sends. As long as the transport accepts output, it is written straight into the
// transport's buffer and sent in one write at the end of the turn. Other output waits in an Outbox and is
// sent in portions as the peer reads. While too much waits, the peer's requests are not read.
#include "stream/xml_stream.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// A peer's requests are not read while more than 1/congested_share of unsent_bytes waits for it.
constexpr std::size_t congested_share = 4;

} // namespace

/// Writes one element into the transport: `append` appends it for a parent in the content namespace.
template <class Append> void XmlStream::write(Append append)
{
    std::string& out = transport_->write_buffer();
    const std::size_t begin = out.size();
    append(out);
    framing_.complete_element(out, begin);
    transport_->wrote();
}

void XmlStream::send_header(const OutgoingHeader& header)
{
    if (!is_over()) {
        framing_.append_header(transport_->write_buffer(), header);
        transport_->wrote();
        header_sent_ = true;
    }
}

void XmlStream::send_features(const std::vector<Element>& features)
{
    if (!is_over()) {
        framing_.append_features(transport_->write_buffer(), features);
        transport_->wrote();
    }
}

void XmlStream::send(const Element& element)
{
    if (is_over()) {
        return;
    }
    if (takes_more()) {
        write([&](std::string& out) { append_xml(out, element, framing_.content_ns()); });
    } else if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(to_xml(element, framing_.content_ns()), transport_->unsent()));
    }
}

void XmlStream::send(const WireForm& stanza, std::string_view to)
{
    if (is_over()) {
        return;
    }
    if (takes_more()) {
        write([&](std::string& out) { stanza.append_to(out, to); });
    } else if (Outbox* waiting = outbox()) {
        std::string xml;
        stanza.append_to(xml, to);
        after_adding(waiting->add(std::move(xml), transport_->unsent()));
    }
}

void XmlStream::send(const WireForms& stanzas, std::string_view to)
{
    if (is_over()) {
        return;
    }
    auto next = stanzas.begin();
    for (; next != stanzas.end() && takes_more(); ++next) {
        write([&](std::string& out) { (*next)->append_to(out, to); });
    }
    if (next == stanzas.end()) {
        return;
    }
    if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(WireForms(next, stanzas.end()), to, transport_->unsent()));
    }
}

void XmlStream::send_text(std::string_view xml)
{
    if (is_over()) {
        return;
    }
    if (!outbox_) {
        if (!transport_->takes_more()) {
            pause_while_congested();
        }
        write([&](std::string& out) { out += xml; });
    } else if (Outbox* waiting = outbox()) {
        after_adding(waiting->add(std::string(xml), transport_->unsent()));
    }
}

/// Returns the outbox, creating it if needed; null if it is overfull and the stream is about to end.
Outbox* XmlStream::outbox()
{
    if (!outbox_) {
        outbox_ = std::make_unique<Outbox>(limits_.unsent_bytes, transport_->unsent());
    }
    return outbox_->is_overfull() ? nullptr : outbox_.get();
}

/// Call after adding to the outbox.
void XmlStream::after_adding(bool admitted)
{
    if (!admitted) {
        tell_overfull();
        return;
    }
    pause_while_congested();
    owner_.on_output_waiting();
}

void XmlStream::give_up_waiting()
{
    if (Outbox* waiting = outbox()) {
        waiting->give_up();
        tell_overfull();
    }
}

/// In a later turn, not inside the call of the sender.
void XmlStream::tell_overfull()
{
    shard_->post([this, held = owner_.keep_alive()] {
        if (!is_over()) {
            owner_.on_overfull();
        }
    });
}

void XmlStream::pause_while_congested(std::size_t behind)
{
    const std::size_t most = std::max(limits_.unsent_bytes / congested_share, Transport::high_mark);
    if (!congested_ && waiting_bytes() + behind > most) {
        congested_ = true;
        pause();
    }
}

void XmlStream::on_drained()
{
    const auto held = owner_.keep_alive();
    write_waiting();
    if (!outbox_) {
        owner_.on_writable();
    }
    if (congested_ && takes_more()) {
        congested_ = false;
        resume();
    }
}

void XmlStream::write_waiting()
{
    if (!outbox_ || outbox_->is_overfull()) {
        return;
    }
    while (!outbox_->is_empty() && transport_->takes_more()) {
        write([this](std::string& out) { outbox_->take_next(out); });
    }
    if (outbox_->is_empty()) {
        outbox_.reset();
    }
}

/// At the end of the stream, before the stream error or the end tag.
void XmlStream::write_all_waiting()
{
    if (!outbox_) {
        return;
    }
    std::string& out = transport_->write_buffer();
    while (!outbox_->is_empty()) {
        const std::size_t begin = out.size();
        outbox_->take_next(out);
        framing_.complete_element(out, begin);
        transport_->next_message();
    }
    transport_->wrote(); // once: what waits may be larger than the transport takes in parts
    outbox_.reset();
}

} // namespace stonechat
