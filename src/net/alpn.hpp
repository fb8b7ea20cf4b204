// SPDX-License-Identifier: Apache-2.0
// AlpnProtocols: the protocols that one side of a TLS connection takes or offers (ALPN, RFC 7301). Immutable;
// copies share the names, because every connection of a listener has one. A value; any thread.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace stonechat {

class AlpnProtocols {
public:
    /// No protocol: a server then takes any client and names none; a client offers none.
    AlpnProtocols() = default;
    /// `names`, in order of preference, have 1 to 255 bytes each.
    AlpnProtocols(std::initializer_list<std::string_view> names);

    /// The list as TLS sends it: each name preceded by its length. Empty if there is none.
    std::string_view wire() const { return wire_ ? std::string_view(*wire_) : std::string_view(); }

private:
    std::shared_ptr<const std::string> wire_;
};

} // namespace stonechat
