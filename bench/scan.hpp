// SPDX-License-Identifier: Apache-2.0
//
// Finds where one top-level element of an XMPP stream ends. It is no XML parser: it counts depth, knows
// quotes, and trusts the server to send well-formed XML (RFC 6120 §11: no comments, no CDATA needed, no
// DTD). A load client has to cost far less than the server it measures, so that is all it does.
// Pure functions over views; nothing is kept between calls.
#pragma once

#include <cstddef>
#include <string_view>

namespace stonechat::bench {

enum class ItemKind { stream_open, stream_close, element };

/// One top-level item: a stream header, a stream end, or a whole element.
struct Item {
    ItemKind kind = ItemKind::element;
    std::string_view name; ///< as written, with its prefix: "message", "stream:features"
    std::string_view head; ///< the start tag, from '<' to '>'
    std::string_view text; ///< the whole element
};

enum class ScanStatus { complete, partial, malformed };

struct Scan {
    ScanStatus status = ScanStatus::partial;
    std::size_t length = 0; ///< bytes to drop when complete, leading whitespace and declaration included
    Item item;
};

/// Looks for the first item in `input`. A partial answer means: come again with more bytes in front.
Scan scan_item(std::string_view input);

/// The raw (still escaped) value of an attribute in a start tag; empty if it is not there.
std::string_view attribute(std::string_view head, std::string_view name);

/// The text between the first `>` and the following `<`: the character data of a simple element.
std::string_view character_data(std::string_view element);

} // namespace stonechat::bench
