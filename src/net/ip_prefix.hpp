// SPDX-License-Identifier: Apache-2.0
// IpPrefix: a range of addresses, `10.0.0.0/8`, `2001:db8::/32` or a single address. A value. IPv4
// addresses mapped into IPv6 (::ffff:192.0.2.1) count as IPv4 here.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string_view>

namespace stonechat {

/// The IPv4 address inside a mapped IPv6 one; any other address as it is.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

class IpPrefix {
public:
    /// Nothing if `text` is no address with an optional length.
    static std::optional<IpPrefix> parse(std::string_view text);

    bool contains(const boost::asio::ip::address& address) const;

private:
    IpPrefix(const boost::asio::ip::address& address, unsigned bits) : address_(address), bits_(bits) {}

    boost::asio::ip::address address_;
    unsigned bits_;
};

} // namespace stonechat
