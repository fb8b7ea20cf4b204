// SPDX-License-Identifier: Apache-2.0
// StreamParser: bytes of one XML stream in, its header and its first-level elements out, with every
// limit checked while the bytes come (RFC 6120 section 11; the only file that knows expat). expat
// gets whole tags and never more than one first-level element at a time: a tag that trickles in costs
// linear time, and between two elements the rest of the bytes is still ours.
// Pure: no I/O, no clock. One owner, one thread at a time.
#pragma once

#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stream_error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class ParserPool;

/// What one stream may make the parser hold or do.
struct ParserLimits {
    std::size_t stanza_bytes = 256 * 1024; ///< of one first-level element on the wire
    std::size_t depth = 64;                ///< elements inside each other, the stream not counted
    std::size_t attributes = 64;           ///< of one element
    std::size_t namespaces = 32;           ///< declared on one element
    std::size_t elements = 4096;           ///< in one first-level element
    std::size_t heap_bytes = 1024 * 1024;  ///< of expat itself, and again of the element being built
    std::size_t recycle_above_bytes = 64
        * 1024; ///< of expat itself; a parser that has more is thrown away between stanzas
};

class StreamParser {
public:
    /// `<stream:stream …>`: the element without children; `content_ns` is the stream's default namespace.
    struct Opened {
        Element header;
        std::string content_ns;
    };
    /// `</stream:stream>`
    struct Closed {};

    /// What the parser found, called inside feed(), never from within expat. A receiver may call
    /// everything here except feed() and the destructor.
    class Receiver {
    public:
        virtual ~Receiver() = default;
        virtual void on_stream_open(Opened opened) = 0;
        virtual void on_element(Element element) = 0;
        virtual void on_stream_close() = 0;
    };

    /// `limits` and `receiver` have to outlive the parser.
    StreamParser(const ParserLimits& limits, Receiver& receiver);
    ~StreamParser();
    StreamParser(const StreamParser&) = delete;
    StreamParser& operator=(const StreamParser&) = delete;

    /// Reads `bytes`; while paused it only keeps them. An error ends the stream: nothing more may be
    /// fed. Bytes behind `</stream:stream>` are ignored. The errors:
    /// `policy_violation`      a limit (with `<stanza-too-big xmlns='urn:xmpp:errors'/>` for size)
    /// `restricted_xml`        DTD, entity, comment, processing instruction, late XML declaration
    /// `unsupported_encoding`  UTF-16, UTF-32, or a declaration that names anything but UTF-8
    /// `bad_namespace_prefix`  a prefix without a declaration
    /// `bad_format`            text between first-level elements
    /// `not_well_formed`       any other broken XML or UTF-8
    /// With a `pool`, what works inside is borrowed from there for the call, and longer only while an
    /// element is unfinished; it may be another pool each time.
    Result<Done, StreamError> feed(std::string_view bytes, ParserPool* pool = nullptr);

    /// After a stream restart (RFC 6120 §4.3.3): what comes next is a new `<?xml …?><stream:stream …>`, with
    /// or without white space before it.
    /// May be called from inside on_element: the rest of the bytes of that feed belong to the new stream.
    void restart();

    /// From inside a Receiver call: stop after it; the rest of the bytes is kept. After resume() the
    /// next feed() reads it, also one with no bytes.
    void pause();
    bool is_paused() const;
    void resume();

    /// How many bytes were fed and are not read yet. Inside on_element: what the peer sent behind the
    /// element, so that STARTTLS can refuse it (RFC 6120 §5.3.3).
    std::size_t unread() const;
    /// Takes those bytes away, to drop them or to carry them to another parser.
    std::string take_unread();

    /// For elements that begin from now on; `limits` has to outlive the parser.
    void set_limits(const ParserLimits& limits);
    /// A feed() will come soon (base/prefetch.hpp).
    void prepare() const;
    /// Between stanzas of an idle stream that has expat's memory of its own: gives it back; the next bytes
    /// rebuild it with the same root. Does nothing inside a stanza or while bytes are held back.
    void release_memory();
    /// Bytes that this parser holds at the moment, borrowed ones among them (expat's heap, held-back bytes,
    /// unfinished element).
    std::size_t memory() const;
    /// True between stanzas: nothing of an element has been read.
    bool at_boundary() const;

private:
    friend Result<Element, StreamError> parse_element(std::string_view xml, const ParserLimits& limits);
    struct State;
    std::unique_ptr<State> state_;
};

/// Parses one complete element (a stored row, a test's expectation) under the stream's rules:
/// UTF-8, no DTD, comments or processing instructions, depth and counts as in `limits`. White space
/// may stand around it, nothing else.
Result<Element, StreamError> parse_element(std::string_view xml, const ParserLimits& limits = {});

} // namespace stonechat
