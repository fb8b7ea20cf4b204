// SPDX-License-Identifier: Apache-2.0
// MarkupScanner: finds where tags and first-level elements end, so that expat gets only whole ones. Reads
// each byte once and stores none. It accepts more than XML allows; expat finds the remaining errors. Part of
// StreamParser; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stonechat {

/// Returns whether `text` is only XML white space.
inline bool is_white(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class MarkupScanner {
public:
    /// Why a scan ended before its bytes did.
    enum class Stop {
        end_of_bytes,      ///< all bytes were read
        opened,            ///< behind the root's start tag
        opened_and_closed, ///< behind a root that is an empty tag
        element,           ///< behind a first-level element
        closed,            ///< behind the root's end tag
        // Errors, after which no scan goes on:
        too_big,
        restricted, ///< DTD, comment, processing instruction
        encoding,   ///< not UTF-8
        stray_text, ///< between first-level elements
        malformed,  ///< not well-formed; expat reports it too
    };

    struct Found {
        Stop stop = Stop::end_of_bytes;
        std::size_t scanned = 0;         ///< how many bytes were read
        std::optional<std::size_t> safe; ///< end of the last whole tag; nothing if the tag goes on
    };

    /// Continues to scan. A first-level element (or the root's start tag) may have at most `limit` bytes.
    Found scan(std::string_view bytes, std::size_t limit);

    /// Starts inside a root whose start tag another scanner has read.
    static MarkupScanner inside_root();

    std::size_t depth() const { return depth_; }
    /// Returns whether nothing was read yet.
    bool at_start() const { return state_ == State::start; }
    /// Returns whether nothing of a first-level element was read.
    bool between_elements() const { return depth_ == 1 && !in_element_; }
    /// Forgets the unfinished tag, of which `bytes` bytes were read.
    void forget_tag(std::size_t bytes);

private:
    enum class State : std::uint8_t {
        start,
        bom,
        text,
        open,
        tag,
        quote,
        reference,
        bang,
        cdata,
        declaration
    };
    class Run;

    std::size_t counted_ = 0; ///< bytes of this first-level element in earlier scans
    std::uint32_t depth_ = 0; ///< open elements, including the root
    State state_ = State::start;
    std::uint8_t matched_ = 0; ///< characters matched of the word that the state expects
    char quote_ = 0;
    bool in_element_ = false;
    bool started_ = false; ///< too late for an XML declaration
    bool closing_ = false; ///< the tag is an end tag
    bool slash_ = false;   ///< the tag's last character so far was `/`
};

} // namespace stonechat
