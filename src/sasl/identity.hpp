// SPDX-License-Identifier: Apache-2.0
// The identity that a client claims: prepares names (RFC 7622, RFC 8265), and checks that the authorization
// identity is the client's own address. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat::sasl {

/// Returns the prepared local part for `name`; nothing if no account can have this name.
std::optional<std::string> prepared_user(std::string_view name, std::string_view host);

/// Returns whether `authzid` is empty or the bare JID of `user`, a prepared local part (RFC 6120 §6.3.8).
bool may_act_as(std::string_view authzid, std::string_view user, std::string_view host);

} // namespace stonechat::sasl
