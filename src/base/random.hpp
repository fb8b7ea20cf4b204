// SPDX-License-Identifier: Apache-2.0
// Randomness from libsodium: identifiers nobody can guess, salts and secrets. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stonechat {

/// Prepares libsodium; call once before anything else here. Throws if the system has no entropy.
void initialise_randomness();

/// `count` random bytes.
std::string random_bytes(std::size_t count);

/// A random identifier of `bytes` × 8 bits, written in URL-safe base64 without padding.
/// The default of 15 bytes (20 characters, 120 bits) cannot be guessed.
std::string random_id(std::size_t bytes = 15);

/// Compares in time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace stonechat
