// SPDX-License-Identifier: Apache-2.0
// The framing of a client's XML stream (RFC 6120 sections 4.2 to 4.9): headers read and checked,
// ours written. Pure.
#pragma once

#include "base/result.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stream_error.hpp"
#include "xmpp/stream_parser.hpp"

#include <string>
#include <string_view>

namespace stonechat {

/// What a client says when it opens a stream.
struct StreamHeader {
    std::string to;   ///< prepared domain
    Jid from;         ///< names an account, or is empty: COMPAT some clients put their server's domain there
    std::string lang; ///< may be empty
};

/// Checks namespaces (§4.8), version (§4.7.5) and `to` (§4.7.2).
Result<StreamHeader, StreamError> read_header(const StreamParser::Opened& opened);

/// `<?xml …?><stream:stream …>` of the receiving entity.
void append_header(std::string& out, std::string_view from, const Jid& to, std::string_view id);

/// `<stream:error>…</stream:error>`
void append_error(std::string& out, const StreamError& error);

inline constexpr std::string_view stream_end = "</stream:stream>";

} // namespace stonechat
