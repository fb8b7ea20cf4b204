// SPDX-License-Identifier: Apache-2.0
// PeerAddress: the address of a peer, or the real client's address if a trusted proxy reported it (PROXY
// protocol v2). A value.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>

namespace stonechat {

struct PeerAddress {
    boost::asio::ip::address address;
    std::uint16_t port = 0;
};

} // namespace stonechat
