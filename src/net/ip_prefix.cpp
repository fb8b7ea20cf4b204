// SPDX-License-Identifier: Apache-2.0
#include "net/ip_prefix.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace stonechat {
namespace {

template <class Bytes> bool same_beginning(const Bytes& a, const Bytes& b, unsigned bits)
{
    unsigned i = 0;
    for (; bits >= 8; bits -= 8, ++i) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return bits == 0 || (a[i] >> (8 - bits)) == (b[i] >> (8 - bits));
}

template <class Address> Address beginning_of(const Address& address, unsigned bits)
{
    auto bytes = address.to_bytes();
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = bits > 8 * i ? std::min(8U, bits - 8 * i) : 0;
        bytes[i] = static_cast<unsigned char>(bytes[i] & (0xff00U >> kept));
    }
    return Address(bytes);
}

} // namespace

boost::asio::ip::address unmapped(const boost::asio::ip::address& address)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text)
{
    const std::size_t slash = text.find('/');
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(text.substr(0, slash)), error);
    if (error) {
        return std::nullopt;
    }
    const unsigned longest = address.is_v4() ? 32 : 128;
    unsigned bits = longest;
    if (slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        const auto [end, failure] = std::from_chars(length.data(), length.data() + length.size(), bits);
        if (failure != std::errc() || end != length.data() + length.size() || bits > longest) {
            return std::nullopt;
        }
    }
    const bool is_mapped = bits >= 96 && address.is_v6() && address.to_v6().is_v4_mapped();
    return is_mapped ? around(unmapped(address), bits - 96) : around(address, bits);
}

IpPrefix IpPrefix::around(const boost::asio::ip::address& address, unsigned bits)
{
    if (address.is_v4()) {
        return IpPrefix(beginning_of(address.to_v4(), bits), bits);
    }
    return IpPrefix(beginning_of(address.to_v6(), bits), bits);
}

bool IpPrefix::contains(const boost::asio::ip::address& address) const
{
    const auto other = unmapped(address);
    if (address_.is_v4() && other.is_v4()) {
        return same_beginning(address_.to_v4().to_bytes(), other.to_v4().to_bytes(), bits_);
    }
    if (address_.is_v6() && other.is_v6()) {
        return same_beginning(address_.to_v6().to_bytes(), other.to_v6().to_bytes(), bits_);
    }
    return false;
}

std::string IpPrefix::text() const
{
    const bool is_single = bits_ == (address_.is_v4() ? 32U : 128U);
    return address_.to_string() + (is_single ? "" : "/" + std::to_string(bits_));
}

Neighbourhood neighbourhood_of(const boost::asio::ip::address& address)
{
    const auto peer = unmapped(address);
    const std::array<unsigned, 3> bits = peer.is_v4() ? std::array { 32U, 24U, 16U }
                                                      : std::array { 64U, 56U, 48U };
    return { IpPrefix::around(peer, bits[0]), IpPrefix::around(peer, bits[1]),
        IpPrefix::around(peer, bits[2]) };
}

} // namespace stonechat
