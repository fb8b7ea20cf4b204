// SPDX-License-Identifier: Apache-2.0
// The peer's stream header (RFC 6120 section 4.7), read and checked. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <string>
#include <string_view>

namespace stonechat {

struct StreamHeader {
    std::string to;   ///< prepared domain
    Jid from;         ///< an account, or empty. COMPAT some clients send their server's domain: ignored
    std::string lang; ///< may be empty
};

/// Checks namespaces (§4.8), version (§4.7.5) and `to` (§4.7.2). `content_ns` is the namespace of the
/// stanzas.
Result<StreamHeader, StreamError> read_header(const StreamParser::Opened& opened,
    std::string_view content_ns);

} // namespace stonechat
