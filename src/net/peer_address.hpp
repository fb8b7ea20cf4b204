// SPDX-License-Identifier: Apache-2.0
// PeerAddress: where a peer connects from; the real client's address if a trusted proxy told it
// (PROXY protocol v2). A value.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>

namespace stonechat {

struct PeerAddress {
    boost::asio::ip::address address;
    std::uint16_t port = 0;
};

} // namespace stonechat
