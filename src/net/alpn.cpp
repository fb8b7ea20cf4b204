// SPDX-License-Identifier: Apache-2.0
#include "net/alpn.hpp"

#include <cassert>

namespace stonechat {

AlpnProtocols::AlpnProtocols(std::initializer_list<std::string_view> names)
{
    std::string wire;
    for (const std::string_view name : names) {
        assert(!name.empty() && name.size() < 256);
        wire += static_cast<char>(name.size());
        wire += name;
    }
    wire_ = std::make_shared<const std::string>(std::move(wire));
}

} // namespace stonechat
