// SPDX-License-Identifier: Apache-2.0
#include "net/ip_prefix.hpp"

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
    return IpPrefix(address, bits);
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

} // namespace stonechat
