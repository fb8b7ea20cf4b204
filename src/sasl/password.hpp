// SPDX-License-Identifier: Apache-2.0
// Passwords before they are hashed. SCRAM has its client prepare a password with SASLprep (RFC 5802
// section 2.2, RFC 4013), and a verifier is made of the same form. RFC 8265 section 4 has since replaced
// SASLprep by OpaqueString, which newer clients use. A new password must be the same in both, or its owner
// could log in with some clients only. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// As SCRAM has it (SASLprep); nothing if that forbids it, or it is empty or longer than 1023 bytes.
std::optional<std::string> prepare_password(std::string_view password);

/// As it was prepared before (OpaqueString), for verifiers that were made then.
std::optional<std::string> prepare_password_old(std::string_view password);

/// Why nobody may choose `password`: a sentence that names the character. Nothing if he may.
std::optional<std::string> password_problem(std::string_view password);

} // namespace stonechat
