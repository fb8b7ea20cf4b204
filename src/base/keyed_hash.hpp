// SPDX-License-Identifier: Apache-2.0
// KeyedHash: a 64-bit hash of a text that cannot be predicted or chosen without the secret (SipHash-2-4,
// libsodium). The same in every run of the server with the same secret. A value; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stonechat {

class KeyedHash {
public:
    /// Hashes with different values of `purpose` are independent.
    KeyedHash(std::string_view secret, std::string_view purpose);

    std::uint64_t operator()(std::string_view text) const;

private:
    std::array<unsigned char, 16> key_;
};

} // namespace stonechat
