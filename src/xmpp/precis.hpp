// SPDX-License-Identifier: Apache-2.0
// PRECIS (RFC 8264) for the parts of an address that are not plain ASCII, and IDNA for its domain. The only
// file that uses ICU. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// UsernameCaseMapped (RFC 8265 §3.3): width and case mapped, NFC, bidi rule, IdentifierClass.
/// Returns nothing if the profile forbids `text` or it is not UTF-8.
std::optional<std::string> prepare_username(std::string_view text);

/// OpaqueString (RFC 8265 §4.2): foreign spaces become U+0020, NFC, FreeformClass.
std::optional<std::string> prepare_opaque(std::string_view text);

/// SASLprep (RFC 4013), as a query: characters that Unicode 3.2 does not have pass unchanged.
std::optional<std::string> prepare_sasl(std::string_view text);

/// Returns whether SASLprep and OpaqueString prepare `text` in the same way, even if SASLprep uses a newer
/// Unicode than 3.2.
bool is_prepared_alike(std::string_view text);

/// Returns whether the first character of `text` is visible: not a space, control or format character.
bool is_drawn(std::string_view text);

/// Returns a domain name with A-labels turned into U-labels, mapped by UTS 46 and checked by IDNA2008 (RFC
/// 7622 §3.2): no symbols, no code points whose form is not stable. No trailing dot.
std::optional<std::string> prepare_domain(std::string_view text);

/// Returns a prepared domain with A-labels (RFC 5890), as the DNS and certificates write it; unchanged if it
/// has no such form.
std::string ascii_domain(std::string_view domain);

} // namespace stonechat
