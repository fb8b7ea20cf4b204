// SPDX-License-Identifier: Apache-2.0
// Who a client says it is: names prepared as RFC 7622 and RFC 8265 want it, and the rule that an
// authorization identity has to be the client's own address. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat::sasl {

/// The local part of the account `name` means; nothing if no account can have this name.
std::optional<std::string> prepared_user(std::string_view name, std::string_view host);

/// Whether `authzid` is empty or the bare JID of `user`, who is prepared (RFC 6120 §6.3.8).
bool may_act_as(std::string_view authzid, std::string_view user, std::string_view host);

} // namespace stonechat::sasl
