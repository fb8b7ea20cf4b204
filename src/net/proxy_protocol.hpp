// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, version 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2): a
// header before everything else in which a proxy tells whose connection it passes on. Version 1 is
// not accepted. Pure; bounded.
#pragma once

#include "net/peer_address.hpp"

#include <optional>
#include <string_view>

namespace stonechat {

struct ProxyHeader {
    enum class State { incomplete, invalid, complete };

    /// A header with more than this (addresses and TLVs) is refused.
    static constexpr std::size_t longest = 2048;

    State state = State::invalid;
    /// When incomplete: how long the header will be, as far as is known. When complete: how long it is.
    std::size_t length = 0;
    /// Whom the proxy speaks for; nothing if it speaks for itself (LOCAL, a health check).
    std::optional<PeerAddress> source;
};

/// Reads the header that `bytes` begins with.
ProxyHeader parse_proxy_header(std::string_view bytes);

} // namespace stonechat
