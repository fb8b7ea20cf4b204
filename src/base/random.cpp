// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <sodium.h>

#include <stdexcept>

namespace stonechat {

void initialise_randomness()
{
    if (sodium_init() < 0) {
        throw std::runtime_error("libsodium cannot be initialised");
    }
}

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string random_id(std::size_t bytes)
{
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    const std::string raw = random_bytes(bytes);
    std::string id(sodium_base64_encoded_len(raw.size(), variant), '\0');
    sodium_bin2base64(id.data(), id.size(), reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
        variant);
    id.pop_back(); // remove the terminator that libsodium counts
    return id;
}

bool equal_in_constant_time(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace stonechat
