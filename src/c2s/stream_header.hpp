// SPDX-License-Identifier: Apache-2.0
// The framing of a client's XML stream (RFC 6120 sections 4.2 to 4.9): reads and checks the client's header,
// writes the server's header and stream errors. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <string>
#include <string_view>

namespace stonechat {

/// The client's stream header.
struct StreamHeader {
    std::string to;   ///< prepared domain
    Jid from;         ///< an account, or empty. COMPAT some clients send their server's domain: ignored
    std::string lang; ///< may be empty
};

/// Checks namespaces (§4.8), version (§4.7.5) and `to` (§4.7.2).
Result<StreamHeader, StreamError> read_header(const StreamParser::Opened& opened);

/// Appends `<?xml …?><stream:stream …>` as the receiving entity sends it.
void append_header(std::string& out, std::string_view from, const Jid& to, std::string_view id);

/// Appends `<stream:error>…</stream:error>`.
void append_error(std::string& out, const StreamError& error);

inline constexpr std::string_view stream_end = "</stream:stream>";

} // namespace stonechat
