// SPDX-License-Identifier: Apache-2.0
// IpPrefix: a range of addresses, `10.0.0.0/8`, `2001:db8::/32` or a single address. A value. IPv4
// addresses mapped into IPv6 (::ffff:192.0.2.1) count as IPv4 here.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// Returns the IPv4 address inside a mapped IPv6 address; any other address unchanged.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

class IpPrefix {
public:
    /// Returns nothing if `text` is not an address with an optional length.
    static std::optional<IpPrefix> parse(std::string_view text);
    /// Returns the prefix of length `bits` (at most 32, or 128) that contains `address`.
    static IpPrefix around(const boost::asio::ip::address& address, unsigned bits);

    bool contains(const boost::asio::ip::address& address) const;
    bool contains(const IpPrefix& other) const { return bits_ <= other.bits_ && contains(other.address_); }

    bool is_v4() const { return address_.is_v4(); }
    unsigned bits() const { return bits_; }
    /// Returns text like `192.0.2.0/24`; a single address without a length.
    std::string text() const;

    friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

private:
    IpPrefix(const boost::asio::ip::address& address, unsigned bits) : address_(address), bits_(bits) {}

    boost::asio::ip::address address_; ///< the bits after the prefix are zero
    unsigned bits_;
};

/// The prefixes around a peer, of the sizes that one customer, one site and one provider usually have: an
/// IPv4 address, its /24 and its /16; an IPv6 /64, /56 and /48.
using Neighbourhood = std::array<IpPrefix, 3>;
Neighbourhood neighbourhood_of(const boost::asio::ip::address& address);
/// How many times the limit of a single address is allowed for each of these prefixes: four times in the /24.
inline constexpr std::array<unsigned, 3> neighbourhood_share { 1, 4, 16 };

} // namespace stonechat
