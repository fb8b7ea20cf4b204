// SPDX-License-Identifier: Apache-2.0
// The functions of SCRAM (RFC 5802 §2.2, §3): H, HMAC, Hi and XOR for SHA-1 and SHA-256. Only
// scram_crypto.cpp includes OpenSSL, and caches its algorithm objects per thread. Any thread.
#pragma once

#include "xmpp/scram_verifier.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace stonechat::scram {

constexpr std::size_t salt_bytes = 16; ///< size of the salt in new verifiers

std::size_t hash_bytes(ScramHash hash);

/// H(text)
std::string digest(ScramHash hash, std::string_view text);
/// HMAC(key, pieces, one after the other)
std::string hmac(ScramHash hash, std::string_view key, std::initializer_list<std::string_view> pieces);
/// Hi(password, salt, iterations): PBKDF2; takes milliseconds.
std::string salted_password(ScramHash hash, std::string_view password, std::string_view salt,
    std::uint32_t iterations);
/// Returns `a` XOR `b`. Both must have the same length.
std::string exclusive_or(std::string_view a, std::string_view b);
/// Overwrites a secret that is no longer needed.
void wipe(std::string& secret);

} // namespace stonechat::scram
