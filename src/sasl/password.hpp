// SPDX-License-Identifier: Apache-2.0
// Prepares passwords before they are hashed. A SCRAM client prepares the password with SASLprep (RFC 5802
// section 2.2, RFC 4013), and the verifier is made from the same form. RFC 8265 section 4 has replaced
// SASLprep by OpaqueString, which newer clients use. A new password must be the same in both forms, or its
// owner could log in with some clients only. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// Prepares with SASLprep, as SCRAM requires. Returns nothing if SASLprep forbids the password, or it is
/// empty or longer than 1023 bytes.
std::optional<std::string> prepare_password(std::string_view password);

/// Prepares with OpaqueString, as earlier versions did, for verifiers that they made.
std::optional<std::string> prepare_password_old(std::string_view password);

/// Returns why `password` may not be chosen, as a sentence that names the character; nothing if it may.
std::optional<std::string> password_problem(std::string_view password);

} // namespace stonechat
