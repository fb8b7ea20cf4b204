// SPDX-License-Identifier: Apache-2.0
// The arithmetic of SCRAM (RFC 5802 §2.2, §3): H, HMAC, Hi and XOR for SHA-1 and SHA-256. OpenSSL is
// included in scram_crypto.cpp only; what it looks up is kept per thread. Any thread.
#pragma once

#include "xmpp/scram_verifier.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace stonechat::scram {

constexpr std::size_t salt_bytes = 16; ///< of the verifiers that are made here

std::size_t hash_bytes(ScramHash hash);

/// H(text)
std::string digest(ScramHash hash, std::string_view text);
/// HMAC(key, pieces, one after the other)
std::string hmac(ScramHash hash, std::string_view key, std::initializer_list<std::string_view> pieces);
/// Hi(password, salt, iterations): PBKDF2, milliseconds.
std::string salted_password(ScramHash hash, std::string_view password, std::string_view salt,
    std::uint32_t iterations);
/// `a` XOR `b`, which are of the same length.
std::string exclusive_or(std::string_view a, std::string_view b);
/// Overwrites a secret that is no longer needed.
void wipe(std::string& secret);

} // namespace stonechat::scram
