// SPDX-License-Identifier: Apache-2.0
#include "net/proxy_protocol.hpp"

#include <algorithm>
#include <cstring>

namespace stonechat {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_part = 16;

// The thirteenth byte: version 2, and the command.
constexpr std::uint8_t version_2_local = 0x20;
constexpr std::uint8_t version_2_proxy = 0x21;
// The fourteenth: address family and transport.
constexpr std::uint8_t unspecified = 0x00;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

std::uint8_t byte(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(byte(bytes, at) << 8 | byte(bytes, at + 1));
}

/// Source address, destination address, source port, destination port.
template <class Address> std::optional<PeerAddress> source_of(std::string_view body)
{
    typename Address::bytes_type bytes;
    constexpr std::size_t size = sizeof(bytes);
    if (body.size() < 2 * size + 4) {
        return std::nullopt;
    }
    std::memcpy(bytes.data(), body.data(), size);
    return PeerAddress { Address(bytes), number(body, 2 * size) };
}

} // namespace

ProxyHeader parse_proxy_header(std::string_view bytes)
{
    ProxyHeader header;
    const std::size_t begun = std::min(bytes.size(), signature.size());
    if (bytes.substr(0, begun) != signature.substr(0, begun)) {
        return header;
    }
    if (bytes.size() < fixed_part) {
        header.state = ProxyHeader::State::incomplete;
        header.length = fixed_part;
        return header;
    }
    const std::uint8_t command = byte(bytes, 12);
    const std::uint8_t family = byte(bytes, 13);
    const std::size_t rest = number(bytes, 14);
    if ((command != version_2_local && command != version_2_proxy)
        || fixed_part + rest > ProxyHeader::longest) {
        return header;
    }
    header.length = fixed_part + rest;
    if (bytes.size() < header.length) {
        header.state = ProxyHeader::State::incomplete;
        return header;
    }
    const std::string_view body = bytes.substr(fixed_part, rest);
    if (command == version_2_local || family == unspecified) {
        header.state = ProxyHeader::State::complete;
        return header;
    }
    if (family == tcp_over_ipv4) {
        header.source = source_of<ip::address_v4>(body);
    } else if (family == tcp_over_ipv6) {
        header.source = source_of<ip::address_v6>(body);
    }
    if (header.source) {
        header.state = ProxyHeader::State::complete;
    }
    return header;
}

} // namespace stonechat
