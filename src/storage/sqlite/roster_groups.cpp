// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/roster_groups.hpp"

#include <cstdint>

namespace stonechat::sqlite {

namespace {

constexpr std::size_t length_size = 4;

std::uint32_t decode_length(std::string_view bytes)
{
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < length_size; ++i) {
        length |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return length;
}

} // namespace

std::string encode_groups(const std::vector<std::string>& groups)
{
    std::string bytes;
    for (const auto& group : groups) {
        const auto length = static_cast<std::uint32_t>(group.size());
        for (std::size_t i = 0; i < length_size; ++i) {
            bytes.push_back(static_cast<char>(length >> (8 * i)));
        }
        bytes.append(group);
    }
    return bytes;
}

std::optional<std::vector<std::string>> decode_groups(std::string_view bytes)
{
    std::vector<std::string> groups;
    while (!bytes.empty()) {
        if (bytes.size() < length_size) {
            return std::nullopt;
        }
        const auto length = decode_length(bytes);
        bytes.remove_prefix(length_size);
        if (bytes.size() < length) {
            return std::nullopt;
        }
        groups.emplace_back(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    return groups;
}

} // namespace stonechat::sqlite
