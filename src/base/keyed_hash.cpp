// SPDX-License-Identifier: Apache-2.0
#include "base/keyed_hash.hpp"

#include <sodium.h>

#include <cstring>
#include <string>

namespace stonechat {
namespace {

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

KeyedHash::KeyedHash(std::string_view secret, std::string_view purpose)
{
    static_assert(std::tuple_size_v<decltype(key_)> == crypto_shorthash_KEYBYTES);
    const std::string text = std::string(purpose) + '\0' + std::string(secret);
    crypto_generichash(key_.data(), key_.size(), bytes_of(text), text.size(), nullptr, 0);
}

std::uint64_t KeyedHash::operator()(std::string_view text) const
{
    static_assert(sizeof(std::uint64_t) == crypto_shorthash_BYTES);
    std::array<unsigned char, crypto_shorthash_BYTES> digest;
    crypto_shorthash(digest.data(), bytes_of(text), text.size(), key_.data());
    std::uint64_t number = 0;
    std::memcpy(&number, digest.data(), sizeof number);
    return number;
}

} // namespace stonechat
