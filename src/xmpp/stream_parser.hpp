// SPDX-License-Identifier: Apache-2.0
// StreamParser: takes the bytes of one XML stream and reports its header and first-level elements. Every
// limit is checked while bytes arrive (RFC 6120 section 11). expat (tree_builder) gets whole tags and at most
// one first-level element at a time: so a tag that arrives in small pieces costs linear time, and between two
// elements the remaining bytes have not gone to expat. Pure: no I/O, no clock. One owner, one thread at a
// time.
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

/// Limits of one stream.
struct ParserLimits {
    std::size_t stanza_bytes = 256 * 1024; ///< of one first-level element on the wire
    std::size_t depth = 64;                ///< nesting depth, without the stream element
    std::size_t attributes = 64;           ///< of one element
    std::size_t namespaces = 32;           ///< declared on one element
    std::size_t elements = 4096;           ///< in one first-level element
    std::size_t heap_bytes = 1024 * 1024; ///< of expat itself, and the same again for the element being built
    std::size_t recycle_above_bytes = 64
        * 1024; ///< of expat itself; a parser with more is destroyed between stanzas
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

    /// Receives what the parser finds. Called inside feed(), never from within expat. A receiver may call
    /// everything of the parser except feed() and the destructor.
    class Receiver {
    public:
        virtual ~Receiver() = default;
        virtual void on_stream_open(Opened opened) = 0;
        virtual void on_element(Element element) = 0;
        virtual void on_stream_close() = 0;
    };

    /// `limits` and `receiver` must outlive the parser.
    StreamParser(const ParserLimits& limits, Receiver& receiver);
    ~StreamParser();
    StreamParser(const StreamParser&) = delete;
    StreamParser& operator=(const StreamParser&) = delete;

    /// Reads `bytes`, or only stores them while paused. After an error nothing more may be fed. Bytes after
    /// `</stream:stream>` are ignored. The errors:
    /// `policy_violation`      a limit (with `<stanza-too-big xmlns='urn:xmpp:errors'/>` for size)
    /// `restricted_xml`        DTD, entity, comment, processing instruction, late XML declaration
    /// `unsupported_encoding`  UTF-16, UTF-32, or a declaration that names anything but UTF-8
    /// `bad_namespace_prefix`  a prefix without a declaration
    /// `bad_format`            text between first-level elements
    /// `not_well_formed`       any other broken XML or UTF-8
    /// With a `pool`, the XML parser is borrowed from it for the call, and longer only while an element is
    /// unfinished. Each call may pass another pool.
    Result<Done, StreamError> feed(std::string_view bytes, ParserPool* pool = nullptr);

    /// Restarts the stream (RFC 6120 §4.3.3): the next bytes are a new `<?xml …?><stream:stream …>`, with or
    /// without white space before it.
    /// May be called from inside on_element: the rest of the bytes of that feed belong to the new stream.
    void restart();
    /// Restarts for a peer whose elements have no common root (RFC 7395 §3.3): each of the next bytes'
    /// first-level elements is a document of its own. on_stream_open is not called.
    void restart_without_root();

    /// Pauses after the current Receiver call; the remaining bytes are stored. After resume(), the next
    /// feed() reads them, even if it brings no bytes.
    void pause();
    bool is_paused() const;
    void resume();

    /// Returns how many bytes were fed but not read yet. Inside on_element these are what the peer sent after
    /// the element, so that STARTTLS can refuse it (RFC 6120 §5.3.3).
    std::size_t unread() const;
    /// Removes and returns these bytes, to drop them or to give them to another parser.
    std::string take_unread();

    /// Sets the limits for elements that begin from now on. `limits` must outlive the parser.
    void set_limits(const ParserLimits& limits);
    /// Prefetches memory for a feed() that follows soon (base/prefetch.hpp).
    void prepare() const;
    /// Frees the parser of an idle stream that has its own. The next bytes create it again with the same
    /// root. Does nothing inside a stanza or while bytes are held back.
    void release_memory();
    /// Returns the bytes that this parser holds now, including a borrowed parser (expat's heap, held-back
    /// bytes, unfinished element).
    std::size_t memory() const;
    /// Returns whether the parser is between stanzas: nothing of an element was read.
    bool at_boundary() const;

private:
    friend Result<Element, StreamError> parse_element(std::string_view xml, const ParserLimits& limits);
    struct State;
    std::unique_ptr<State> state_;
};

/// Parses one complete element (a stored row, a test's expectation) by the rules of a stream: UTF-8, no DTD,
/// comments or processing instructions, depth and counts within `limits`. Only white space may surround it.
Result<Element, StreamError> parse_element(std::string_view xml, const ParserLimits& limits = {});

} // namespace stonechat
