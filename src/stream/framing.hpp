// SPDX-License-Identifier: Apache-2.0
// Framing: how an XML stream is carried by its transport: how it opens, how a first-level element goes out,
// how it ends, and what the peer's first-level elements mean. RFC 6120 is TcpFraming; RFC 7395 (WebSocket)
// and XEP-0206 (BOSH) would be others. Immutable, any thread.
//
// Stanzas that wait to be sent (Outbox, the queue of XEP-0198) are kept as text without the framing: written
// for a parent whose default namespace is the content namespace (append_xml, WireForm). `complete_element`
// turns such a text into what this framing sends. So a stanza that was queued under one framing can go out
// under another.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// What our stream header says (RFC 6120 §4.7). The views are used during the call only.
struct OutgoingHeader {
    std::string_view from; ///< the domain that we are; may be empty
    std::string_view to;   ///< may be empty
    std::string_view id;   ///< random; see RFC 6120 §4.7.3
};

class Framing {
public:
    virtual ~Framing() = default;

    /// The namespace of the stanzas: jabber:client, jabber:server, or a component's (RFC 6120 §4.8.2).
    virtual std::string_view content_ns() const = 0;

    // To the peer. Each function appends one message of the transport (see Transport::wrote).
    virtual void append_header(std::string& out, const OutgoingHeader& header) const = 0;
    /// Completes the element that begins at `begin` of `out` and was written for a parent whose default
    /// namespace is content_ns().
    virtual void complete_element(std::string& out, std::size_t begin) const = 0;
    virtual void append_features(std::string& out, const std::vector<Element>& features) const = 0;
    virtual void append_error(std::string& out, const StreamError& error) const = 0;
    virtual void append_end(std::string& out) const = 0;
    /// Returns what keeps an idle connection alive (RFC 6120 §4.6.1). Empty if the transport has a way of its
    /// own.
    virtual std::string_view keepalive() const = 0;

    // From the peer.
    /// Receives the meaning of a first-level element.
    class Reader {
    public:
        virtual ~Reader() = default;
        /// The peer's stream header, in the terms of RFC 6120: an element `stream` with its attributes.
        virtual void on_open(StreamParser::Opened opened) = 0;
        virtual void read_element(Element element) = 0;
        /// The peer will send nothing more.
        virtual void on_end() = 0;
    };
    /// Whether the stream is one XML document: opened by the tag of its root and ended by that tag's end. If
    /// not, each first-level element is a document of its own.
    virtual bool has_root() const = 0;
    /// Calls `reader` with what the element means.
    virtual void read(Element element, Reader& reader) const = 0;

protected:
    Framing() = default;
    Framing(const Framing&) = default;
    Framing& operator=(const Framing&) = default;
};

} // namespace stonechat
