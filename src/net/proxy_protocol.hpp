// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, version 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2): a header
// before all other bytes, in which a proxy reports the address of its client. Version 1 is not accepted.
// Pure; bounded.
#pragma once

#include "net/peer_address.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

struct ProxyHeader {
    enum class State { incomplete, invalid, complete };

    /// A header with more bytes than this (addresses and TLVs) is refused.
    static constexpr std::size_t longest = 2048;

    State state = State::invalid;
    /// Length of the header. When incomplete: as far as it is known.
    std::size_t length = 0;
    /// The client of the proxy; nothing if the connection is the proxy's own (LOCAL, a health check).
    std::optional<PeerAddress> source;
};

/// Parses the header at the beginning of `bytes`.
ProxyHeader parse_proxy_header(std::string_view bytes);

} // namespace stonechat
