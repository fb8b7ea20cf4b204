// SPDX-License-Identifier: Apache-2.0
// PRECIS (RFC 8264) for the parts of an address that are not plain ASCII, and IDNA for its domain.
// The only file that knows ICU. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

/// UsernameCaseMapped (RFC 8265 §3.3): width and case mapped, NFC, bidi rule, IdentifierClass.
/// Nothing if the profile forbids `text` or it is not UTF-8.
std::optional<std::string> prepare_username(std::string_view text);

/// OpaqueString (RFC 8265 §4.2): foreign spaces become U+0020, NFC, FreeformClass.
std::optional<std::string> prepare_opaque(std::string_view text);

/// SASLprep (RFC 4013), as a query: what Unicode 3.2 did not have passes as it is.
std::optional<std::string> prepare_sasl(std::string_view text);

/// Whether SASLprep and OpaqueString make the same of `text`, also where a newer Unicode is used for SASLprep
/// than its 3.2.
bool is_prepared_alike(std::string_view text);

/// Whether the first character of `text` is drawn as something: no space, control or format character.
bool is_drawn(std::string_view text);

/// A domain name with A-labels turned into U-labels, mapped by UTS 46 and held to IDNA2008
/// (RFC 7622 §3.2): no symbols, no code points whose form is not stable. No trailing dot.
std::optional<std::string> prepare_domain(std::string_view text);

/// A prepared domain as the DNS and certificates write it, with A-labels (RFC 5890); as it is if it has no
/// such form.
std::string ascii_domain(std::string_view domain);

} // namespace stonechat
