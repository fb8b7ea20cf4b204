// SPDX-License-Identifier: Apache-2.0
// Random bytes from libsodium, for identifiers that cannot be guessed, salts and secrets. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stonechat {

/// Prepares libsodium; call once before anything else here. Throws if the system has no entropy.
void initialise_randomness();

/// Returns `count` random bytes.
std::string random_bytes(std::size_t count);

/// Returns a random identifier of `bytes` × 8 bits in URL-safe base64 without padding. The default of 15
/// bytes (20 characters, 120 bits) cannot be guessed.
std::string random_id(std::size_t bytes = 15);

/// Compares in a time that depends only on the lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace stonechat
